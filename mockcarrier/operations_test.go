package mockcarrier_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"oalab/chaos/upstream"
	"oalab/mockcarrier"
	"oalab/mockcarrier/ledger"
	"oalab/server/carrier"
)

func TestOperations(t *testing.T) {
	b := start(t, mockcarrier.Config{Products: []string{"P10"}})
	ok := carrier.ResultOf(carrier.CodeOK)
	refused := func(c carrier.Code) carrier.Result { return carrier.ResultOf(c) }
	tests := []struct {
		name      string
		in        carrier.Request
		out, want carrier.Response
	}{
		{
			"order", &carrier.OrderProductRequest{Serial: "A", Msisdn: phone, ProductCode: "P10"},
			&carrier.OrderProductResponse{}, &carrier.OrderProductResponse{Result: ok, Serial: "A"},
		},
		{
			"the same serial again", &carrier.OrderProductRequest{Serial: "A", Msisdn: phone, ProductCode: "P10"},
			&carrier.OrderProductResponse{}, &carrier.OrderProductResponse{Result: ok, Serial: "A"},
		},
		{
			"the same serial, other number", &carrier.OrderProductRequest{Serial: "A", Msisdn: "13800000001", ProductCode: "P10"},
			&carrier.OrderProductResponse{}, &carrier.OrderProductResponse{Result: refused(carrier.CodeSerialReused), Serial: "A"},
		},
		{
			"the same serial, other product", &carrier.OrderProductRequest{Serial: "A", Msisdn: phone, ProductCode: "P99"},
			&carrier.OrderProductResponse{}, &carrier.OrderProductResponse{Result: refused(carrier.CodeSerialReused), Serial: "A"},
		},
		{
			"unknown product", &carrier.OrderProductRequest{Serial: "B", Msisdn: phone, ProductCode: "P99"},
			&carrier.OrderProductResponse{}, &carrier.OrderProductResponse{Result: refused(carrier.CodeUnknownProduct), Serial: "B"},
		},
		{
			"no number", &carrier.OrderProductRequest{Serial: "C", Msisdn: "1380000000x", ProductCode: "P10"},
			&carrier.OrderProductResponse{}, &carrier.OrderProductResponse{Result: refused(carrier.CodeBadNumber), Serial: "C"},
		},
		{
			"state of an applied order", &carrier.QueryOrderRequest{Serial: "A"},
			&carrier.QueryOrderResponse{}, &carrier.QueryOrderResponse{Result: ok, Serial: "A", State: carrier.StateApplied},
		},
		{
			"state of a refused order", &carrier.QueryOrderRequest{Serial: "B"},
			&carrier.QueryOrderResponse{}, &carrier.QueryOrderResponse{Result: ok, Serial: "B", State: carrier.StateRefused, Refusal: carrier.CodeUnknownProduct},
		},
		{
			"state of no order", &carrier.QueryOrderRequest{Serial: "Z"},
			&carrier.QueryOrderResponse{}, &carrier.QueryOrderResponse{Result: ok, Serial: "Z", State: carrier.StateUnknown},
		},
		{
			"text, with the serial of an order", &carrier.SendSMSRequest{Serial: "A", Msisdn: phone, Text: "验证码 1234"},
			&carrier.SendSMSResponse{}, &carrier.SendSMSResponse{Result: ok, Serial: "A"},
		},
		{
			"text too long", &carrier.SendSMSRequest{Serial: "S2", Msisdn: phone, Text: strings.Repeat("长", 501)},
			&carrier.SendSMSResponse{}, &carrier.SendSMSResponse{Result: refused(carrier.CodeBadText), Serial: "S2"},
		},
		{
			"usage of no month", &carrier.QueryUsageRequest{Msisdn: phone, Month: "202613"},
			&carrier.QueryUsageResponse{}, &carrier.QueryUsageResponse{Result: refused(carrier.CodeBadMonth)},
		},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := []carrier.Version{carrier.SOAP11, carrier.SOAP12}[i%2]
			if err := b.call(t.Context(), v, tt.in, tt.out); err != nil {
				t.Fatal(err)
			}
			numbers := cmp.FilterPath(func(p cmp.Path) bool {
				return p.Last().String() == ".OrderID" || p.Last().String() == ".MessageID"
			}, cmp.Ignore())
			if diff := cmp.Diff(tt.want, tt.out, numbers); diff != "" {
				t.Error(diff)
			}
		})
	}
	want := []ledger.Entry{
		{Op: "OrderProduct", Serial: "A", Phone: phone, Code: "P10", Effect: "applied", Answered: true},
		{Op: "OrderProduct", Serial: "A", Phone: phone, Code: "P10", Effect: "repeated", Answered: true},
		{Op: "OrderProduct", Serial: "A", Phone: "13800000001", Code: "P10", Effect: "refused", Answered: true},
		{Op: "OrderProduct", Serial: "A", Phone: phone, Code: "P99", Effect: "refused", Answered: true},
		{Op: "OrderProduct", Serial: "B", Phone: phone, Code: "P99", Effect: "refused", Answered: true},
		{Op: "OrderProduct", Serial: "C", Phone: "1380000000x", Code: "P10", Effect: "refused", Answered: true},
		{Op: "SendSMS", Serial: "A", Phone: phone, Effect: "applied", Answered: true, Text: "验证码 1234"},
		{Op: "SendSMS", Serial: "S2", Phone: phone, Effect: "refused", Answered: true},
		{Op: "QueryUsage", Phone: phone, Effect: "refused", Answered: true},
	}
	if diff := cmp.Diff(want, b.lines(t, ""), cmpopts.IgnoreFields(ledger.Entry{}, "At", "TookS")); diff != "" {
		t.Errorf("ledger: %s", diff)
	}
}

func TestRepeatedOrderHasTheFirstNumber(t *testing.T) {
	b := start(t, mockcarrier.Config{})
	first, second, other := b.order(t, "A", "P"), b.order(t, "A", "P"), b.order(t, "B", "P")
	if first.OrderID == "" || first.OrderID != second.OrderID || first.OrderID == other.OrderID {
		t.Errorf("order numbers %q, %q and %q of another, expected the first two the same", first.OrderID, second.OrderID, other.OrderID)
	}
}

func TestEveryUsageAnswerDiffers(t *testing.T) {
	b := start(t, mockcarrier.Config{})
	var receipts []string
	used := int64(-1)
	for range 20 {
		var out carrier.QueryUsageResponse
		if err := b.call(t.Context(), carrier.SOAP11, &carrier.QueryUsageRequest{Msisdn: phone, Month: "202601"}, &out); err != nil {
			t.Fatal(err)
		}
		if err := out.Err(); err != nil || len(out.Resources) != 3 {
			t.Fatalf("answer %+v with %v, expected three resources", out, err)
		}
		for _, r := range out.Resources {
			if r.Used < 0 || r.Left < 0 || r.Used+r.Left != r.Total {
				t.Errorf("%+v does not add up", r)
			}
		}
		if slices.Contains(receipts, out.Receipt) || out.Resources[0].Used == used {
			t.Errorf("receipt %s and data used %d came before", out.Receipt, used)
		}
		receipts, used = append(receipts, out.Receipt), out.Resources[0].Used
	}
}

func TestWithoutDedupEveryCallApplies(t *testing.T) {
	b := start(t, mockcarrier.Config{NoDedup: true})
	b.order(t, "A", "P")
	b.order(t, "A", "P")
	if out := b.order(t, "A", "Q"); out.RspCode != carrier.CodeOK {
		t.Errorf("another body is refused (%+v) by a carrier that knows no serials", out)
	}
	if got := effects(b.lines(t, "")); got != "applied applied applied" {
		t.Errorf("effects %s, expected three applied", got)
	}
}

// TestSameSerialAtOnce holds that calls with one serial at the same time take
// effect once, also when all are held up together.
func TestSameSerialAtOnce(t *testing.T) {
	b := start(t, mockcarrier.Config{})
	b.rules(t, upstream.Rule{Latency: &upstream.Latency{Dist: "lognormal", MedianS: 0.01, Sigma: 1}})
	var all sync.WaitGroup
	const serials, callers = 10, 8
	for i := range serials * callers {
		all.Go(func() {
			var out carrier.OrderProductResponse
			in := &carrier.OrderProductRequest{Serial: fmt.Sprintf("S%d", i%serials), Msisdn: phone, ProductCode: "P"}
			if err := b.call(t.Context(), carrier.SOAP11, in, &out); err != nil || out.RspCode != carrier.CodeOK {
				t.Errorf("%s: %+v, %v", in.Serial, out, err)
			}
		})
	}
	all.Wait()
	applied, repeated := map[string]int{}, 0
	for _, e := range b.lines(t, "op=OrderProduct") {
		switch e.Effect {
		case ledger.EffectApplied:
			applied[e.Serial]++
		case ledger.EffectRepeated:
			repeated++
		default:
			t.Errorf("unexpected line %+v", e)
		}
	}
	for serial, n := range applied {
		if n != 1 {
			t.Errorf("%s was applied %d times", serial, n)
		}
	}
	if len(applied) != serials || repeated != serials*(callers-1) {
		t.Errorf("%d serials applied and %d calls repeated, expected %d and %d", len(applied), repeated, serials, serials*(callers-1))
	}
}

func TestMemoryForSerialsIsBounded(t *testing.T) {
	b := start(t, mockcarrier.Config{MaxSerials: 2})
	b.order(t, "A", "P")
	b.order(t, "B", "P")
	if out := b.order(t, "C", "P"); out.RspCode != carrier.CodeBusy {
		t.Errorf("the third serial of two was answered %s, expected %s", out.RspCode, carrier.CodeBusy)
	}
	if out := b.order(t, "A", "P"); out.RspCode != carrier.CodeOK {
		t.Errorf("a known serial was answered %s", out.RspCode)
	}
	if got := effects(b.lines(t, "")); got != "applied applied none repeated" {
		t.Errorf("effects %s", got)
	}
}
