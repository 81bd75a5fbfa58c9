package mockcarrier

import (
	"bytes"
	_ "embed" // the WSDL
	"encoding/xml"
	"fmt"
	"net/http"
	"text/template"

	"oalab/server/carrier"
)

//go:embed carrier.wsdl.tmpl
var wsdlText string

// wsdlPage is the WSDL, to be filled with the address by which the caller came.
type wsdlPage struct {
	template *template.Template
	contract contract
}

// contract is what the WSDL says of the operations.
type contract struct {
	Namespace, Address string
	Records, Messages  []carrier.Type
	Families           []family
}

// family is a group of operations with ports of its own.
type family struct {
	Name       carrier.Family
	Operations []string
}

func newWSDLPage() (*wsdlPage, error) {
	t, err := template.New("wsdl").Funcs(template.FuncMap{"xsd": xsdType, "many": isRecord}).Parse(wsdlText)
	if err != nil {
		return nil, fmt.Errorf("WSDL template: %w", err)
	}
	c := contract{Namespace: carrier.Namespace}
	c.Records, c.Messages = carrier.Schema()
	for _, name := range carrier.Families() {
		f := family{Name: name}
		for _, op := range carrier.Operations() {
			if carrier.FamilyOf(op) == name {
				f.Operations = append(f.Operations, op)
			}
		}
		c.Families = append(c.Families, f)
	}
	return &wsdlPage{t, c}, nil
}

// xsdType is the type of an element in the schema.
func xsdType(e carrier.Element) string {
	switch e.Kind {
	case carrier.KindFilled:
		return "tns:Filled"
	case carrier.KindText:
		return "xsd:string"
	case carrier.KindNumber:
		return "xsd:long"
	}
	return "tns:" + e.Kind
}

// isRecord reports whether an element comes any number of times.
func isRecord(e carrier.Element) bool {
	return e.Kind != carrier.KindFilled && e.Kind != carrier.KindText && e.Kind != carrier.KindNumber
}

// render writes the WSDL with the Host header in the addresses: it is the one
// name of this service that the caller is known to reach.
func (p *wsdlPage) render(r *http.Request) ([]byte, error) {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	var address bytes.Buffer
	if err := xml.EscapeText(&address, []byte(scheme+"://"+r.Host+Path)); err != nil {
		return nil, err
	}
	c := p.contract
	c.Address = address.String()
	var page bytes.Buffer
	if err := p.template.Execute(&page, c); err != nil {
		return nil, fmt.Errorf("write the WSDL: %w", err)
	}
	return page.Bytes(), nil
}
