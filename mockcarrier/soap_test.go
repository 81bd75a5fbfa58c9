package mockcarrier_test

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"oalab/mockcarrier"
	"oalab/server/carrier"
)

const (
	type11 = "text/xml; charset=utf-8"
	type12 = "application/soap+xml; charset=utf-8"
)

func envelope(v carrier.Version, body string) string {
	ns := "http://schemas.xmlsoap.org/soap/envelope/"
	if v == carrier.SOAP12 {
		ns = "http://www.w3.org/2003/05/soap-envelope"
	}
	return `<e:Envelope xmlns:e="` + ns + `"><e:Body>` + body + `</e:Body></e:Envelope>`
}

// TestWrongUses are requests that a strict service turns down.
func TestWrongUses(t *testing.T) {
	b := start(t, mockcarrier.Config{})
	const state = `<QueryOrder><Serial>A</Serial></QueryOrder>`
	good := envelope(carrier.SOAP11, state)
	long := strings.Repeat("9", 65)
	action := []string{"Content-Type", type11, "SOAPAction", `"urn:QueryOrder"`}
	tests := []struct {
		name, method, path, body string
		header                   []string
		status                   int
		answer                   string
	}{
		{"right, to begin with", "POST", "", good, action, 200, "unknown"},
		{"unquoted action", "POST", "", good, []string{"Content-Type", type11, "SOAPAction", "urn:oalab:carrier:1#QueryOrder"}, 200, "unknown"},
		{"empty action", "POST", "", good, []string{"Content-Type", type11, "SOAPAction", `""`}, 200, "unknown"},
		{"1.2 needs no action", "POST", "", envelope(carrier.SOAP12, state), []string{"Content-Type", type12}, 200, "2003/05/soap-envelope"},
		{"1.2 by the envelope, not by the type", "POST", "", envelope(carrier.SOAP12, state), []string{"Content-Type", type11}, 200, "2003/05/soap-envelope"},
		{"other path", "POST", "/more", good, action, 404, "the service is at /carrier"},
		{"GET without a query", "GET", "", "", nil, 405, "?wsdl"},
		{"other method", "PUT", "", good, action, 405, "by POST"},
		{"no type", "POST", "", good, []string{"SOAPAction", `""`}, 415, "unsupported media type"},
		{"JSON", "POST", "", `{}`, []string{"Content-Type", "application/json"}, 415, "application/json"},
		{"1.1 without an action", "POST", "", good, []string{"Content-Type", type11}, 500, "the SOAPAction header is missing"},
		{"action of another operation", "POST", "", good, []string{"Content-Type", type11, "SOAPAction", `"urn:SendSMS"`}, 500, "the SOAPAction is SendSMS"},
		{"empty body", "POST", "", "", action, 500, "<faultcode>soap:Client</faultcode>"},
		{"too large", "POST", "", good + strings.Repeat(" ", carrier.MaxEnvelope), action, 500, "too large"},
		{"document type", "POST", "", `<!DOCTYPE a>` + good, action, 500, "document types are refused"},
		{"unknown version 1.1", "POST", "", strings.ReplaceAll(good, "schemas.xmlsoap", "x"), action, 500, "<faultcode>soap:VersionMismatch</faultcode>"},
		{"unknown version 1.2", "POST", "", strings.ReplaceAll(good, "schemas.xmlsoap", "x"), []string{"Content-Type", type12}, 500, "SupportedEnvelope"},
		{"unknown operation", "POST", "", envelope(carrier.SOAP12, `<Nope/>`), []string{"Content-Type", type12}, 400, "<soap:Value>soap:Sender</soap:Value>"},
		{"serial missing", "POST", "", envelope(carrier.SOAP11, `<QueryOrder/>`), action, 500, "Serial is missing"},
		{"serial too long", "POST", "", strings.ReplaceAll(good, ">A<", ">"+long+"<"), action, 500, "Serial is longer than 64 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, _, answer, err := b.send(t.Context(), tt.method, b.service()+tt.path, tt.body, tt.header...)
			if err != nil {
				t.Fatal(err)
			}
			if status != tt.status || !strings.Contains(string(answer), tt.answer) {
				t.Errorf("answered %d %s, expected %d with %q", status, answer, tt.status, tt.answer)
			}
		})
	}
	// A call that was not understood but named its operation is on record.
	_, _, answer, err := b.send(t.Context(), http.MethodGet, b.control("ledger?serial="+long), "")
	if err != nil || !strings.Contains(string(answer), `"fault":"Client"`) {
		t.Errorf("ledger %s with %v, expected the refused call", answer, err)
	}
}

func TestWSDLIsWhatClientsNeed(t *testing.T) {
	b := start(t, mockcarrier.Config{})
	for _, query := range []string{"?wsdl", "?WSDL", "?wsdl=1"} {
		status, header, page, err := b.send(t.Context(), http.MethodGet, b.service()+query, "")
		if err != nil || status != http.StatusOK || header.Get("Content-Type") != type11 {
			t.Fatalf("%s answered %d %s %v", query, status, header.Get("Content-Type"), err)
		}
		got := describe(t, page)
		var want carrier.Description
		for _, f := range carrier.Families() {
			actions := map[string]string{}
			for _, op := range carrier.Operations() {
				if carrier.FamilyOf(op) == f {
					actions[op] = carrier.Action(op)
				}
			}
			want.Ports = append(want.Ports,
				carrier.Port{Name: string(f) + "Port11", Address: b.service(), Version: carrier.SOAP11, Actions: actions},
				carrier.Port{Name: string(f) + "Port12", Address: b.service(), Version: carrier.SOAP12, Actions: actions})
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestWSDLAddressIsTheHostOfTheCaller(t *testing.T) {
	b := start(t, mockcarrier.Config{})
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/carrier?wsdl", nil)
	r.Host = `carrier"&<.test:81`
	w := httptest.NewRecorder()
	b.Handler().ServeHTTP(w, r)
	got := describe(t, w.Body.Bytes())
	if want := "http://" + r.Host + "/carrier"; got.Ports[0].Address != want {
		t.Errorf("address %q, expected %q", got.Ports[0].Address, want)
	}
}

func describe(t *testing.T, page []byte) carrier.Description {
	t.Helper()
	w, err := carrier.ReadWSDL(page, "http://127.0.0.1/carrier?wsdl")
	if err != nil {
		t.Fatal(err)
	}
	d, err := carrier.Describe([]*carrier.WSDL{w}, "")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// sequence is the part of a schema that this test holds the messages against.
type sequence struct {
	Name     string `xml:"name,attr"`
	Elements []struct {
		Name string `xml:"name,attr"`
		Min  string `xml:"minOccurs,attr"`
	} `xml:"complexType>sequence>element"`
}

// names are the elements of a message, or those that must be there.
func (s sequence) names(all bool) []string {
	names := []string{}
	for _, e := range s.Elements {
		if all || e.Min != "0" {
			names = append(names, e.Name)
		}
	}
	return names
}

// fill gives each field of a message a value.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString("x")
	case reflect.Int64:
		v.SetInt(1)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Struct:
		for _, field := range v.Fields() {
			fill(field)
		}
	default:
		panic("a field of the kind " + v.Kind().String())
	}
}

// TestSchemaMatchesMessages holds that every message has exactly the elements
// of the WSDL in their order: strict readers fail on anything else.
func TestSchemaMatchesMessages(t *testing.T) {
	b := start(t, mockcarrier.Config{})
	_, _, page, err := b.send(t.Context(), http.MethodGet, b.service()+"?wsdl", "")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Elements []sequence `xml:"types>schema>element"`
	}
	if err := xml.Unmarshal(page, &doc); err != nil {
		t.Fatal(err)
	}
	schema := map[string]sequence{}
	for _, e := range doc.Elements {
		schema[e.Name] = e
	}
	for _, op := range carrier.Operations() {
		request, full, empty := carrier.NewRequest(op), carrier.NewResponse(op), carrier.NewResponse(op)
		fill(reflect.ValueOf(request).Elem())
		fill(reflect.ValueOf(full).Elem())
		for _, raw := range [][]byte{carrier.EncodeRequest(carrier.SOAP11, request), carrier.EncodeResponse(carrier.SOAP11, full)} {
			name, got := elements(t, raw)
			if diff := cmp.Diff(schema[name].names(true), got); diff != "" {
				t.Errorf("%s with all its elements: %s", name, diff)
			}
		}
		name, got := elements(t, carrier.EncodeResponse(carrier.SOAP11, empty))
		if required := schema[name].names(false); !slices.Equal(required, got) {
			t.Errorf("%s with nothing in it has the elements %s, required are %s", name, got, required)
		}
	}
	if want := 2*len(carrier.Operations()) + 1; len(schema) != want {
		t.Errorf("the schema has %d elements, expected %d", len(schema), want)
	}
}

// elements returns the name of an envelope's message and of its elements.
func elements(t *testing.T, raw []byte) (string, []string) {
	t.Helper()
	var doc struct {
		Body struct {
			Message struct {
				XMLName xml.Name
				Parts   []struct{ XMLName xml.Name } `xml:",any"`
			} `xml:",any"`
		}
	}
	if err := xml.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	names := []string{}
	for _, p := range doc.Body.Message.Parts {
		names = append(names, p.XMLName.Local)
		if p.XMLName.Space != carrier.Namespace {
			t.Errorf("%s is in the namespace %q", p.XMLName.Local, p.XMLName.Space)
		}
	}
	return doc.Body.Message.XMLName.Local, names
}

func BenchmarkOrderProduct(b *testing.B) {
	bench := start(b, mockcarrier.Config{})
	handler := bench.Handler()
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n++
		body := carrier.EncodeRequest(carrier.SOAP11, &carrier.OrderProductRequest{Serial: fmt.Sprintf("S%d", n), Msisdn: phone, ProductCode: "P"})
		r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, mockcarrier.Path, strings.NewReader(string(body)))
		r.Header.Set("Content-Type", type11)
		r.Header.Set("SOAPAction", `"urn:OrderProduct"`)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatalf("status %d %s", w.Code, w.Body)
		}
	}
}

func BenchmarkOrderProductOverTCP(b *testing.B) {
	bench := start(b, mockcarrier.Config{})
	n := 0
	for b.Loop() {
		n++
		var out carrier.OrderProductResponse
		in := &carrier.OrderProductRequest{Serial: fmt.Sprintf("S%d", n), Msisdn: phone, ProductCode: "P"}
		if err := bench.call(b.Context(), carrier.SOAP11, in, &out); err != nil || out.RspCode != carrier.CodeOK {
			b.Fatalf("%+v %v", out, err)
		}
	}
}
