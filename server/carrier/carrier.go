// Package carrier owns the wire contract of the carrier's SOAP service: its
// operations, result codes and faults, and how they are written to and read
// from SOAP 1.1 and 1.2 envelopes. It is pure: bytes in, values out, no clock,
// no sockets, so the server and the mock carrier can share it (BIZ-7, MOCKC-1).
//
// Readers match by local names and ignore prefixes, xsi:type and
// encodingStyle, as the SOAP stacks of other languages need it; writers keep
// the order of the schema, which strict readers insist on.
package carrier

// Namespace is the target namespace of the service's schema and WSDL.
const Namespace = "urn:oalab:carrier:1"

// The operations of the service. Each is the local name of its request
// element; the response element is called the same with "Response" behind it.
const (
	OpQueryUsage   = "QueryUsage"
	OpOrderProduct = "OrderProduct"
	OpQueryOrder   = "QueryOrder"
	OpSendSMS      = "SendSMS"
)

// Operations returns the names of all operations, in the order of the WSDL.
func Operations() []string {
	return []string{OpQueryUsage, OpOrderProduct, OpQueryOrder, OpSendSMS}
}

// NewRequest returns an empty request of an operation, or nil when the service
// has no such operation.
func NewRequest(op string) Request {
	switch op {
	case OpQueryUsage:
		return &QueryUsageRequest{}
	case OpOrderProduct:
		return &OrderProductRequest{}
	case OpQueryOrder:
		return &QueryOrderRequest{}
	case OpSendSMS:
		return &SendSMSRequest{}
	}
	return nil
}

// Request is one of the request structs of this package.
type Request interface {
	// Operation is the name of the request's operation.
	Operation() string
	parts() []part
}

// Response is one of the response structs of this package.
type Response interface {
	// Operation is the name of the response's operation.
	Operation() string
	// Outcome is the result code and text that every response starts with.
	Outcome() Result
	parts() []part
}

// part is one element of a message, in schema order. The value is a *string,
// an *int64 or a *[]Resource.
type part struct {
	name     string
	value    any
	optional bool
}
