package carrier_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"oalab/server/carrier"
)

const wsdlAt = "https://carrier.example:8443/ws/carrier?wsdl"

// operations are those of a binding; prefix is that of its SOAP namespace.
func operations(prefix string) string { return operationsOf(prefix, carrier.Operations()...) }

func operationsOf(prefix string, ops ...string) string {
	var b strings.Builder
	for _, op := range ops {
		b.WriteString(`<wsdl:operation name="` + op + `"><` + prefix + `:operation soapAction="urn:` + op + `"/></wsdl:operation>`)
	}
	return b.String()
}

var (
	wsdlHead = `<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/"
 xmlns:s12="http://schemas.xmlsoap.org/wsdl/soap12/" xmlns:t="urn:oalab:carrier:1" targetNamespace="urn:oalab:carrier:1">
`
	wsdlBindings = `<wsdl:binding name="B11" type="t:P"><s:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
` + operations("s") + `<wsdl:operation name="Later"><s:operation soapAction="urn:Later"/></wsdl:operation></wsdl:binding>
<wsdl:binding name="B12" type="t:P"><s12:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>` + operations("s12") + `</wsdl:binding>
`
	wsdlPorts = `<wsdl:service name="S"><wsdl:port name="A" binding="t:B11"><s:address location="http://h:1/carrier"/></wsdl:port>
<wsdl:port name="B" binding="t:B12"><s12:address location="http://h:2/carrier"/></wsdl:port></wsdl:service>`
	wsdl = wsdlHead + wsdlBindings + wsdlPorts + `</wsdl:definitions>`
)

func describe(endpoint string, docs ...string) (carrier.Description, error) {
	read := make([]*carrier.WSDL, 0, len(docs))
	for _, doc := range docs {
		w, err := carrier.ReadWSDL([]byte(doc), wsdlAt)
		if err != nil {
			return carrier.Description{}, err
		}
		read = append(read, w)
	}
	return carrier.Describe(read, endpoint)
}

// addresses are those of a description, in its order.
func addresses(d carrier.Description) string {
	var all []string
	for _, p := range d.Ports {
		all = append(all, p.Version.String()+" "+p.Address)
	}
	return strings.Join(all, ", ")
}

func TestDescribe(t *testing.T) {
	got, err := describe("", wsdl)
	if err != nil {
		t.Fatal(err)
	}
	a, b := carrier.DefaultPort("http://h:1/carrier"), carrier.DefaultPort("http://h:2/carrier")
	a.Name, b.Name, b.Version = "A", "B", carrier.SOAP12
	if diff := cmp.Diff(carrier.Description{Ports: []carrier.Port{a, b}}, got); diff != "" {
		t.Error(diff)
	}
}

// TestAddressesAsTheyArePublished: what stands in WSDLs that tools write.
func TestAddressesAsTheyArePublished(t *testing.T) {
	utf16 := func(s string) string {
		out := []byte{0xff, 0xfe}
		for _, r := range s { // ASCII
			out = append(out, byte(r), 0)
		}
		return string(out)
	}
	const first = `location="http://h:1/carrier"`
	both := "1.1 http://h:1/carrier, 1.2 http://h:2/carrier"
	for name, tt := range map[string]struct{ doc, want string }{
		"a path":            {strings.Replace(wsdl, first, `location="/carrier"`, 1), "1.1 https://carrier.example:8443/carrier, 1.2 http://h:2/carrier"},
		"a relative path":   {strings.Replace(wsdl, first, `location="carrier;v=1"`, 1), "1.1 https://carrier.example:8443/ws/carrier;v=1, 1.2 http://h:2/carrier"},
		"no scheme":         {strings.Replace(wsdl, first, `location="//h:3/carrier"`, 1), "1.1 https://h:3/carrier, 1.2 http://h:2/carrier"},
		"spaces around":     {strings.Replace(wsdl, first, "location='\n http://h:1/carrier \t'", 1), both},
		"base of the whole": {strings.Replace(strings.Replace(wsdl, first, `location="soap"`, 1), "<wsdl:definitions", `<wsdl:definitions xml:base="http://b/x/"`, 1), "1.1 http://b/x/soap, 1.2 http://h:2/carrier"},
		"base within a base": {
			strings.Replace(strings.Replace(strings.Replace(wsdl, first, `location="soap"`, 1), "<wsdl:definitions", `<wsdl:definitions xml:base="http://b/x/"`, 1),
				`<wsdl:service`, `<wsdl:service xml:base="y/"`, 1),
			"1.1 http://b/x/y/soap, 1.2 http://h:2/carrier",
		},
		"host and port without a scheme": {strings.Replace(wsdl, first, `location="h:8080/carrier"`, 1), "1.2 http://h:2/carrier"},
		"over mail":                      {strings.Replace(wsdl, first, `location="mailto:a@b"`, 1), "1.2 http://h:2/carrier"},
		"empty":                          {strings.Replace(wsdl, first, `location=""`, 1), "1.2 http://h:2/carrier"},
		"no address":                     {strings.Replace(wsdl, `<s:address `+first+`/>`, "", 1), "1.2 http://h:2/carrier"},
		"no binding":                     {strings.Replace(wsdl, `binding="t:B11"`, `binding="t:None"`, 1), "1.2 http://h:2/carrier"},
		"prefix forgotten":               {strings.Replace(wsdl, `binding="t:B11"`, `binding="B11"`, 1), both},
		"another prefix": {
			strings.NewReplacer("wsdl:", "", "xmlns:wsdl=", "xmlns=", "s12:", "soap12:", "xmlns:s12", "xmlns:soap12", "t:B", "q:B", "xmlns:t=", "xmlns:q=").Replace(wsdl), both,
		},
		"prefix declared at the port": {
			strings.NewReplacer(`<wsdl:port name="A" binding="t:B11">`, `<wsdl:port name="A" binding="z:B11" xmlns:z="urn:oalab:carrier:1">`).Replace(wsdl), both,
		},
		"a style sheet":      {`<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="w.xsl"?>` + wsdl, both},
		"byte order mark":    {"\ufeff" + `<?xml version="1.0" encoding="utf-8"?>` + wsdl, both},
		"UTF-16":             {utf16(`<?xml version="1.0" encoding="UTF-16"?>` + wsdl), both},
		"GB2312":             {`<?xml version="1.0" encoding="GB2312"?><!-- ` + "\xd6\xd0\xb9\xfa" + ` -->` + wsdl, both},
		"JAX-WS's transport": {strings.Replace(wsdl, `<s12:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"`, `<s12:binding transport="http://www.w3.org/2003/05/soap/bindings/HTTP/"`, 1), both},
		"a binding over mail beside": {
			strings.Replace(wsdl, "http://schemas.xmlsoap.org/soap/http", "http://schemas.xmlsoap.org/soap/smtp", 1), "1.2 http://h:2/carrier",
		},
		"a binding of HTTP GET beside": {
			strings.Replace(wsdl, `<wsdl:service name="S">`, `<wsdl:binding name="G" type="t:G"><h:binding verb="GET" xmlns:h="http://schemas.xmlsoap.org/wsdl/http/"/></wsdl:binding>`+
				`<wsdl:service name="S"><wsdl:port name="G" binding="t:G"><h:address location="http://h:9/" xmlns:h="http://schemas.xmlsoap.org/wsdl/http/"/></wsdl:port>`, 1), both,
		},
		"another service beside": {
			strings.Replace(wsdl, `<wsdl:service name="S">`, `<wsdl:service name="O"><wsdl:port name="A" binding="t:B11"><s:address location="http://h:0/o"/></wsdl:port></wsdl:service><wsdl:service name="S">`, 1),
			"1.1 http://h:0/o, " + both,
		},
		"rpc for one operation that is not ours": {strings.Replace(wsdl, `soapAction="urn:Later"`, `soapAction="urn:Later" style="rpc"`, 1), both},
	} {
		if tt.doc == wsdl {
			t.Fatalf("%s: the mutation changed nothing", name)
		}
		d, err := describe("", tt.doc)
		if got := addresses(d); err != nil || got != tt.want {
			t.Errorf("%s: %q, %v, want %q", name, got, err, tt.want)
		}
	}
}

// families is a WSDL with a binding and a port for each family, each at a host of its own.
func families(version string, without carrier.Family) string {
	var bindings, ports strings.Builder
	for _, f := range carrier.Families() {
		ops := slices.DeleteFunc(carrier.Operations(), func(op string) bool { return carrier.FamilyOf(op) != f })
		if f == without {
			ops = []string{"Later"}
		}
		fmt.Fprintf(&bindings, `<wsdl:binding name="%s" type="t:P"><%s:binding transport="http://schemas.xmlsoap.org/soap/http"/>%s</wsdl:binding>`,
			f, version, operationsOf(version, ops...))
		fmt.Fprintf(&ports, `<wsdl:port name="%s" binding="t:%s"><%s:address location="http://%s/carrier"/></wsdl:port>`, f, f, version, f)
	}
	return wsdlHead + bindings.String() + `<wsdl:service name="S">` + ports.String() + `</wsdl:service></wsdl:definitions>`
}

// TestAPortForEachFamily: each port has the operations of its binding. An endpoint in the
// place of all has those of all, and a family without a port is told.
func TestAPortForEachFamily(t *testing.T) {
	d, err := describe("", families("s12", ""))
	if err != nil || len(d.Ports) != len(carrier.Families()) {
		t.Fatalf("%+v, %v", d, err)
	}
	for i, f := range carrier.Families() {
		p := d.Ports[i]
		if p.Name != string(f) || p.Version != carrier.SOAP12 || len(p.Actions) == 0 {
			t.Errorf("port %d is %+v, want that of %s", i, p, f)
		}
		for op, action := range p.Actions {
			if carrier.FamilyOf(op) != f || action != "urn:"+op {
				t.Errorf("port %s has %s with the action %s", f, op, action)
			}
		}
	}
	d, err = describe("http://h:7/x", families("s", ""))
	if err != nil || len(d.Ports) != 1 || len(d.Ports[0].Actions) != len(carrier.Operations()) {
		t.Errorf("at an endpoint: %+v, %v", d, err)
	}
	if _, err = describe("", families("s", carrier.FamilyCharge)); err == nil || !strings.Contains(err.Error(), "no port has the operation TopUp, QueryBalance") {
		t.Errorf("without a family: %v", err)
	}
}

func TestEndpointTakesThePlaceOfAddresses(t *testing.T) {
	const at = "http://h:2/carrier"
	for name, tt := range map[string]struct{ doc, endpoint, want string }{
		"of a port, whose version it takes": {wsdl, at, "1.2 " + at},
		"of none":                           {wsdl, "http://h:7/x", "1.1 http://h:7/x"},
		"no address":                        {strings.ReplaceAll(wsdl, "location=", "elsewhere="), "http://h:7/x", "1.1 http://h:7/x"},
		"no service":                        {wsdlHead + wsdlBindings + `</wsdl:definitions>`, "http://h:7/x", "1.1 http://h:7/x"},
	} {
		d, err := describe(tt.endpoint, tt.doc)
		if got := addresses(d); err != nil || got != tt.want {
			t.Errorf("%s: %q, %v, want %q", name, got, err, tt.want)
		}
	}
}

// TestImports: the parts of a description that tools write into several documents, with
// the service in a namespace of its own.
func TestImports(t *testing.T) {
	head := strings.Replace(wsdlHead, `targetNamespace="urn:oalab:carrier:1"`, `targetNamespace="urn:impl"`, 1)
	main := head + `<wsdl:import namespace="urn:oalab:carrier:1" location="part.wsdl#x"/><wsdl:import namespace="urn:y"/>
<wsdl:import xml:base="/other/" namespace="urn:z" location="z.xsd"/>` + wsdlPorts + `</wsdl:definitions>`
	w, err := carrier.ReadWSDL([]byte(main), wsdlAt)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"https://carrier.example:8443/ws/part.wsdl", "https://carrier.example:8443/other/z.xsd"}
	if diff := cmp.Diff(want, w.Imports()); diff != "" {
		t.Error(diff)
	}
	schema := `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:z"><xs:import schemaLocation="q.xsd"/></xs:schema>`
	d, err := describe("", main, wsdlHead+wsdlBindings+`</wsdl:definitions>`, schema)
	if got := addresses(d); err != nil || got != "1.1 http://h:1/carrier, 1.2 http://h:2/carrier" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := describe("", main); err == nil || !strings.Contains(err.Error(), `"urn:impl"`) {
		t.Errorf("without the part: %v", err)
	}
}

func TestWrongWSDL(t *testing.T) {
	tests := map[string]struct{ from, to, problem string }{
		"not WSDL":          {"http://schemas.xmlsoap.org/wsdl/\"", "http://www.w3.org/ns/wsdl\"", "not the definitions"},
		"other service":     {`targetNamespace="urn:oalab:carrier:1"`, `targetNamespace="urn:other"`, `"urn:other"`},
		"operation missing": {`operation name="SendSMS"`, `operation name="SendMail"`, "no port has the operation SendSMS"},
		"rpc":               {`style="document"`, `style="rpc"`, `style "rpc"`},
		"over mail":         {"http://schemas.xmlsoap.org/soap/http", "http://schemas.xmlsoap.org/soap/smtp", "smtp"},
		"no address":        {"location=", "elsewhere=", "no port has an address"},
		"no scheme":         {`location="http://h:`, `location="h:`, `port A has the address "h:1/carrier", which is neither http:// nor https://`},
		"document type":     {"<wsdl:definitions", "<!DOCTYPE a><wsdl:definitions", "document types"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			text := strings.ReplaceAll(wsdl, tt.from, tt.to)
			if text == wsdl {
				t.Fatal("the mutation changed nothing")
			}
			_, err := describe("", text)
			if !errors.Is(err, carrier.ErrMalformed) || !strings.Contains(err.Error(), tt.problem) {
				t.Errorf("got %v, expected ErrMalformed with %q", err, tt.problem)
			}
		})
	}
}

// FuzzDescribe: no document makes the reader fail otherwise than by an error, and what is
// returned can be called.
func FuzzDescribe(f *testing.F) {
	f.Add([]byte(wsdl), "")
	f.Add([]byte(strings.ReplaceAll(wsdl, "http://h:1", "")), "http://h/x")
	f.Add([]byte(`<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xml:base=":"/>`), "")
	f.Fuzz(func(t *testing.T, raw []byte, endpoint string) {
		w, err := carrier.ReadWSDL(raw, wsdlAt)
		if err != nil {
			return
		}
		w.Imports()
		d, err := carrier.Describe([]*carrier.WSDL{w}, endpoint)
		if (err == nil) != (len(d.Ports) > 0) {
			t.Fatalf("%d ports and %v", len(d.Ports), err)
		}
		has := map[string]bool{}
		for _, p := range d.Ports {
			for op := range p.Actions {
				has[op] = true
			}
			if p.Version == 0 || len(p.Actions) == 0 || endpoint == "" && !strings.HasPrefix(p.Address, "http") {
				t.Fatalf("%+v", p)
			}
		}
		if err == nil && len(has) != len(carrier.Operations()) {
			t.Fatalf("the ports have %d operations", len(has))
		}
	})
}
