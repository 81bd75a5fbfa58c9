package carrier

import (
	"errors"
	"strconv"
	"strings"
)

// Call is a request as it was read. After an error it holds what was known by
// then: the version in which to answer, and the operation, if any.
type Call struct {
	Version   Version
	Operation string // local name of the body's child, also of an unknown operation
	Request   Request
}

// DecodeRequest reads a request envelope of either version. Every error is a
// *FaultError that says what is wrong with the request, to be sent back. With a
// version mismatch the version of the call is 0.
func DecodeRequest(raw []byte) (Call, error) {
	v, body, err := open(raw)
	call := Call{Version: v}
	if err != nil {
		return call, blame(err)
	}
	call.Operation = body.name
	request := NewRequest(body.name)
	if request == nil {
		return call, Faultf(FaultClient, "there is no operation %s", body.name)
	}
	if err := read(body, request.parts(), true); err != nil {
		return call, blame(err)
	}
	call.Request = request
	return call, nil
}

// DecodeResponse reads a response envelope of either version into the struct of
// the operation that was asked. A fault is returned as a *FaultError, anything
// else that is not the expected response as an error that wraps ErrMalformed.
// The result code is not judged, see Result.Err.
func DecodeResponse(raw []byte, into Response) error {
	v, body, err := open(raw)
	if err != nil {
		if fault, ok := errors.AsType[*FaultError](err); ok { // ours about their envelope, not one they sent
			return malformed("%s", fault.Reason)
		}
		return err
	}
	if body.name == "Fault" {
		return readFault(v, body)
	}
	if want := into.Operation() + "Response"; body.name != want {
		return malformed("the Body holds %s, expected %s", body.name, want)
	}
	parts := into.parts()
	for _, p := range parts { // it may hold what another answer left
		switch value := p.value.(type) {
		case *string:
			*value = ""
		case *int64:
			*value = 0
		case list:
			value.clear()
		}
	}
	return read(body, parts, false)
}

// blame makes a Client fault of an error about a request.
func blame(err error) error {
	if fault, ok := errors.AsType[*FaultError](err); ok {
		return fault
	}
	return &FaultError{Code: FaultClient, Reason: err.Error()}
}

// read fills parts from the children of an element by local name, in any order.
// A required part must be there and, strictly, not empty; a part that is no
// list may come once. Elements that no part has are left out, unless strictly.
func read(n *node, parts []part, strict bool) error {
	seen := make([]bool, len(parts))
	for i := range n.kids {
		kid := &n.kids[i]
		at := indexOf(parts, kid.name)
		if at < 0 {
			if strict {
				return malformed("%s has no element %s", n.name, kid.name)
			}
			continue
		}
		if _, many := parts[at].value.(list); seen[at] && !many {
			return malformed("%s comes twice in %s", kid.name, n.name)
		}
		seen[at] = true
		if err := set(parts[at].value, kid, strict); err != nil {
			return err
		}
	}
	for i, p := range parts {
		if !p.optional && !seen[i] {
			return malformed("%s is missing in %s", p.name, n.name)
		}
		if text, ok := p.value.(*string); ok && strict && !p.optional && *text == "" {
			return malformed("%s is empty in %s", p.name, n.name)
		}
	}
	return nil
}

func indexOf(parts []part, name string) int {
	for i, p := range parts {
		if p.name == name {
			return i
		}
	}
	return -1
}

func set(value any, n *node, strict bool) error {
	if many, ok := value.(list); ok {
		return read(n, many.add(), strict)
	}
	if len(n.kids) > 0 {
		return malformed("%s has elements in it, text is expected", n.name)
	}
	switch value := value.(type) {
	case *string:
		*value = string(n.text)
	case *int64:
		number, err := strconv.ParseInt(strings.TrimSpace(string(n.text)), 10, 64)
		if err != nil {
			return malformed("%s is not a whole number", n.name)
		}
		*value = number
	}
	return nil
}
