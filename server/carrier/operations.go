package carrier

// QueryUsageRequest asks what a number has used of its package.
type QueryUsageRequest struct {
	Msisdn string // phone number
	Month  string // yyyyMM
}

// Operation implements Request.
func (*QueryUsageRequest) Operation() string { return OpQueryUsage }

func (r *QueryUsageRequest) parts() []part {
	return []part{{name: "Msisdn", value: &r.Msisdn}, {name: "Month", value: &r.Month}}
}

// QueryUsageResponse is what a number has used, as of a moment.
type QueryUsageResponse struct {
	Result
	Msisdn    string
	Month     string
	AsOf      string     // when the carrier counted, xsd:dateTime
	Receipt   string     // differs at every answer
	Resources []Resource // empty when the query was refused
}

// Operation implements Response.
func (*QueryUsageResponse) Operation() string { return OpQueryUsage }

func (r *QueryUsageResponse) parts() []part {
	return r.lead(
		part{name: "Msisdn", value: &r.Msisdn, optional: true},
		part{name: "Month", value: &r.Month, optional: true},
		part{name: "AsOf", value: &r.AsOf, optional: true},
		part{name: "Receipt", value: &r.Receipt, optional: true},
		part{name: "Resource", value: &r.Resources, optional: true},
	)
}

// Resource is one metered thing in a package. Total, Used and Left are counted
// in Unit.
type Resource struct {
	Type  string // data, voice or sms
	Unit  string // MB, minute or piece
	Total int64
	Used  int64
	Left  int64
}

func (r *Resource) parts() []part {
	return []part{
		{name: "Type", value: &r.Type},
		{name: "Unit", value: &r.Unit},
		{name: "Total", value: &r.Total},
		{name: "Used", value: &r.Used},
		{name: "Left", value: &r.Left},
	}
}

// OrderProductRequest orders a product for a number. The serial makes it
// happen once: the same serial with the same body returns the first result,
// with another body it is refused (BIZ-6).
type OrderProductRequest struct {
	Serial      string
	Msisdn      string
	ProductCode string
}

// Operation implements Request.
func (*OrderProductRequest) Operation() string { return OpOrderProduct }

func (r *OrderProductRequest) parts() []part {
	return []part{
		{name: "Serial", value: &r.Serial},
		{name: "Msisdn", value: &r.Msisdn},
		{name: "ProductCode", value: &r.ProductCode},
	}
}

// OrderProductResponse is the carrier's answer to an order.
type OrderProductResponse struct {
	Result
	Serial  string
	OrderID string // the carrier's own number; empty when the order was refused
}

// Operation implements Response.
func (*OrderProductResponse) Operation() string { return OpOrderProduct }

func (r *OrderProductResponse) parts() []part {
	return r.lead(
		part{name: "Serial", value: &r.Serial, optional: true},
		part{name: "OrderID", value: &r.OrderID, optional: true},
	)
}

// State is what the carrier knows of an order.
type State string

// The states of an order. Unknown means that the carrier never heard of the
// serial, or dropped it without an effect: it may be sent again.
const (
	StateApplied    State = "applied"
	StateProcessing State = "processing"
	StateUnknown    State = "unknown"
	StateRefused    State = "refused"
)

// QueryOrderRequest asks for the state of an order by its serial.
type QueryOrderRequest struct {
	Serial string
}

// Operation implements Request.
func (*QueryOrderRequest) Operation() string { return OpQueryOrder }

func (r *QueryOrderRequest) parts() []part {
	return []part{{name: "Serial", value: &r.Serial}}
}

// QueryOrderResponse tells the state of an order. The result code says whether
// the question could be answered, not how the order went.
type QueryOrderResponse struct {
	Result
	Serial  string
	State   State  // empty when the query was refused
	OrderID string // of an applied order
	Refusal Code   // why a refused order was refused
}

// Operation implements Response.
func (*QueryOrderResponse) Operation() string { return OpQueryOrder }

func (r *QueryOrderResponse) parts() []part {
	return r.lead(
		part{name: "Serial", value: &r.Serial, optional: true},
		part{name: "State", value: (*string)(&r.State), optional: true},
		part{name: "OrderID", value: &r.OrderID, optional: true},
		part{name: "Refusal", value: (*string)(&r.Refusal), optional: true},
	)
}

// SendSMSRequest sends a text to a number, once per serial.
type SendSMSRequest struct {
	Serial string
	Msisdn string
	Text   string
}

// Operation implements Request.
func (*SendSMSRequest) Operation() string { return OpSendSMS }

func (r *SendSMSRequest) parts() []part {
	return []part{
		{name: "Serial", value: &r.Serial},
		{name: "Msisdn", value: &r.Msisdn},
		{name: "Text", value: &r.Text},
	}
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
	return r.lead(
		part{name: "Serial", value: &r.Serial, optional: true},
		part{name: "MessageID", value: &r.MessageID, optional: true},
	)
}
