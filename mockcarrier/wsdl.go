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
type wsdlPage struct{ template *template.Template }

func newWSDLPage() (*wsdlPage, error) {
	t, err := template.New("wsdl").Parse(wsdlText)
	if err != nil {
		return nil, fmt.Errorf("WSDL template: %w", err)
	}
	return &wsdlPage{t}, nil
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
	var page bytes.Buffer
	err := p.template.Execute(&page, struct {
		Namespace, Address string
		Operations         []string
	}{carrier.Namespace, address.String(), carrier.Operations()})
	if err != nil {
		return nil, fmt.Errorf("write the WSDL: %w", err)
	}
	return page.Bytes(), nil
}
