package carrier

import (
	"encoding/xml"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// Description is what a client needs to know of the service's WSDL.
type Description struct {
	// Ports are where the service can be called, one at least, as the WSDL orders them.
	Ports []Port
	// Problems are what of the WSDL cannot be used, such as a port over mail.
	Problems []string
}

// Port is one place where the service can be called.
type Port struct {
	// Name is the port's in the WSDL; "" when its address is not from there.
	Name    string
	Address string // absolute, http or https
	Version Version
	// Actions are the soapActions of the operations of this package that the port has, one at
	// least. Each operation is at one of the ports of a Description, or at several.
	Actions map[string]string
}

// DefaultPort is a port at an address without a WSDL: SOAP 1.1 and the actions of this
// package's contract.
func DefaultPort(address string) Port {
	p := Port{Address: address, Version: SOAP11, Actions: map[string]string{}}
	for _, op := range Operations() {
		p.Actions[op] = Action(op)
	}
	return p
}

// Describe takes the description out of a WSDL and the documents that it imports, and
// checks that it is of this service: its namespace, operations in document style over HTTP,
// addresses, which may be relative to their document, and for each operation of this
// package a port that has it. An endpoint that is not "" takes the place of all addresses.
// The errors wrap ErrMalformed.
func Describe(docs []*WSDL, endpoint string) (Description, error) {
	f := finder{bindings: map[xml.Name]binding{}, endpoint: endpoint}
	known := slices.ContainsFunc(docs, func(w *WSDL) bool { return w.target() == Namespace })
	if !known {
		return Description{}, malformed("read WSDL: the target namespace is %q, expected %q", docs[0].target(), Namespace)
	}
	for _, w := range docs {
		f.findBindings(w)
	}
	if !slices.ContainsFunc(f.order, func(name xml.Name) bool { return f.bindings[name].version != 0 }) {
		return Description{}, f.nothing("no binding can be used")
	}
	for _, w := range docs {
		f.findPorts(w)
	}
	if len(f.ports) == 0 && endpoint != "" {
		f.useBindings()
	}
	if len(f.ports) == 0 {
		return Description{}, f.nothing("no port has an address that can be called")
	}
	if endpoint != "" {
		f.ports = []Port{f.at(endpoint)}
	}
	if lacking := lacking(f.ports); len(lacking) > 0 {
		return Description{}, f.nothing("no port has the operation " + strings.Join(lacking, ", "))
	}
	return Description{Ports: f.ports, Problems: f.problems}, nil
}

// lacking are the operations that no port has.
func lacking(ports []Port) []string {
	return slices.DeleteFunc(Operations(), func(op string) bool {
		return slices.ContainsFunc(ports, func(p Port) bool {
			_, has := p.Actions[op]
			return has
		})
	})
}

func (w *WSDL) target() string { return w.root.attr("", "targetNamespace") }

// finder gathers bindings first and ports then.
type finder struct {
	bindings map[xml.Name]binding
	order    []xml.Name
	ports    []Port
	problems []string
	endpoint string
}

// binding is how operations are called; its version is 0 when they cannot be.
type binding struct {
	version Version
	actions map[string]string
}

func (f *finder) problem(format string, args ...any) {
	f.problems = append(f.problems, fmt.Sprintf(format, args...))
}

func (f *finder) nothing(what string) error {
	if len(f.problems) > 0 {
		what += ": " + strings.Join(f.problems, "; ")
	}
	return malformed("read WSDL: %s", what)
}

func (f *finder) findBindings(w *WSDL) {
	for i := range w.root.kids {
		kid := &w.root.kids[i]
		if kid.name != "binding" || kid.space != wsdlNamespace {
			continue
		}
		name := xml.Name{Space: w.target(), Local: strings.TrimSpace(kid.attr("", "name"))}
		b, problem := readBinding(kid)
		if problem != "" {
			b.version = 0
			f.problem("binding %s %s", name.Local, problem)
		}
		f.bindings[name] = b
		f.order = append(f.order, name)
	}
}

func readBinding(n *node) (b binding, problem string) {
	soap, version := n.soapChild("binding")
	if version == 0 {
		return b, "is not over SOAP"
	}
	b = binding{version: version, actions: map[string]string{}}
	switch transport := strings.TrimSpace(soap.attr("", "transport")); strings.TrimSuffix(transport, "/") {
	case "http://schemas.xmlsoap.org/soap/http", "http://www.w3.org/2003/05/soap/bindings/HTTP":
	default:
		return b, fmt.Sprintf("has the transport %q, expected that of HTTP", transport)
	}
	style := soap.attr("", "style")
	for i := range n.kids {
		op := &n.kids[i]
		name := strings.TrimSpace(op.attr("", "name"))
		if op.name != "operation" || op.space != wsdlNamespace || !Known(name) {
			continue
		}
		b.actions[name] = ""
		own := style
		if soap, _ := op.soapChild("operation"); soap != nil {
			b.actions[name] = strings.TrimSpace(soap.attr("", "soapAction"))
			if s := soap.attr("", "style"); s != "" {
				own = s
			}
		}
		if own != "" && own != "document" {
			return b, fmt.Sprintf("has the style %q for %s, expected document", own, name)
		}
	}
	if len(b.actions) == 0 {
		return b, "has none of the operations"
	}
	return b, ""
}

func (f *finder) findPorts(w *WSDL) {
	around := scope{base: w.at, target: w.target()}.enter(w.root)
	for i := range w.root.kids {
		service := &w.root.kids[i]
		if service.name != "service" || service.space != wsdlNamespace {
			continue
		}
		within := around.enter(service)
		for j := range service.kids {
			if port := &service.kids[j]; port.name == "port" && port.space == wsdlNamespace {
				f.port(within.enter(port), port)
			}
		}
	}
}

func (f *finder) port(around scope, n *node) {
	name := strings.TrimSpace(n.attr("", "name"))
	b := f.bindingOf(around, n.attr("", "binding"))
	address, _ := n.soapChild("address")
	switch {
	case b.version == 0: // the binding's problem is told
		return
	case address == nil:
		f.problem("port %s has no address of SOAP", name)
		return
	}
	location := strings.TrimSpace(address.attr("", "location"))
	if location == "" {
		f.problem("port %s has no address", name)
		return
	}
	to, err := around.enter(address).base.Parse(location)
	switch {
	case err != nil:
		f.problem("port %s has the address %q, which is none: %v", name, location, err)
	case !callable(to):
		f.problem("port %s has the address %q, which is neither http:// nor https:// with a host", name, location)
	default:
		f.ports = append(f.ports, Port{Name: name, Address: to.String(), Version: b.version, Actions: b.actions})
	}
}

func callable(u *url.URL) bool {
	return (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != ""
}

// bindingOf finds a port's binding by its qualified name. Where that names none, as when
// a writer forgot the prefix, the local name does, if it is unique.
func (f *finder) bindingOf(around scope, qname string) binding {
	name := around.name(qname)
	if b, ok := f.bindings[name]; ok {
		return b
	}
	var found []xml.Name
	for _, other := range f.order {
		if other.Local == name.Local {
			found = append(found, other)
		}
	}
	if len(found) == 1 {
		return f.bindings[found[0]]
	}
	f.problem("there is no binding %s", strings.TrimSpace(qname))
	return binding{}
}

// useBindings makes ports without an address of the bindings that can be used.
func (f *finder) useBindings() {
	for _, name := range f.order {
		if b := f.bindings[name]; b.version != 0 {
			f.ports = append(f.ports, Port{Version: b.version, Actions: b.actions})
		}
	}
}

// at is the port of an address that takes the place of the WSDL's: in the version of the
// port that has the same address, or of the first, with what all ports of that version have.
func (f *finder) at(endpoint string) Port {
	like := f.ports[max(0, slices.IndexFunc(f.ports, func(p Port) bool { return p.Address == endpoint }))]
	one := Port{Address: endpoint, Version: like.Version, Actions: maps.Clone(like.Actions)}
	for _, p := range f.ports {
		for op, action := range p.Actions {
			if _, has := one.Actions[op]; !has && p.Version == one.Version {
				one.Actions[op] = action
			}
		}
	}
	return one
}
