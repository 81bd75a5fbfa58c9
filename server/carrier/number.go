package carrier

// CheckPasswordRequest holds a service password against the one of a number. Wrong ones
// lock the number's password for a time.
type CheckPasswordRequest struct {
	Msisdn   string
	Password string
	ClientIP string
}

// Operation implements Request.
func (*CheckPasswordRequest) Operation() string { return OpCheckPassword }

func (r *CheckPasswordRequest) parts() []part {
	return []part{need("Msisdn", &r.Msisdn), need("Password", &r.Password), may("ClientIP", &r.ClientIP)}
}

// CheckPasswordResponse says by its result code whether the password is the right one.
type CheckPasswordResponse struct {
	Result
	Msisdn string
	Left   int64 // tries before the password is locked
}

// Operation implements Response.
func (*CheckPasswordResponse) Operation() string { return OpCheckPassword }

func (r *CheckPasswordResponse) parts() []part {
	return r.lead(may("Msisdn", &r.Msisdn), need("Left", &r.Left))
}

// QueryNumberRequest asks whose a number is. It is answered of any carrier's numbers.
type QueryNumberRequest struct {
	Msisdn   string
	ClientIP string
}

// Operation implements Request.
func (*QueryNumberRequest) Operation() string { return OpQueryNumber }

func (r *QueryNumberRequest) parts() []part {
	return []part{need("Msisdn", &r.Msisdn), may("ClientIP", &r.ClientIP)}
}

// QueryNumberResponse says whose a number is, and where it is from.
type QueryNumberResponse struct {
	Result
	Msisdn   string
	Carrier  string // mobile, unicom, telecom, broadnet or virtual; "" when no carrier has its prefix
	Own      string // "true" when the number is this carrier's
	Province string // in Chinese
	City     string
}

// Operation implements Response.
func (*QueryNumberResponse) Operation() string { return OpQueryNumber }

func (r *QueryNumberResponse) parts() []part {
	return r.lead(
		may("Msisdn", &r.Msisdn), may("Carrier", &r.Carrier), may("Own", &r.Own), may("Province", &r.Province), may("City", &r.City),
	)
}
