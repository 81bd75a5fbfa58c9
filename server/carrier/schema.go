package carrier

import "slices"

// Type is a complex type of the schema: the elements of a message or of a record of one.
type Type struct {
	Name     string
	Elements []Element
}

// Element is one element of a Type. Kind is "filled" (text that must not be empty), "text",
// "number", or the name of the record that comes any number of times.
type Element struct {
	Name, Kind string
	Optional   bool
}

// The kinds of elements that are no records.
const (
	KindFilled = "filled"
	KindText   = "text"
	KindNumber = "number"
)

// Schema returns the types of all records, and those of all messages, in the order of the
// WSDL.
func Schema() (records, messages []Type) {
	known := map[string]bool{}
	for _, o := range table {
		request, response := o.request().parts(), o.response().parts()
		for _, p := range slices.Concat(request, response) {
			if l, ok := p.value.(list); ok && !known[l.record()] {
				known[l.record()] = true
				records = append(records, typeOf(l.record(), l.add(), false))
			}
		}
		messages = append(messages, typeOf(o.name, request, true), typeOf(o.name+"Response", response, false))
	}
	return records, messages
}

func typeOf(name string, parts []part, request bool) Type {
	t := Type{Name: name}
	for _, p := range parts {
		e := Element{Name: p.name, Kind: KindText, Optional: p.optional}
		switch value := p.value.(type) {
		case *int64:
			e.Kind = KindNumber
		case list:
			e.Kind = value.record()
		default:
			if request && !p.optional {
				e.Kind = KindFilled
			}
		}
		t.Elements = append(t.Elements, e)
	}
	return t
}
