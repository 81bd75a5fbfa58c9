package carrier

// OrderProductRequest orders a product for a number. The serial makes it
// happen once: the same serial with the same body returns the first result,
// with another body it is refused (BIZ-6).
type OrderProductRequest struct {
	Serial      string
	Msisdn      string
	ProductCode string
	// Effective is EffectiveNow or EffectiveNextMonth; "" is now.
	Effective string
	ClientIP  string
}

// Operation implements Request.
func (*OrderProductRequest) Operation() string { return OpOrderProduct }

func (r *OrderProductRequest) parts() []part {
	return []part{
		need("Serial", &r.Serial), need("Msisdn", &r.Msisdn), need("ProductCode", &r.ProductCode), may("Effective", &r.Effective),
		may("ClientIP", &r.ClientIP),
	}
}

// OrderProductResponse is the carrier's answer to an order.
type OrderProductResponse struct {
	Result
	Serial  string
	OrderID string // the carrier's number; empty when the order was refused
}

// Operation implements Response.
func (*OrderProductResponse) Operation() string { return OpOrderProduct }

func (r *OrderProductResponse) parts() []part {
	return r.lead(may("Serial", &r.Serial), may("OrderID", &r.OrderID))
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
	// Called is the operation that was called under the serial: OrderProduct, ChangePackage,
	// RedeemData or TopUp. "" is OrderProduct.
	Called   string
	ClientIP string
}

// Operation implements Request.
func (*QueryOrderRequest) Operation() string { return OpQueryOrder }

func (r *QueryOrderRequest) parts() []part {
	return []part{need("Serial", &r.Serial), may("Called", &r.Called), may("ClientIP", &r.ClientIP)}
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
		may("Serial", &r.Serial), may("State", (*string)(&r.State)), may("OrderID", &r.OrderID), may("Refusal", (*string)(&r.Refusal)),
	)
}

// When a package or a product begins.
const (
	EffectiveNow       = "now"
	EffectiveNextMonth = "next"
)

// ChangePackageRequest gives a number another main package, once per serial.
type ChangePackageRequest struct {
	Serial      string
	Msisdn      string
	PackageCode string
	Effective   string // EffectiveNow or EffectiveNextMonth
	ClientIP    string
}

// Operation implements Request.
func (*ChangePackageRequest) Operation() string { return OpChangePackage }

func (r *ChangePackageRequest) parts() []part {
	return []part{
		need("Serial", &r.Serial), need("Msisdn", &r.Msisdn), need("PackageCode", &r.PackageCode), need("Effective", &r.Effective),
		may("ClientIP", &r.ClientIP),
	}
}

// ChangePackageResponse is the carrier's answer to a change of the package.
type ChangePackageResponse struct {
	Result
	Serial  string
	OrderID string // empty when the change was refused
}

// Operation implements Response.
func (*ChangePackageResponse) Operation() string { return OpChangePackage }

func (r *ChangePackageResponse) parts() []part {
	return r.lead(may("Serial", &r.Serial), may("OrderID", &r.OrderID))
}

// RedeemDataRequest gives a number data that it has won in a campaign, once per serial.
type RedeemDataRequest struct {
	Serial   string
	Msisdn   string
	MB       int64 // 1 to 102 400
	Campaign string
	ClientIP string
}

// Operation implements Request.
func (*RedeemDataRequest) Operation() string { return OpRedeemData }

func (r *RedeemDataRequest) parts() []part {
	return []part{
		need("Serial", &r.Serial), need("Msisdn", &r.Msisdn), need("MB", &r.MB), need("Campaign", &r.Campaign), may("ClientIP", &r.ClientIP),
	}
}

// RedeemDataResponse is the carrier's answer to data that is redeemed.
type RedeemDataResponse struct {
	Result
	Serial  string
	OrderID string // empty when it was refused
}

// Operation implements Response.
func (*RedeemDataResponse) Operation() string { return OpRedeemData }

func (r *RedeemDataResponse) parts() []part {
	return r.lead(may("Serial", &r.Serial), may("OrderID", &r.OrderID))
}
