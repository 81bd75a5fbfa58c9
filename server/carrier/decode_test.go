package carrier_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"oalab/server/carrier"
)

const (
	ns11 = "http://schemas.xmlsoap.org/soap/envelope/"
	ns12 = "http://www.w3.org/2003/05/soap-envelope"
)

func in(body string) string {
	return `<soapenv:Envelope xmlns:soapenv="` + ns11 + `"><soapenv:Body>` + body + `</soapenv:Body></soapenv:Envelope>`
}

const order = `<ns0:OrderProduct xmlns:ns0="urn:oalab:carrier:1"><ns0:Serial>S1</ns0:Serial><ns0:Msisdn>13800000000</ns0:Msisdn><ns0:ProductCode>P10</ns0:ProductCode></ns0:OrderProduct>`

// TestForeignDialects are requests as the SOAP stacks of other languages write them.
func TestForeignDialects(t *testing.T) {
	want := &carrier.OrderProductRequest{Serial: "S1", Msisdn: "13800000000", ProductCode: "P10"}
	tests := map[string]struct {
		xml     string
		version carrier.Version
	}{
		"zeep": {
			`<?xml version='1.0' encoding='utf-8'?>` + "\n" +
				`<soap-env:Envelope xmlns:soap-env="` + ns11 + `"><soap-env:Body>` + order + `</soap-env:Body></soap-env:Envelope>`, carrier.SOAP11,
		},
		"PHP 1.2": {
			`<?xml version="1.0" encoding="UTF-8"?><env:Envelope xmlns:env="` + ns12 + `" xmlns:ns1="urn:oalab:carrier:1"><env:Body><ns1:OrderProduct>` +
				`<ns1:Serial>S1</ns1:Serial><ns1:Msisdn>13800000000</ns1:Msisdn><ns1:ProductCode>P10</ns1:ProductCode></ns1:OrderProduct></env:Body></env:Envelope>`, carrier.SOAP12,
		},
		"SOAP::Lite, unqualified and typed": {
			`<soap:Envelope soap:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/" xmlns:soap="` + ns11 + `" xmlns:xsd="http://www.w3.org/2001/XMLSchema" ` +
				`xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soap:Body><OrderProduct xmlns="urn:oalab:carrier:1"><Serial xsi:type="xsd:string">S1</Serial>` +
				`<Msisdn xsi:type="xsd:string">13800000000</Msisdn><ProductCode xsi:type="xsd:string">P10</ProductCode></OrderProduct></soap:Body></soap:Envelope>`, carrier.SOAP11,
		},
		"other order, CDATA, comments, header": {
			`<e:Envelope xmlns:e="` + ns11 + `"><!-- c --><e:Header><t:Trace xmlns:t="urn:t" e:mustUnderstand="0">x</t:Trace>` +
				`<t:Far xmlns:t="urn:t" e:mustUnderstand="1" e:actor="urn:somebody-else"/></e:Header><e:Body> <OrderProduct>` +
				`<ProductCode><![CDATA[P10]]></ProductCode><Msisdn>138<!-- c -->00000000</Msisdn><Serial>S1</Serial></OrderProduct> </e:Body></e:Envelope>`, carrier.SOAP11,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			call, err := carrier.DecodeRequest([]byte(tt.xml))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(carrier.Call{Version: tt.version, Operation: carrier.OpOrderProduct, Request: want}, call); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWrongRequests(t *testing.T) {
	deep := strings.Repeat("<a>", 20) + strings.Repeat("</a>", 20)
	tests := map[string]struct {
		xml, code, reason string
		version           carrier.Version
	}{
		"empty":              {"", "Client", "no root element", 0},
		"no XML":             {"{}", "Client", "text outside the root", 0},
		"cut short":          {in(order)[:150], "Client", "syntax error", 0},
		"document type":      {`<!DOCTYPE x [<!ENTITY e "x">]>` + in(order), "Client", "document types are refused", 0},
		"document type deep": {in(`<!DOCTYPE x>` + order), "Client", "document types are refused", 0},
		"instruction":        {`<?php echo ?>` + in(order), "Client", "processing instructions", 0},
		"unknown entity":     {in(`<QueryOrder><Serial>&e;</Serial></QueryOrder>`), "Client", "invalid character entity", 0},
		"unknown encoding":   {`<?xml version="1.0" encoding="klingon"?>` + in(order), "Client", "byte 30: the encoding that the declaration names is not known", 0},
		"no envelope":        {order, "Client", "not Envelope", 0},
		"other version":      {strings.ReplaceAll(in(order), ns11, "http://www.w3.org/2001/12/soap-envelope"), "VersionMismatch", "2001/12", 0},
		"no prefix": {
			`<Envelope xmlns:soap="` + ns11 + `"><soap:Body>` + order + `</soap:Body></Envelope>`,
			"VersionMismatch", `namespace is ""`, 0,
		},
		"no body":        {`<e:Envelope xmlns:e="` + ns12 + `"/>`, "Client", "has no Body", carrier.SOAP12},
		"empty body":     {in(""), "Client", "Body is empty", carrier.SOAP11},
		"two bodies":     {`<e:Envelope xmlns:e="` + ns11 + `"><e:Body>` + order + `</e:Body><e:Body/></e:Envelope>`, "Client", "unexpected Body", carrier.SOAP11},
		"PHP positional": {in(`<OrderProduct/><param1>S1</param1>`), "Client", "2 children (OrderProduct and param1", carrier.SOAP11},
		"must understand": {
			`<e:Envelope xmlns:e="` + ns12 + `"><e:Header><s:Security xmlns:s="urn:s" e:mustUnderstand="true"/></e:Header><e:Body>` + order + `</e:Body></e:Envelope>`,
			"MustUnderstand", "Security", carrier.SOAP12,
		},
		"unknown operation": {in(`<Nope/>`), "Client", "no operation Nope", carrier.SOAP11},
		"missing":           {in(`<QueryUsage><Month>202601</Month></QueryUsage>`), "Client", "Msisdn is missing", carrier.SOAP11},
		"empty value":       {in(`<QueryOrder><Serial/></QueryOrder>`), "Client", "Serial is empty", carrier.SOAP11},
		"twice":             {in(`<QueryOrder><Serial>a</Serial><Serial>b</Serial></QueryOrder>`), "Client", "Serial comes twice", carrier.SOAP11},
		"unknown element":   {in(`<QueryOrder><Serial>a</Serial><Serail>b</Serail></QueryOrder>`), "Client", "no element Serail", carrier.SOAP11},
		"elements for text": {in(`<QueryOrder><Serial><b>a</b></Serial></QueryOrder>`), "Client", "text is expected", carrier.SOAP11},
		"too deep":          {in(deep), "Client", "deeper than 16", 0},
		"too many":          {in(strings.Repeat("<a/>", 600)), "Client", "more than 512 elements", 0},
		"too large":         {in(strings.Repeat(" ", carrier.MaxEnvelope)), "Client", "the limit is 65536", 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			call, err := carrier.DecodeRequest([]byte(tt.xml))
			var fault *carrier.FaultError
			if !errors.As(err, &fault) {
				t.Fatalf("got %v, expected a fault", err)
			}
			if fault.Code != tt.code || !strings.Contains(fault.Reason, tt.reason) {
				t.Errorf("fault %s %q, expected %s with %q", fault.Code, fault.Reason, tt.code, tt.reason)
			}
			if call.Version != tt.version || call.Request != nil {
				t.Errorf("call %+v, expected version %s and no request", call, tt.version)
			}
		})
	}
}

func TestResponsesOfOthers(t *testing.T) {
	const lead = `<RspCode>0000</RspCode><RspDesc/>`
	tests := map[string]struct{ xml, problem string }{
		"more than we know": {in(`<QueryOrderResponse>` + lead + `<New>1</New><State>applied</State><Serial>S</Serial></QueryOrderResponse>`), ""},
		"other operation":   {in(`<SendSMSResponse>` + lead + `</SendSMSResponse>`), "expected QueryOrderResponse"},
		"no code":           {in(`<QueryOrderResponse><RspDesc/></QueryOrderResponse>`), "RspCode is missing"},
		"a web page":        {`<html><body>Bad gateway</body></html>`, "not Envelope"},
		"not an envelope we know": {
			`<e:Envelope xmlns:e="urn:x"><e:Body><a/></e:Body></e:Envelope>`, `namespace is "urn:x"`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got carrier.QueryOrderResponse
			err := carrier.DecodeResponse([]byte(tt.xml), &got)
			if tt.problem == "" {
				want := carrier.QueryOrderResponse{Result: carrier.Result{RspCode: "0000"}, State: carrier.StateApplied, Serial: "S"}
				if diff := cmp.Diff(want, got); err != nil || diff != "" {
					t.Errorf("error %v, difference %s", err, diff)
				}
				return
			}
			if !errors.Is(err, carrier.ErrMalformed) || !strings.Contains(err.Error(), tt.problem) {
				t.Errorf("got %v, expected ErrMalformed with %q", err, tt.problem)
			}
		})
	}
}

// FuzzDecodeRequest holds that what was read can be written and read again to
// the same request, and that everything else is a fault with a reason.
func FuzzDecodeRequest(f *testing.F) {
	for _, v := range []carrier.Version{carrier.SOAP11, carrier.SOAP12} {
		for _, r := range requests() {
			f.Add(carrier.EncodeRequest(v, r))
		}
	}
	f.Add([]byte(in(order)))
	f.Add([]byte(`<!DOCTYPE a [<!ENTITY b "c">]>` + in(order)))
	f.Add([]byte(in(order + order)))
	f.Fuzz(func(t *testing.T, raw []byte) {
		call, err := carrier.DecodeRequest(raw)
		if err != nil {
			var fault *carrier.FaultError
			if !errors.As(err, &fault) || fault.Reason == "" || carrier.CheckFaultCode(fault.Code) != nil {
				t.Fatalf("not a fault to answer with: %#v", err)
			}
			back := carrier.DecodeResponse(carrier.EncodeFault(call.Version, fault), &carrier.SendSMSResponse{})
			if !errors.As(back, &fault) {
				t.Fatalf("the fault %v cannot be read back: %v", err, back)
			}
			return
		}
		again, err := carrier.DecodeRequest(carrier.EncodeRequest(call.Version, call.Request))
		if err != nil {
			t.Fatalf("%#v cannot be read back: %v", call.Request, err)
		}
		if diff := cmp.Diff(call, again); diff != "" {
			t.Fatal(diff)
		}
	})
}

// FuzzDecodeResponse holds that no answer of an upstream, however broken, does
// more than fail.
func FuzzDecodeResponse(f *testing.F) {
	for _, r := range responses() {
		f.Add(carrier.EncodeResponse(carrier.SOAP11, r))
	}
	f.Add(carrier.EncodeFault(carrier.SOAP12, carrier.Faultf("Server.Busy", "x")))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var r carrier.QueryUsageResponse
		err := carrier.DecodeResponse(raw, &r)
		var fault *carrier.FaultError
		if err != nil && !errors.Is(err, carrier.ErrMalformed) && !errors.As(err, &fault) {
			t.Fatalf("unexpected kind of error %#v", err)
		}
	})
}

func BenchmarkDecodeRequest(b *testing.B) {
	raw := carrier.EncodeRequest(carrier.SOAP11, requests()[1])
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := carrier.DecodeRequest(raw); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeResponse(b *testing.B) {
	raw := carrier.EncodeResponse(carrier.SOAP11, responses()[0])
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		var r carrier.QueryUsageResponse
		if err := carrier.DecodeResponse(raw, &r); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncodeRequest(b *testing.B) {
	r := requests()[1]
	b.ReportAllocs()
	for b.Loop() {
		if len(carrier.EncodeRequest(carrier.SOAP11, r)) == 0 {
			b.Fatal("nothing written")
		}
	}
}
