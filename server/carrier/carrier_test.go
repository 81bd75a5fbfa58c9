package carrier_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"oalab/server/carrier"
)

func requests() []carrier.Request {
	return []carrier.Request{
		&carrier.QueryUsageRequest{Msisdn: "13800000000", Month: "202601"},
		&carrier.OrderProductRequest{Serial: "0123456789ABCDEF", Msisdn: "13800000000", ProductCode: "P10"},
		&carrier.QueryOrderRequest{Serial: "0123456789ABCDEF"},
		&carrier.SendSMSRequest{Serial: "S1", Msisdn: "13800000000", Text: " a<b & ]]> \"流量\"\r\n"},
	}
}

func responses() []carrier.Response {
	ok := carrier.ResultOf(carrier.CodeOK)
	return []carrier.Response{
		&carrier.QueryUsageResponse{
			Result: ok, Msisdn: "13800000000", Month: "202601", AsOf: "2026-01-02T03:04:05Z", Receipt: "U1",
			Resources: []carrier.Resource{
				{Type: "data", Unit: "MB", Total: 1024, Used: 1030, Left: -6},
				{Type: "sms", Unit: "piece", Total: 5},
			},
		},
		&carrier.OrderProductResponse{Result: ok, Serial: "S1", OrderID: "C1"},
		&carrier.QueryOrderResponse{Result: ok, Serial: "S1", State: carrier.StateRefused, Refusal: carrier.CodeUnknownProduct},
		&carrier.SendSMSResponse{Result: carrier.ResultOf(carrier.CodeBadText), Serial: "S1"},
	}
}

func emptyResponse(op string) carrier.Response {
	switch op {
	case carrier.OpQueryUsage:
		return &carrier.QueryUsageResponse{}
	case carrier.OpOrderProduct:
		return &carrier.OrderProductResponse{}
	case carrier.OpQueryOrder:
		return &carrier.QueryOrderResponse{}
	case carrier.OpSendSMS:
		return &carrier.SendSMSResponse{}
	}
	return nil
}

func TestRequestsComeBackAsTheyWereWritten(t *testing.T) {
	for _, v := range []carrier.Version{carrier.SOAP11, carrier.SOAP12} {
		for _, want := range requests() {
			t.Run(v.String()+"/"+want.Operation(), func(t *testing.T) {
				call, err := carrier.DecodeRequest(carrier.EncodeRequest(v, want))
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(carrier.Call{Version: v, Operation: want.Operation(), Request: want}, call); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

func TestResponsesComeBackAsTheyWereWritten(t *testing.T) {
	for _, v := range []carrier.Version{carrier.SOAP11, carrier.SOAP12} {
		for _, want := range responses() {
			t.Run(v.String()+"/"+want.Operation(), func(t *testing.T) {
				got := emptyResponse(want.Operation())
				if err := carrier.DecodeResponse(carrier.EncodeResponse(v, want), got); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

func TestFaultsComeBackAsTheyWereWritten(t *testing.T) {
	faults := []*carrier.FaultError{
		{Code: carrier.FaultClient, Reason: "no <such> thing"},
		{Code: "Server.Busy", Reason: "later", Detail: "queue full"},
		{Code: carrier.FaultVersionMismatch, Reason: "what is this"},
		{Code: carrier.FaultMustUnderstand, Reason: "Security"},
	}
	for _, v := range []carrier.Version{carrier.SOAP11, carrier.SOAP12} {
		for _, want := range faults {
			t.Run(v.String()+"/"+want.Code, func(t *testing.T) {
				err := carrier.DecodeResponse(carrier.EncodeFault(v, want), &carrier.QueryOrderResponse{})
				var got *carrier.FaultError
				if !errors.As(err, &got) {
					t.Fatalf("got %v, expected a fault", err)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

func TestFaultFormsOnTheWire(t *testing.T) {
	fault := &carrier.FaultError{Code: "Client.Number", Reason: "r", Detail: "d"}
	want11 := `<soap:Fault><faultcode>soap:Client.Number</faultcode><faultstring>r</faultstring>` +
		`<detail><CarrierFault xmlns="urn:oalab:carrier:1"><Message>d</Message></CarrierFault></detail></soap:Fault>`
	if got := string(carrier.EncodeFault(carrier.SOAP11, fault)); !strings.Contains(got, want11) {
		t.Errorf("1.1 fault is\n%s\nexpected in it\n%s", got, want11)
	}
	want12 := `<soap:Fault><soap:Code><soap:Value>soap:Sender</soap:Value><soap:Subcode xmlns:c="urn:oalab:carrier:1">` +
		`<soap:Value>c:Number</soap:Value></soap:Subcode></soap:Code><soap:Reason><soap:Text xml:lang="en">r</soap:Text></soap:Reason>` +
		`<soap:Detail><CarrierFault xmlns="urn:oalab:carrier:1"><Message>d</Message></CarrierFault></soap:Detail></soap:Fault>`
	if got := string(carrier.EncodeFault(carrier.SOAP12, fault)); !strings.Contains(got, want12) {
		t.Errorf("1.2 fault is\n%s\nexpected in it\n%s", got, want12)
	}
}

func TestFaultStatus(t *testing.T) {
	tests := []struct {
		code    string
		version carrier.Version
		want    int
	}{
		{"Client", carrier.SOAP11, 500},
		{"Client.Number", carrier.SOAP12, 400},
		{"Server.Busy", carrier.SOAP11, 500},
		{"Server", carrier.SOAP12, 500},
		{"VersionMismatch", carrier.SOAP12, 500},
	}
	for _, tt := range tests {
		fault := &carrier.FaultError{Code: tt.code}
		if got := fault.Status(tt.version); got != tt.want {
			t.Errorf("%s in %s has the status %d, expected %d", tt.code, tt.version, got, tt.want)
		}
		if got, want := fault.Temporary(), strings.HasPrefix(tt.code, "Server"); got != want {
			t.Errorf("%s is temporary: %t, expected %t", tt.code, got, want)
		}
	}
}

func TestCheckFaultCode(t *testing.T) {
	for _, good := range []string{"Client", "Server.Busy", "Server.Busy.Deep", "MustUnderstand"} {
		if err := carrier.CheckFaultCode(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"", "Busy", "Server.", "Server.<x>", "Server.1", "Sender"} {
		if err := carrier.CheckFaultCode(bad); err == nil {
			t.Errorf("%q passed", bad)
		}
	}
}

func TestResultErr(t *testing.T) {
	ok := carrier.ResultOf(carrier.CodeOK)
	if err := ok.Err(); err != nil {
		t.Errorf("success is the error %v", err)
	}
	tests := []struct {
		code  carrier.Code
		final bool
	}{{carrier.CodeUnknownProduct, true}, {"1999", true}, {carrier.CodeBusy, false}, {"9999", false}, {"10", false}}
	for _, tt := range tests {
		r := carrier.ResultOf(tt.code)
		var refused *carrier.RefusedError
		if !errors.As(r.Err(), &refused) {
			t.Fatalf("%s: got %v, expected a refusal", tt.code, r.Err())
		}
		if refused.Final() != tt.final || refused.Desc == "" {
			t.Errorf("%s: final %t with text %q, expected final %t and a text", tt.code, refused.Final(), refused.Desc, tt.final)
		}
	}
}
