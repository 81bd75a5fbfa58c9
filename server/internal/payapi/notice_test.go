package payapi

import "testing"

// TestReadContent: what Pay seals in a notification of a payment and of a refund.
func TestReadContent(t *testing.T) {
	t.Parallel()
	n, mch, app, err := readContent("TRANSACTION.SUCCESS", []byte(`{"appid":"wx1","mchid":"19","out_trade_no":"T1","transaction_id":"42","trade_state":"SUCCESS","amount":{"total":3000,"payer_total":3000}}`))
	if want := (Payment{"T1", Paid, "42", 3000}); err != nil || mch != "19" || app != "wx1" || n.Payment != want || !n.Payment.Made() || n.Refund != "" {
		t.Errorf("payment: %+v, %s, %s, %v", n, mch, app, err)
	}
	n, mch, _, err = readContent("REFUND.SUCCESS", []byte(`{"mchid":"19","out_trade_no":"T1","out_refund_no":"RT1","refund_status":"SUCCESS","amount":{"total":3000,"refund":2000}}`))
	if err != nil || mch != "19" || n.Refund != "RT1" || n.RefundOf != "T1" || n.RefundState != RefundDone || n.RefundFen != 2000 || n.Payment.Made() {
		t.Errorf("refund: %+v, %s, %v", n, mch, err)
	}
	for _, bad := range []string{"", "[]", `{"amount":{"total":"x"}}`, `{"mchid":1}`} {
		if _, _, _, err := readContent("TRANSACTION.SUCCESS", []byte(bad)); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
}

// FuzzReadContent: no content makes a payment that Pay does not name as made.
func FuzzReadContent(f *testing.F) {
	f.Add("TRANSACTION.SUCCESS", []byte(`{"mchid":"19","out_trade_no":"T1","trade_state":"NOTPAY","amount":{"total":1}}`))
	f.Add("REFUND.SUCCESS", []byte(`{"mchid":"19","out_refund_no":"R","amount":{"refund":1}}`))
	f.Fuzz(func(t *testing.T, event string, text []byte) {
		n, _, _, err := readContent(event, text)
		if err != nil && n.Payment.Made() || n.Refund != "" && n.Payment.Made() {
			t.Errorf("%s %q: %+v, %v", event, text, n, err)
		}
	})
}
