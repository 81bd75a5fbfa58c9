// Package carrier owns the wire contract of the carrier's SOAP service: its
// operations, result codes and faults, and how they are written to and read
// from SOAP 1.1 and 1.2 envelopes. It is pure: bytes in, values out, no clock,
// no sockets, so the server and the mock carrier can share it (BIZ-7, MOCKC-1).
//
// Readers match by local names and ignore prefixes, xsi:type and
// encodingStyle, as the SOAP stacks of other languages need it; writers keep
// the order of the schema, which strict readers insist on.
//
// Money is in fen (a hundredth of a yuan), data in MB of 2^20 bytes, both as whole numbers.
// Numbers of an answer are 0 where the answer is a refusal.
package carrier

// Namespace is the target namespace of the service's schema and WSDL.
const Namespace = "urn:oalab:carrier:1"

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
// an *int64 or a list.
type part struct {
	name     string
	value    any
	optional bool
}

// need is an element that is always there. May is one that may be left out.
func need(name string, value any) part { return part{name: name, value: value} }

func may(name string, value any) part { return part{name: name, value: value, optional: true} }

// list is an element that comes any number of times, each with elements of its own.
type list interface {
	// record names the type of one in the schema.
	record() string
	clear()
	// add appends an empty one and returns its parts.
	add() []part
	len() int
	// at returns the parts of one.
	at(i int) []part
}

// row is a pointer to one element of a list.
type row[T any] interface {
	*T
	record() string
	parts() []part
}

// rows is the list in a field of a message.
type rows[T any, P row[T]] struct{ of *[]T }

func (r rows[T, P]) record() string { return P(nil).record() }

func (r rows[T, P]) clear() { *r.of = nil }

func (r rows[T, P]) len() int { return len(*r.of) }

func (r rows[T, P]) at(i int) []part { return P(&(*r.of)[i]).parts() }

func (r rows[T, P]) add() []part {
	*r.of = append(*r.of, *new(T))
	return r.at(len(*r.of) - 1)
}
