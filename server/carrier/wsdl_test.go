package carrier_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"oalab/server/carrier"
)

const wsdl = `<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/"
 xmlns:s12="http://schemas.xmlsoap.org/wsdl/soap12/" xmlns:t="urn:oalab:carrier:1" targetNamespace="urn:oalab:carrier:1">
<wsdl:binding name="B11" type="t:P"><s:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
<wsdl:operation name="QueryUsage"><s:operation soapAction="urn:QueryUsage"/></wsdl:operation>
<wsdl:operation name="OrderProduct"><s:operation soapAction="urn:OrderProduct"/></wsdl:operation>
<wsdl:operation name="QueryOrder"><s:operation soapAction="urn:QueryOrder"/></wsdl:operation>
<wsdl:operation name="SendSMS"><s:operation soapAction="urn:SendSMS"/></wsdl:operation>
<wsdl:operation name="Later"><s:operation soapAction="urn:Later"/></wsdl:operation></wsdl:binding>
<wsdl:binding name="B12" type="t:P"><s12:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/></wsdl:binding>
<wsdl:service name="S"><wsdl:port name="A" binding="t:B11"><s:address location="http://h:1/carrier"/></wsdl:port>
<wsdl:port name="B" binding="t:B12"><s12:address location="http://h:2/carrier"/></wsdl:port></wsdl:service></wsdl:definitions>`

func TestReadWSDL(t *testing.T) {
	got, err := carrier.ReadWSDL([]byte(wsdl))
	if err != nil {
		t.Fatal(err)
	}
	want := carrier.Description{
		Addresses: map[carrier.Version]string{carrier.SOAP11: "http://h:1/carrier", carrier.SOAP12: "http://h:2/carrier"},
		Actions: map[string]string{
			"QueryUsage": "urn:QueryUsage", "OrderProduct": "urn:OrderProduct", "QueryOrder": "urn:QueryOrder", "SendSMS": "urn:SendSMS",
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWrongWSDL(t *testing.T) {
	tests := map[string]struct{ from, to, problem string }{
		"not WSDL":          {"http://schemas.xmlsoap.org/wsdl/\"", "http://www.w3.org/ns/wsdl\"", "not the definitions"},
		"other service":     {`targetNamespace="urn:oalab:carrier:1"`, `targetNamespace="urn:other"`, `"urn:other"`},
		"operation missing": {`operation name="SendSMS"`, `operation name="SendMail"`, "the operation SendSMS"},
		"rpc":               {`style="document"`, `style="rpc"`, `style "rpc"`},
		"over mail":         {"http://schemas.xmlsoap.org/soap/http", "http://schemas.xmlsoap.org/soap/smtp", "smtp"},
		"no address":        {"location=", "elsewhere=", "no port has an address"},
		"document type":     {"<wsdl:definitions", "<!DOCTYPE a><wsdl:definitions", "document types"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			text := strings.ReplaceAll(wsdl, tt.from, tt.to)
			if text == wsdl {
				t.Fatal("the mutation changed nothing")
			}
			_, err := carrier.ReadWSDL([]byte(text))
			if !errors.Is(err, carrier.ErrMalformed) || !strings.Contains(err.Error(), tt.problem) {
				t.Errorf("got %v, expected ErrMalformed with %q", err, tt.problem)
			}
		})
	}
}
