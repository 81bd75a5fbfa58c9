package carrier

import (
	"bytes"
	"encoding/xml"
	"strconv"
)

const xmlHeader = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"

// EncodeRequest writes a request envelope. Characters that XML cannot carry
// become U+FFFD.
func EncodeRequest(v Version, r Request) []byte {
	return encode(v, r.Operation(), r.parts())
}

// EncodeResponse writes a response envelope, its elements in schema order,
// empty optional ones left out.
func EncodeResponse(v Version, r Response) []byte {
	return encode(v, r.Operation()+"Response", r.parts())
}

// EncodeFault writes a fault envelope.
func EncodeFault(v Version, f *FaultError) []byte {
	w := writer{}
	if v == SOAP12 {
		w.fault12(f)
	} else {
		w.fault11(f)
	}
	return w.Bytes()
}

func encode(v Version, wrapper string, parts []part) []byte {
	w := writer{}
	w.begin(v)
	w.WriteString("<" + wrapper + ` xmlns="` + Namespace + `">`)
	w.parts(parts)
	w.WriteString("</" + wrapper + ">")
	w.end()
	return w.Bytes()
}

// writer writes envelopes; the prefix of the envelope's namespace is "soap".
type writer struct{ bytes.Buffer }

func (w *writer) begin(v Version) {
	w.Grow(512)
	w.WriteString(xmlHeader + `<soap:Envelope xmlns:soap="` + v.namespace() + `"><soap:Body>`)
}

func (w *writer) end() { w.WriteString("</soap:Body></soap:Envelope>") }

func (w *writer) parts(parts []part) {
	for _, p := range parts {
		switch value := p.value.(type) {
		case *string:
			if *value != "" || !p.optional {
				w.element(p.name, *value)
			}
		case *int64:
			w.element(p.name, strconv.FormatInt(*value, 10))
		case list:
			for i := range value.len() {
				w.WriteString("<" + p.name + ">")
				w.parts(value.at(i))
				w.WriteString("</" + p.name + ">")
			}
		}
	}
}

func (w *writer) element(name, text string) {
	w.WriteString("<" + name + ">")
	w.text(text)
	w.WriteString("</" + name + ">")
}

func (w *writer) text(s string) {
	// A bytes.Buffer never fails, and EscapeText fails only with its writer.
	_ = xml.EscapeText(&w.Buffer, []byte(s))
}

func (w *writer) fault11(f *FaultError) {
	w.begin(SOAP11)
	w.WriteString("<soap:Fault>")
	w.element("faultcode", "soap:"+f.Code)
	w.element("faultstring", f.Reason)
	if f.Detail != "" {
		w.WriteString("<detail>")
		w.detail(f)
		w.WriteString("</detail>")
	}
	w.WriteString("</soap:Fault>")
	w.end()
}

func (w *writer) fault12(f *FaultError) {
	w.WriteString(xmlHeader + `<soap:Envelope xmlns:soap="` + envelope12 + `">`)
	if f.Class() == FaultVersionMismatch {
		w.WriteString(`<soap:Header><soap:Upgrade>` +
			`<soap:SupportedEnvelope xmlns:v="` + envelope12 + `" qname="v:Envelope"/>` +
			`<soap:SupportedEnvelope xmlns:v="` + envelope11 + `" qname="v:Envelope"/>` +
			`</soap:Upgrade></soap:Header>`)
	}
	w.WriteString("<soap:Body><soap:Fault><soap:Code>")
	w.element("soap:Value", "soap:"+faultCode12(f.Class()))
	if sub := f.Subcode(); sub != "" {
		w.WriteString(`<soap:Subcode xmlns:c="` + Namespace + `">`)
		w.element("soap:Value", "c:"+sub)
		w.WriteString("</soap:Subcode>")
	}
	w.WriteString(`</soap:Code><soap:Reason><soap:Text xml:lang="en">`)
	w.text(f.Reason)
	w.WriteString("</soap:Text></soap:Reason>")
	if f.Detail != "" {
		w.WriteString("<soap:Detail>")
		w.detail(f)
		w.WriteString("</soap:Detail>")
	}
	w.WriteString("</soap:Fault>")
	w.end()
}

// detail writes the element that the WSDL declares for faults.
func (w *writer) detail(f *FaultError) {
	w.WriteString(`<CarrierFault xmlns="` + Namespace + `">`)
	w.element("Message", f.Detail)
	w.WriteString("</CarrierFault>")
}
