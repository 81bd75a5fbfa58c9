package mockwechat

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"oalab/mockwechat/ledger"
	"oalab/mockwechat/pay"
)

// TestTopUpFromOrderToRefund goes the whole way of BIZ-8 over real sockets: order, payment,
// notification, queries, refund in two parts, their notifications and queries.
func TestTopUpFromOrderToRefund(t *testing.T) {
	m := newTill(t)
	const number = "TOPUP000000"
	query := pathTrade + number + "?mchid=" + mchID
	sheet := m.prepay(number)
	if again := m.prepay(number); again.Package != sheet.Package {
		t.Errorf("the same order has %s, then %s", sheet.Package, again.Package)
	}
	if got := m.must(http.StatusOK, http.MethodGet, query, nil); got["trade_state"] != "NOTPAY" || got["transaction_id"] != nil {
		t.Errorf("before the payment: %v", got)
	}
	transaction, err := m.pays(fan, sheet)
	if err != nil || len(transaction) != 28 {
		t.Fatalf("transaction %q, %v", transaction, err)
	}
	told := m.told()
	shows := m.must(http.StatusOK, http.MethodGet, query, nil)
	if told.event != "TRANSACTION.SUCCESS" || shows["trade_state"] != "SUCCESS" || shows["transaction_id"] != transaction {
		t.Errorf("told %v, query %v", told, shows)
	}
	same(t, "the notification says what the query says", shows, told.content)
	same(t, "both numbers", shows, m.must(http.StatusOK, http.MethodGet, "/v3/pay/transactions/id/"+transaction+"?mchid="+mchID, nil))

	for i, fen := range []int{1000, 2000} {
		refund := m.refund(m.number(), number, fen)
		refund["notify_url"] = m.url
		first := m.must(http.StatusOK, http.MethodPost, pathRefund, refund)
		if first["status"] != "PROCESSING" || first["transaction_id"] != transaction {
			t.Errorf("refund %d: %v", i, first)
		}
		told := m.told()
		if told.event != "REFUND.SUCCESS" || told.content["refund_status"] != "SUCCESS" || told.content["refund_id"] != first["refund_id"] {
			t.Errorf("told %v of %v", told, first)
		}
		asked := m.must(http.StatusOK, http.MethodGet, pathRefund+"/"+text(t, first, "out_refund_no"), nil)
		same(t, "the same refund again", asked, m.must(http.StatusOK, http.MethodPost, pathRefund, refund))
		if asked["status"] != "SUCCESS" || asked["success_time"] == nil {
			t.Errorf("refund %v", asked)
		}
	}
	if got := m.must(http.StatusOK, http.MethodGet, query, nil); got["trade_state"] != "REFUND" {
		t.Errorf("after the refunds: %v", got)
	}
	var in, out int64
	for _, line := range m.calls() {
		if line.Effect == ledger.EffectPaid {
			in += line.Fen
		}
		if line.Effect == ledger.EffectRefunded {
			out += line.Fen
		}
		if line.Kind != ledger.KindPay || line.Account != "demo" {
			t.Errorf("ledger %+v", line)
		}
	}
	if in != 3000 || out != 3000 {
		t.Errorf("the ledger has %d fen in, %d out", in, out)
	}
}

func TestClosedOrderIsNotPaid(t *testing.T) {
	m := newTill(t)
	sheet := m.prepay("TOPUP-CLOSED")
	for range 2 {
		m.must(http.StatusNoContent, http.MethodPost, pathTrade+"TOPUP-CLOSED/close", obj{"mchid": mchID})
	}
	if _, err := m.pays(fan, sheet); err == nil {
		t.Error("a closed order is paid")
	}
	late := m.must(http.StatusOK, http.MethodPost, pathPrepay, m.order("TOPUP-LATE", obj{"time_expire": m.clock.now().Add(time.Hour).Format(time.RFC3339)}))
	m.clock.advance(time.Hour)
	if _, err := m.pays(fan, sheetOf(text(t, late, "prepay_id"), merchantKey().key)); err == nil {
		t.Error("an order is paid after its end")
	}
	for _, number := range []string{"TOPUP-CLOSED", "TOPUP-LATE"} {
		if got := m.must(http.StatusOK, http.MethodGet, pathTrade+number+"?mchid="+mchID, nil); got["trade_state"] != "CLOSED" {
			t.Errorf("%s: %v", number, got)
		}
	}
	old := m.prepay("TOPUP-TWO-HOURS")
	m.clock.advance(2 * time.Hour)
	if _, err := m.pays(fan, old); err == nil {
		t.Error("paid with a prepay_id of two hours ago")
	}
	if _, err := m.pays(fan, m.prepay("TOPUP-TWO-HOURS")); err != nil {
		t.Errorf("the same order again: %v", err)
	}
	m.told()
}

// TestOnlyTheMerchantsSheetIsPaid: a payment cannot be made without the merchant's key, for
// another payer, or twice; the refused ones change nothing.
func TestOnlyTheMerchantsSheetIsPaid(t *testing.T) {
	m := newTill(t)
	good := m.prepay("TOPUP-SHEET")
	id := strings.TrimPrefix(good.Package, "prepay_id=")
	dearer := m.prepay("TOPUP-DEARER")
	swapped := good
	swapped.Package = dearer.Package
	md5, app := good, good
	md5.SignType, app.AppID = "MD5", "wxother"
	for name, try := range map[string]struct {
		openID string
		sheet  pay.Sheet
	}{
		"another key":         {fan, sheetOf(id, otherKey())},
		"no signature":        {fan, pay.Sheet{AppID: "wxdemo", Package: good.Package, SignType: "RSA"}},
		"another order":       {fan, swapped},
		"another way to sign": {fan, md5},
		"another account":     {fan, app},
		"another payer":       {crowd.OpenID(3), good},
		"no such order":       {fan, sheetOf("wx1", merchantKey().key)},
	} {
		if _, err := m.pays(try.openID, try.sheet); err == nil || !strings.HasPrefix(err.Error(), "400 ") {
			t.Errorf("%s: %v", name, err)
		}
		if last := m.asked(); last.Effect != ledger.EffectRefused || last.Path != pay.PathPayer || last.Reply == "" {
			t.Errorf("%s: ledger %+v", name, last)
		}
	}
	// Of many at once one pays.
	var group sync.WaitGroup
	wins := make(chan string, 8)
	for range 8 {
		group.Go(func() {
			if transaction, err := m.payments.Pay(fan, good, nil); err == nil {
				wins <- transaction
			}
		})
	}
	group.Wait()
	if len(wins) != 1 {
		t.Errorf("paid %d times", len(wins))
	}
	m.told()
}

// TestNotificationIsRepeatedUntilItIsTaken: every try and every copy has the same body and a
// signature of its own.
func TestNotificationIsRepeatedUntilItIsTaken(t *testing.T) {
	m := newTill(t)
	m.status = func(try int) int {
		return []int{http.StatusInternalServerError, http.StatusFound, http.StatusCreated, http.StatusOK, http.StatusNoContent}[try-1]
	}
	if _, err := m.pays(fan, m.prepay("TOPUP-TRIES")); err != nil {
		t.Fatal(err)
	}
	first := m.told()
	for range 3 {
		same(t, "a further try", first.body, m.told().body)
	}
	deadline := time.Now().Add(10 * time.Second)
	for { // the last line is written after the merchant has answered
		if time.Now().After(deadline) {
			t.Fatal("the ledger has no fourth try")
		}
		var tries []int
		for _, line := range m.calls() {
			if line.Path == pay.PathNotify {
				tries = append(tries, line.Status)
			}
		}
		if len(tries) == 4 {
			same(t, "tries in the ledger", []int{500, 302, 201, 200}, tries)
			break
		}
	}
	if last := m.last(); last.Try != 4 || last.Effect != ledger.EffectDelivered || last.MsgID != first.id || last.Trade != "TOPUP-TRIES" {
		t.Errorf("ledger %+v", last)
	}
}

func TestNotificationIsSentInCopies(t *testing.T) {
	m := newTill(t)
	if _, err := m.pays(fan, m.prepay("TOPUP-COPIES"), 0, 0, 0.05); err != nil {
		t.Fatal(err)
	}
	first := m.told()
	for range 2 {
		if copied := m.told(); copied.id != first.id || copied.body != first.body {
			t.Errorf("copy %s of %s", copied.id, first.id)
		}
	}
}

// TestCertificateRotation: a client that fetches between add and use can verify at all times.
func TestCertificateRotation(t *testing.T) {
	m := newTill(t)
	step := func(name string) (listed []string, signing string) {
		w := m.control(http.MethodPost, "/control/pay/certificate", `{"step":"`+name+`"}`)
		var got struct {
			Listed  []string `json:"listed"`
			Signing string   `json:"signing"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != http.StatusOK {
			t.Fatalf("%d %s, %v", w.Code, w.Body, err)
		}
		return got.Listed, got.Signing
	}
	old := m.fetch()
	listed, signing := step(pay.StepAdd)
	if len(listed) != 2 || signing != old[0] {
		t.Errorf("added: %v, %s signs", listed, signing)
	}
	fresh := m.fetch()
	if _, signing = step(pay.StepUse); signing != fresh[0] || fresh[1] != old[0] {
		t.Errorf("%s signs, fetched were %v", signing, fresh)
	}
	m.paid() // verified by the new one
	if listed, _ = step(pay.StepDrop); !slices.Equal(listed, []string{signing}) || !slices.Equal(m.fetch(), listed) {
		t.Errorf("listed %v", listed)
	}
	if w := m.control(http.MethodPost, "/control/pay/certificate", `{"step":"burn"}`); w.Code != http.StatusBadRequest {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestPayFaults: an injected error does nothing, a lost answer has done its work.
func TestPayFaults(t *testing.T) {
	m := newTill(t)
	set := func(rules string) {
		if w := m.control(http.MethodPut, "/control/faults", rules); w.Code != http.StatusOK {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	set(`[{"match":{"path":"/v3/pay/transactions/jsapi","account":"demo"},"status":503}]`)
	got := m.raw(http.MethodPost, pathPrepay, m.order("TOPUP-FAULT", nil), nil)
	if got.status != http.StatusServiceUnavailable || !strings.Contains(string(got.body), `"SYSTEM_ERROR"`) {
		t.Errorf("%d %s", got.status, got.body)
	}
	set(`[]`)
	if got := m.raw(http.MethodGet, pathTrade+"TOPUP-FAULT?mchid="+mchID, nil, nil); got.status != http.StatusNotFound {
		t.Errorf("the refused order is there: %d %s", got.status, got.body)
	}
	order, _ := m.paid()
	set(`[{"match":{"path":"` + pathRefund + `"},"action":"answer_lost"}]`)
	if got, err := m.do(http.MethodPost, pathRefund, m.refund("REFUND-LOST", order, 3000), nil); err == nil {
		t.Errorf("the answer came: %d %s", got.status, got.body)
	}
	set(`[]`)
	if got := m.must(http.StatusOK, http.MethodGet, pathRefund+"/REFUND-LOST", nil); got["status"] != "SUCCESS" {
		t.Errorf("refund %v", got)
	}
}

func TestAResetForgetsOrders(t *testing.T) {
	m := newTill(t)
	number, _ := m.paid()
	if err := m.Reset(); err != nil {
		t.Fatal(err)
	}
	if got := m.raw(http.MethodGet, pathTrade+number+"?mchid="+mchID, nil, nil); got.status != http.StatusNotFound {
		t.Errorf("%d %s", got.status, got.body)
	}
}
