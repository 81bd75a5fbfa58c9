package carrier

// TopUpRequest adds money to the balance of a number, once per serial.
type TopUpRequest struct {
	Serial   string
	Msisdn   string
	Fen      int64 // 100 (1 yuan) to 5 000 000 (50 000 yuan)
	ClientIP string
}

// Operation implements Request.
func (*TopUpRequest) Operation() string { return OpTopUp }

func (r *TopUpRequest) parts() []part {
	return []part{need("Serial", &r.Serial), need("Msisdn", &r.Msisdn), need("Fen", &r.Fen), may("ClientIP", &r.ClientIP)}
}

// TopUpResponse is the carrier's answer to a top-up.
type TopUpResponse struct {
	Result
	Serial  string
	OrderID string // empty when the top-up was refused
	Balance int64  // of the number now, in fen
}

// Operation implements Response.
func (*TopUpResponse) Operation() string { return OpTopUp }

func (r *TopUpResponse) parts() []part {
	return r.lead(may("Serial", &r.Serial), may("OrderID", &r.OrderID), need("Balance", &r.Balance))
}

// QueryBalanceRequest asks for the money that a number has left.
type QueryBalanceRequest struct {
	Msisdn   string
	ClientIP string
}

// Operation implements Request.
func (*QueryBalanceRequest) Operation() string { return OpQueryBalance }

func (r *QueryBalanceRequest) parts() []part {
	return []part{need("Msisdn", &r.Msisdn), may("ClientIP", &r.ClientIP)}
}

// QueryBalanceResponse is the money that a number has left, as of a moment.
type QueryBalanceResponse struct {
	Result
	Msisdn  string
	Balance int64  // fen
	AsOf    string // xsd:dateTime
}

// Operation implements Response.
func (*QueryBalanceResponse) Operation() string { return OpQueryBalance }

func (r *QueryBalanceResponse) parts() []part {
	return r.lead(may("Msisdn", &r.Msisdn), need("Balance", &r.Balance), may("AsOf", &r.AsOf))
}
