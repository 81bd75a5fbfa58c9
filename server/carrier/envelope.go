package carrier

import "strings"

var envelopeLimits = limits{bytes: MaxEnvelope, depth: 16, elements: 512}

// Roles of a header block that mean this node, besides none at all.
const (
	actorNext         = "http://schemas.xmlsoap.org/soap/actor/next"
	roleNext          = "http://www.w3.org/2003/05/soap-envelope/role/next"
	roleUltimateRecvr = "http://www.w3.org/2003/05/soap-envelope/role/ultimateReceiver"
)

// open reads an envelope up to the only child of its body. The version is set
// as soon as it is known, also if the rest is wrong.
func open(raw []byte) (Version, *node, error) {
	root, err := parse(raw, envelopeLimits)
	if err != nil {
		return 0, nil, err
	}
	if root.name != "Envelope" {
		return 0, nil, malformed("the root element is %s, not Envelope", root.name)
	}
	v := versionOf(root.space)
	if v == 0 {
		return 0, nil, Faultf(FaultVersionMismatch, "the envelope's namespace is %q, supported are SOAP 1.1 and 1.2", root.space)
	}
	var header, body *node
	for i := range root.kids {
		kid := &root.kids[i]
		switch {
		case kid.name == "Header" && header == nil && body == nil:
			header = kid
		case kid.name == "Body" && body == nil:
			body = kid
		default:
			return v, nil, malformed("unexpected %s in the Envelope", kid.name)
		}
	}
	switch {
	case body == nil:
		return v, nil, malformed("the Envelope has no Body")
	case len(body.kids) == 0:
		return v, nil, malformed("the Body is empty")
	case len(body.kids) > 1:
		return v, nil, malformed("the Body has %d children (%s and %s …), one is allowed: wrap the parameters",
			len(body.kids), body.kids[0].name, body.kids[1].name)
	}
	if header != nil {
		if err := understand(v, header); err != nil {
			return v, nil, err
		}
	}
	return v, &body.kids[0], nil
}

// understand refuses header blocks for this node that must be understood: the
// service knows no header at all.
func understand(v Version, header *node) error {
	for i := range header.kids {
		block := &header.kids[i]
		switch block.attr(v.namespace(), "mustUnderstand") {
		case "1", "true":
		default:
			continue
		}
		role := block.attr(v.namespace(), "actor")
		if v == SOAP12 {
			role = block.attr(v.namespace(), "role")
		}
		switch role {
		case "", actorNext, roleNext, roleUltimateRecvr:
			return Faultf(FaultMustUnderstand, "the header %s is not understood", block.name)
		}
	}
	return nil
}

// readFault reads the Fault element of either version.
func readFault(v Version, n *node) *FaultError {
	f := &FaultError{}
	if v == SOAP12 {
		if code := n.child("Code"); code != nil {
			f.Code = faultCode11(valueOf(code))
			if sub := code.child("Subcode"); sub != nil {
				f.Code += "." + valueOf(sub)
			}
		}
		if reason := n.child("Reason"); reason != nil {
			f.Reason = reason.allText()
		}
		if detail := n.child("Detail"); detail != nil {
			f.Detail = detail.allText()
		}
		return f
	}
	if code := n.child("faultcode"); code != nil {
		f.Code = localName(string(code.text))
	}
	if reason := n.child("faultstring"); reason != nil {
		f.Reason = strings.TrimSpace(string(reason.text))
	}
	if detail := n.child("detail"); detail != nil {
		f.Detail = detail.allText()
	}
	return f
}

func valueOf(n *node) string {
	if value := n.child("Value"); value != nil {
		return localName(string(value.text))
	}
	return ""
}
