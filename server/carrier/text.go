package carrier

// SendSMSRequest sends a text to a number, once per serial.
type SendSMSRequest struct {
	Serial   string
	Msisdn   string
	Text     string
	ClientIP string
}

// Operation implements Request.
func (*SendSMSRequest) Operation() string { return OpSendSMS }

func (r *SendSMSRequest) parts() []part {
	return []part{need("Serial", &r.Serial), need("Msisdn", &r.Msisdn), need("Text", &r.Text), may("ClientIP", &r.ClientIP)}
}

// SendSMSResponse is the carrier's answer to a text.
type SendSMSResponse struct {
	Result
	Serial    string
	MessageID string // empty when the text was refused
}

// Operation implements Response.
func (*SendSMSResponse) Operation() string { return OpSendSMS }

func (r *SendSMSResponse) parts() []part {
	return r.lead(may("Serial", &r.Serial), may("MessageID", &r.MessageID))
}

// SendCodeRequest sends a verification code to a number, once per serial, in the carrier's
// own words. Any carrier's number can have one.
type SendCodeRequest struct {
	Serial   string
	Msisdn   string
	Code     string // 4 to 8 digits
	Minutes  int64  // how long the caller takes it, 1 to 60: the text says so
	ClientIP string
}

// Operation implements Request.
func (*SendCodeRequest) Operation() string { return OpSendCode }

func (r *SendCodeRequest) parts() []part {
	return []part{
		need("Serial", &r.Serial), need("Msisdn", &r.Msisdn), need("Code", &r.Code), need("Minutes", &r.Minutes), may("ClientIP", &r.ClientIP),
	}
}

// SendCodeResponse is the carrier's answer to a code.
type SendCodeResponse struct {
	Result
	Serial    string
	MessageID string // empty when the code was refused
}

// Operation implements Response.
func (*SendCodeResponse) Operation() string { return OpSendCode }

func (r *SendCodeResponse) parts() []part {
	return r.lead(may("Serial", &r.Serial), may("MessageID", &r.MessageID))
}
