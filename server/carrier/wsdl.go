package carrier

import (
	"encoding/xml"
	"fmt"
	"maps"
	"net/url"
	"strings"
)

const (
	wsdlNamespace   = "http://schemas.xmlsoap.org/wsdl/"
	wsdlSOAP11      = "http://schemas.xmlsoap.org/wsdl/soap/"
	wsdlSOAP12      = "http://schemas.xmlsoap.org/wsdl/soap12/"
	schemaNamespace = "http://www.w3.org/2001/XMLSchema"
	xmlNamespace    = "http://www.w3.org/XML/1998/namespace"
	maxWSDLDepth    = 64
	maxWSDLElements = 100_000
)

// MaxWSDL is the largest document of a description that is read, in bytes.
const MaxWSDL = 4 << 20

// WSDL is one document of a description, which may be spread over several.
type WSDL struct {
	root *node
	at   *url.URL
}

// ReadWSDL reads one document, a WSDL 1.1 or an XML schema, that was found at an address.
// The errors wrap ErrMalformed.
func ReadWSDL(raw []byte, at string) (*WSDL, error) {
	base, err := url.Parse(at)
	if err != nil {
		return nil, malformed("read WSDL: its address: %v", err)
	}
	root, err := parse(raw, limits{bytes: MaxWSDL, depth: maxWSDLDepth, elements: maxWSDLElements, instructions: true})
	if err != nil {
		return nil, fmt.Errorf("read WSDL: %w", err)
	}
	isWSDL := root.name == "definitions" && root.space == wsdlNamespace
	if !isWSDL && (root.name != "schema" || root.space != schemaNamespace) {
		return nil, malformed("read WSDL: the root element is %s of the namespace %q, not the definitions of WSDL 1.1", root.name, root.space)
	}
	return &WSDL{root: root, at: base}, nil
}

// Imports are the addresses of the documents that this one imports. Schemas that only a
// schema imports are not among them: the messages are known.
func (w *WSDL) Imports() []string {
	var found []string
	around := scope{base: w.at}.enter(w.root)
	for i := range w.root.kids {
		kid := &w.root.kids[i]
		location := strings.TrimSpace(kid.attr("", "location"))
		if kid.name != "import" || kid.space != wsdlNamespace || location == "" {
			continue
		}
		if to, err := around.enter(kid).base.Parse(location); err == nil {
			to.Fragment = ""
			found = append(found, to.String())
		}
	}
	return found
}

// scope is what an element and those around it declare.
type scope struct {
	prefixes map[string]string // namespaces by prefix
	base     *url.URL
	target   string // the targetNamespace of the document
}

func (s scope) enter(n *node) scope {
	copied := false
	for _, a := range n.attrs {
		prefix := a.Name.Local
		switch {
		case a.Name.Space == "" && prefix == "xmlns":
			prefix = ""
		case a.Name.Space == "xmlns":
		case a.Name.Space == xmlNamespace && prefix == "base":
			if base, err := s.base.Parse(strings.TrimSpace(a.Value)); err == nil {
				s.base = base
			}
			continue
		default:
			continue
		}
		if !copied {
			s.prefixes, copied = maps.Clone(s.prefixes), true
			if s.prefixes == nil {
				s.prefixes = map[string]string{}
			}
		}
		s.prefixes[prefix] = a.Value
	}
	return s
}

// name resolves a qualified name in content.
func (s scope) name(qname string) xml.Name {
	prefix, local, ok := strings.Cut(strings.TrimSpace(qname), ":")
	if !ok {
		prefix, local = "", prefix
	}
	return xml.Name{Space: s.prefixes[prefix], Local: local}
}

// soapChild is the first child of a name in a namespace of WSDL's SOAP bindings.
func (n *node) soapChild(name string) (*node, Version) {
	for i := range n.kids {
		if kid := &n.kids[i]; kid.name == name {
			switch kid.space {
			case wsdlSOAP11:
				return kid, SOAP11
			case wsdlSOAP12:
				return kid, SOAP12
			}
		}
	}
	return nil, 0
}
