package mockwechat

import (
	"crypto/rsa"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"oalab/mockwechat/ledger"
	"oalab/mockwechat/pay"
)

// TestEarlyNotification: the merchant is told before the payer hears that the payment is made,
// and the order is paid by then. A try that fails goes on in the background.
func TestEarlyNotification(t *testing.T) {
	m := newTill(t)
	var heard atomic.Bool
	var states []string
	m.status = func(try int) int {
		got := m.raw(http.MethodGet, pathTrade+"TOPUP-EARLY?mchid="+mchID, nil, nil)
		var order struct {
			State string `json:"trade_state"`
		}
		if err := json.Unmarshal(got.body, &order); err != nil {
			t.Error(err)
		}
		if try == 1 {
			states = append(states, order.State+" "+strconv.FormatBool(heard.Load()))
			return http.StatusInternalServerError
		}
		return http.StatusNoContent
	}
	if _, err := m.pays(fan, m.prepay("TOPUP-EARLY"), -1); err != nil {
		t.Fatal(err)
	}
	heard.Store(true)
	first, second := m.told(), m.told()
	same(t, "state, and whether the payer had heard", []string{"SUCCESS false"}, states)
	same(t, "the second try", first.body, second.body)
}

// TestAPaymentIsMadeOnceHoweverOftenItIsTold: notifications come 1 to 4 times, early, late, out
// of order, and to a merchant that fails. Counted by transaction, the merchant has what the
// ledger says. Counted by notification, as a merchant must not, it has more.
func TestAPaymentIsMadeOnceHoweverOftenItIsTold(t *testing.T) {
	const orders = 20
	rng := rand.New(rand.NewPCG(13, 2))
	m := newTill(t)
	m.notices = make(chan notice, 10*orders)
	m.status = func(try int) int {
		if try%3 == 0 {
			return http.StatusServiceUnavailable
		}
		return http.StatusNoContent
	}
	copies := 0
	for i := range orders {
		number := m.number()
		sheet := m.prepay(number)
		after := make([]float64, 1+rng.IntN(4))
		for k := range after {
			after[k] = []float64{-1, 0, 0.01, 0.05}[(i+k)%4]
		}
		copies += len(after)
		if _, err := m.pays(fan, sheet, after...); err != nil {
			t.Fatal(err)
		}
		if _, err := m.pays(fan, sheet, after...); err == nil {
			t.Errorf("%s is paid twice", number)
		}
	}
	taken := func() (n int) {
		for _, line := range m.calls() {
			if line.Path == pay.PathNotify && line.Effect == ledger.EffectDelivered {
				n++
			}
		}
		return n
	}
	for deadline := time.Now().Add(20 * time.Second); taken() < copies; {
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d copies were taken", taken(), copies)
		}
	}
	var paid, naive int64
	bodies, book := map[string]string{}, map[string]int64{}
	var order []string
	for len(m.notices) > 0 {
		n := <-m.notices
		transaction := text(t, n.content, "transaction_id")
		if was, again := bodies[transaction]; again && was != n.body {
			t.Errorf("%s has two bodies", transaction)
		}
		if bodies[transaction] == "" {
			order = append(order, text(t, n.content, "out_trade_no"))
		}
		amount, _ := n.content["amount"].(map[string]any)
		total, _ := amount["total"].(float64)
		bodies[transaction], book[transaction] = n.body, int64(total)
		naive += int64(total)
	}
	for _, line := range m.calls() {
		if line.Effect == ledger.EffectPaid {
			paid += line.Fen
		}
	}
	var booked int64
	for _, fen := range book {
		booked += fen
	}
	if paid != orders*3000 || booked != paid || naive <= paid {
		t.Errorf("paid %d fen, booked by transaction %d, by notification %d", paid, booked, naive)
	}
	inOrder := true
	for i := 1; i < len(order); i++ {
		inOrder = inOrder && order[i-1] < order[i]
	}
	if inOrder {
		t.Error("no notification has overtaken another: the test shows nothing about it")
	}
}

// forgery is a notification made from a real one without the key.
type forgery struct {
	header http.Header
	body   string
}

// TestANotificationCannotBeForged: without the platform's key no signature is right, and without
// the merchant's APIv3 key no content opens; a real one passes the same checks.
func TestANotificationCannotBeForged(t *testing.T) {
	m := newTill(t)
	heard := make(chan forgery, 1)
	m.overhear = func(h http.Header, body []byte) { heard <- forgery{h.Clone(), string(body)} }
	m.paid()
	original := <-heard
	believe := func(f forgery) error { return m.genuine(f.header, []byte(f.body)) }
	if err := believe(original); err != nil {
		t.Fatalf("the real one: %v", err)
	}
	dearer := `{"event_type":"TRANSACTION.SUCCESS","resource":{}}`
	signed := func(key *rsa.PrivateKey, body string) forgery {
		f := forgery{original.header.Clone(), body}
		f.header.Set("Wechatpay-Signature", sign(key, f.header.Get("Wechatpay-Timestamp")+"\n"+f.header.Get("Wechatpay-Nonce")+"\n"+body+"\n"))
		return f
	}
	changed := func(name, value string) forgery {
		f := forgery{original.header.Clone(), original.body}
		f.header.Set(name, value)
		return f
	}
	for name, f := range map[string]forgery{
		"another body under a real signature": {original.header, dearer},
		"signed by a key of the forger's":     signed(otherKey(), dearer),
		"signed by the merchant's own key":    signed(merchantKey().key, dearer),
		"no signature":                        changed("Wechatpay-Signature", ""),
		"another time":                        changed("Wechatpay-Timestamp", strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10)),
		"another nonce":                       changed("Wechatpay-Nonce", "N"),
		"a certificate of the forger's":       changed("Wechatpay-Serial", "ABCDEF"),
	} {
		if err := believe(f); err == nil {
			t.Errorf("%s: believed", name)
		}
	}
	var n struct {
		Resource sealedThing `json:"resource"`
	}
	if err := json.Unmarshal([]byte(original.body), &n); err != nil {
		t.Fatal(err)
	}
	if _, err := n.Resource.opens(apiV3Key); err != nil {
		t.Errorf("the real content: %v", err)
	}
	if _, err := n.Resource.opens("0123456789abcdef0123456789ABCDEG"); err == nil {
		t.Error("the content opens under another key")
	}
}
