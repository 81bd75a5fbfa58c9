package carrier

import (
	"fmt"
	"slices"
)

const (
	wsdlNamespace   = "http://schemas.xmlsoap.org/wsdl/"
	wsdlSOAP11      = "http://schemas.xmlsoap.org/wsdl/soap/"
	wsdlSOAP12      = "http://schemas.xmlsoap.org/wsdl/soap12/"
	wsdlTransport   = "http://schemas.xmlsoap.org/soap/http"
	maxWSDL         = 1 << 20
	maxWSDLDepth    = 32
	maxWSDLElements = 10_000
)

// Description is what a client needs to know of the service's WSDL.
type Description struct {
	// Addresses are the endpoints by version, one at least.
	Addresses map[Version]string
	// Actions are the soapActions by operation; all operations of this package
	// are in it.
	Actions map[string]string
}

// ReadWSDL reads a WSDL 1.1 and checks that it describes this service: its
// namespace, all operations of this package in document style over HTTP, and an
// address. The errors wrap ErrMalformed.
func ReadWSDL(raw []byte) (Description, error) {
	root, err := parse(raw, limits{bytes: maxWSDL, depth: maxWSDLDepth, elements: maxWSDLElements})
	if err != nil {
		return Description{}, fmt.Errorf("read WSDL: %w", err)
	}
	if root.name != "definitions" || root.space != wsdlNamespace {
		return Description{}, malformed("read WSDL: the root element is %s, not the definitions of WSDL 1.1", root.name)
	}
	if namespace := root.attr("", "targetNamespace"); namespace != Namespace {
		return Description{}, malformed("read WSDL: the target namespace is %q, expected %q", namespace, Namespace)
	}
	d := Description{Addresses: map[Version]string{}, Actions: map[string]string{}}
	bindings := map[string]Version{}
	for i := range root.kids {
		if kid := &root.kids[i]; kid.name == "binding" {
			v, err := d.binding(kid)
			if err != nil {
				return Description{}, err
			}
			bindings[kid.attr("", "name")] = v
		}
	}
	for i := range root.kids {
		if kid := &root.kids[i]; kid.name == "service" {
			d.ports(kid, bindings)
		}
	}
	for _, op := range Operations() {
		if _, ok := d.Actions[op]; !ok {
			return Description{}, malformed("read WSDL: no binding has the operation %s", op)
		}
	}
	if len(d.Addresses) == 0 {
		return Description{}, malformed("read WSDL: no port has an address")
	}
	return d, nil
}

// binding reads the actions of a binding and returns its version, 0 for one
// that is not over SOAP.
func (d *Description) binding(n *node) (Version, error) {
	soap := n.child("binding")
	if soap == nil {
		return 0, nil
	}
	v := bindingVersion(soap.space)
	if v == 0 {
		return 0, nil
	}
	if transport := soap.attr("", "transport"); transport != wsdlTransport {
		return 0, malformed("read WSDL: binding %s has the transport %q, expected %q", n.attr("", "name"), transport, wsdlTransport)
	}
	if style := soap.attr("", "style"); style != "document" && style != "" {
		return 0, malformed("read WSDL: binding %s has the style %q, expected document", n.attr("", "name"), style)
	}
	for i := range n.kids {
		op := &n.kids[i]
		name := op.attr("", "name")
		if op.name != "operation" || !slices.Contains(Operations(), name) {
			continue
		}
		if soap := op.child("operation"); soap != nil {
			d.Actions[name] = soap.attr("", "soapAction")
		}
	}
	return v, nil
}

func bindingVersion(space string) Version {
	switch space {
	case wsdlSOAP11:
		return SOAP11
	case wsdlSOAP12:
		return SOAP12
	}
	return 0
}

// ports reads the addresses of a service's ports.
func (d *Description) ports(service *node, bindings map[string]Version) {
	for i := range service.kids {
		port := &service.kids[i]
		address := port.child("address")
		if port.name != "port" || address == nil {
			continue
		}
		v := bindings[localName(port.attr("", "binding"))]
		if location := address.attr("", "location"); v != 0 && location != "" {
			d.Addresses[v] = location
		}
	}
}
