package carrier_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"oalab/server/carrier"
)

func requests() []carrier.Request {
	const serial, phone = "0123456789ABCDEF", "13800000000"
	return []carrier.Request{
		&carrier.QueryUsageRequest{Msisdn: phone, Month: "202601"},
		&carrier.OrderProductRequest{Serial: serial, Msisdn: phone, ProductCode: "P10"},
		&carrier.QueryOrderRequest{Serial: serial},
		&carrier.SendSMSRequest{Serial: "S1", Msisdn: phone, Text: " a<b & ]]> \"流量\"\r\n"},
		&carrier.QueryBillDayRequest{Msisdn: phone, Day: "20260102", ClientIP: "192.0.2.1"},
		&carrier.QueryBillMonthRequest{Msisdn: phone, Month: "202601"},
		&carrier.QueryPackageRequest{Msisdn: phone, ClientIP: "2001:db8::1"},
		&carrier.QueryPointsRequest{Msisdn: phone},
		&carrier.QueryPointsHistoryRequest{Msisdn: phone, Count: 50},
		&carrier.ChangePackageRequest{Serial: serial, Msisdn: phone, PackageCode: "M38", Effective: carrier.EffectiveNextMonth},
		&carrier.RedeemDataRequest{Serial: serial, Msisdn: phone, MB: 500, Campaign: "A1"},
		&carrier.TopUpRequest{Serial: serial, Msisdn: phone, Fen: 5000},
		&carrier.QueryBalanceRequest{Msisdn: phone},
		&carrier.CheckPasswordRequest{Msisdn: phone, Password: "123456"},
		&carrier.QueryNumberRequest{Msisdn: phone},
		&carrier.SendCodeRequest{Serial: serial, Msisdn: phone, Code: "012345", Minutes: 5},
		&carrier.QueryOrderRequest{Serial: serial, Called: carrier.OpTopUp},
	}
}

func responses() []carrier.Response {
	const phone = "13800000000"
	ok := carrier.ResultOf(carrier.CodeOK)
	bill := []carrier.BillItem{{Name: "套餐月费", Fen: 3800}, {Name: "优惠", Fen: -200}}
	return []carrier.Response{
		&carrier.QueryUsageResponse{
			Result: ok, Msisdn: phone, Month: "202601", AsOf: "2026-01-02T03:04:05Z", Receipt: "U1",
			Resources: []carrier.Resource{
				{Type: "data", Unit: "MB", Total: 1024, Used: 1030, Left: -6},
				{Type: "sms", Unit: "piece", Total: 5},
			},
		},
		&carrier.OrderProductResponse{Result: ok, Serial: "S1", OrderID: "C1"},
		&carrier.QueryOrderResponse{Result: ok, Serial: "S1", State: carrier.StateRefused, Refusal: carrier.CodeUnknownProduct},
		&carrier.SendSMSResponse{Result: carrier.ResultOf(carrier.CodeBadText), Serial: "S1"},
		&carrier.QueryBillDayResponse{Result: ok, Msisdn: phone, Day: "20260102", Fen: 3600, Items: bill},
		&carrier.QueryBillMonthResponse{Result: ok, Msisdn: phone, Month: "202601", Fen: 3600, Items: bill},
		&carrier.QueryPackageResponse{
			Result: ok, Msisdn: phone, PackageCode: "M38", PackageName: "38元", Fen: 3800, NextCode: "M58", NextName: "58元",
			AsOf: "2026-01-02T03:04:05Z", Resources: []carrier.Resource{{Type: "wlan", Unit: "minute", Total: 600, Used: 1, Left: 599}},
		},
		&carrier.QueryPointsResponse{Result: ok, Msisdn: phone, Points: 1200, Expiring: 100, ExpireOn: "20261231"},
		&carrier.QueryPointsHistoryResponse{Result: ok, Msisdn: phone, Changes: []carrier.PointsChange{{Day: "20260131", Points: -5, Reason: "兑换"}}},
		&carrier.ChangePackageResponse{Result: ok, Serial: "S1", OrderID: "C1"},
		&carrier.RedeemDataResponse{Result: ok, Serial: "S1", OrderID: "C1"},
		&carrier.TopUpResponse{Result: ok, Serial: "S1", OrderID: "C1", Balance: 5000},
		&carrier.QueryBalanceResponse{Result: ok, Msisdn: phone, Balance: -1, AsOf: "2026-01-02T03:04:05Z"},
		&carrier.CheckPasswordResponse{Result: carrier.ResultOf(carrier.CodeWrongPassword), Msisdn: phone, Left: 2},
		&carrier.QueryNumberResponse{Result: ok, Msisdn: phone, Carrier: "mobile", Own: "true", Province: "广东", City: "深圳"},
		&carrier.SendCodeResponse{Result: ok, Serial: "S1", MessageID: "M1"},
	}
}

// TestMessagesOfAllOperations: the tests of this file have a request and a response of each
// operation, and each is found by its name.
func TestMessagesOfAllOperations(t *testing.T) {
	asked, answered := map[string]bool{}, map[string]bool{}
	for _, r := range requests() {
		asked[r.Operation()] = true
	}
	for _, r := range responses() {
		answered[r.Operation()] = true
	}
	for _, op := range carrier.Operations() {
		request, response := carrier.NewRequest(op), carrier.NewResponse(op)
		if !asked[op] || !answered[op] || !carrier.Known(op) || request.Operation() != op || response.Operation() != op {
			t.Errorf("%s: request %T, response %T", op, request, response)
		}
		if !slices.Contains(carrier.Families(), carrier.FamilyOf(op)) {
			t.Errorf("%s is of the family %q", op, carrier.FamilyOf(op))
		}
	}
	if carrier.Known("Nope") || carrier.NewRequest("Nope") != nil || carrier.NewResponse("Nope") != nil || carrier.Repeatable("Nope") || carrier.FamilyOf("Nope") != "" {
		t.Error("an operation that does not exist is known")
	}
}

// TestCodesHaveTexts: each result code has a text of its own.
func TestCodesHaveTexts(t *testing.T) {
	texts := map[string]carrier.Code{}
	for _, c := range carrier.Codes() {
		if other, taken := texts[c.Desc()]; taken || c.Desc() == "refused" || c.Desc() == "system error" || len(c) != 4 {
			t.Errorf("%s has the text %q, and so has %q", c, c.Desc(), other)
		}
		texts[c.Desc()] = c
	}
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
				got := carrier.NewResponse(want.Operation())
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
