package mockwechat

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"oalab/mockwechat/ledger"
	"oalab/mockwechat/pay"
	"oalab/mockwechat/platform"
)

const (
	mchID    = "1900000001"
	apiV3Key = "0123456789abcdef0123456789ABCDEF"
)

// till is a merchant's back end against the mock, over a real socket.
type till struct {
	*shop
	notices chan notice // what it was told, verified and decrypted
	status  func(try int) int
	// overhear, when it is set, hears each notification as it came.
	overhear func(http.Header, []byte)
	url      string // of its notifications
	serial   int
	trusts   map[string]*x509.Certificate
	tries    int
	mu       sync.Mutex
}

// notice is a notification as it came.
type notice struct {
	id, event, body string
	content         map[string]any
}

func merchantAccount() Account {
	a := demoAccount()
	a.Pay = platform.Merchant{MchID: mchID, APIv3Key: apiV3Key, Certificate: merchantKey().cert, NotifySpeed: 10_000}
	return a
}

// secondMerchant is the other account, with a merchant that has the same key.
func secondMerchant() Account {
	a := otherAccount()
	a.Pay = merchantAccount().Pay
	a.Pay.MchID = "1900000002"
	return a
}

func newTill(tb testing.TB) *till {
	tb.Helper()
	t := &till{shop: newShop(tb, false), notices: make(chan notice, 64), trusts: map[string]*x509.Certificate{}}
	if err := t.SetAccounts([]Account{merchantAccount(), secondMerchant()}); err != nil {
		tb.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(t.take))
	tb.Cleanup(server.Close)
	t.url = server.URL + "/notify"
	t.fetch()
	return t
}

// take is the merchant's callback. It verifies and decrypts what it is told.
func (t *till) take(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.t.Error(err)
	}
	if t.overhear != nil {
		t.overhear(r.Header, body)
	}
	if err := t.genuine(r.Header, body); err != nil {
		t.t.Errorf("notification: %v", err)
	}
	var n struct {
		ID        string      `json:"id"`
		EventType string      `json:"event_type"`
		Resource  sealedThing `json:"resource"`
	}
	if err := json.Unmarshal(body, &n); err != nil {
		t.t.Errorf("%s: %v", body, err)
	}
	got := notice{id: n.ID, event: n.EventType, body: string(body)}
	if err := json.Unmarshal(n.Resource.open(t.t), &got.content); err != nil {
		t.t.Error(err)
	}
	t.mu.Lock()
	t.tries++
	status := http.StatusNoContent
	if t.status != nil {
		status = t.status(t.tries)
	}
	t.mu.Unlock()
	w.WriteHeader(status)
	t.notices <- got
}

func (t *till) told() notice {
	t.t.Helper()
	select {
	case n := <-t.notices:
		return n
	case <-time.After(10 * time.Second):
		t.t.Fatal("the merchant was told nothing")
		return notice{}
	}
}

// genuine says whether the platform has signed a body, by a certificate that the till knows.
func (t *till) genuine(h http.Header, body []byte) error {
	t.mu.Lock()
	cert := t.trusts[h.Get("Wechatpay-Serial")]
	t.mu.Unlock()
	if cert == nil {
		return fmt.Errorf("no certificate %q", h.Get("Wechatpay-Serial"))
	}
	signature, err := base64.StdEncoding.DecodeString(h.Get("Wechatpay-Signature"))
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(h.Get("Wechatpay-Timestamp") + "\n" + h.Get("Wechatpay-Nonce") + "\n" + string(body) + "\n"))
	return rsa.VerifyPKCS1v15(cert.PublicKey.(*rsa.PublicKey), crypto.SHA256, sum[:], signature)
}

// fetch downloads the platform's certificates, newest first.
func (t *till) fetch() (serials []string) {
	t.t.Helper()
	got := t.raw(http.MethodGet, "/v3/certificates", nil, nil)
	var list struct {
		Data []struct {
			Serial  string      `json:"serial_no"`
			Content sealedThing `json:"encrypt_certificate"`
		} `json:"data"`
	}
	if err := json.Unmarshal(got.body, &list); err != nil || got.status != http.StatusOK {
		t.t.Fatalf("%d %s, %v", got.status, got.body, err)
	}
	t.mu.Lock()
	clear(t.trusts)
	for _, one := range list.Data {
		block, _ := pem.Decode(one.Content.open(t.t))
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.t.Fatal(err)
		}
		t.trusts[one.Serial] = cert
		serials = append(serials, one.Serial)
	}
	t.mu.Unlock()
	if err := t.genuine(got.header, got.body); err != nil {
		t.t.Fatal(err)
	}
	return serials
}

// signing is how a request is signed.
type signing struct {
	mchID, serial, header string // header replaces all
	at                    time.Time
	key                   *rsa.PrivateKey
	tail                  string // of the body, that is not signed
}

// raw makes a call that is answered; change, when it is not nil, makes its signature a wrong one.
func (t *till) raw(method, path string, body any, change func(*signing)) shown {
	t.t.Helper()
	got, err := t.do(method, path, body, change)
	if err != nil {
		t.t.Fatal(err)
	}
	return got
}

// do makes a call. The error is that of the connection.
func (t *till) do(method, path string, body any, change func(*signing)) (shown, error) {
	t.t.Helper()
	raw := []byte(nil)
	switch v := body.(type) {
	case nil:
	case string:
		raw = []byte(v)
	default:
		var err error
		if raw, err = json.Marshal(v); err != nil {
			t.t.Fatal(err)
		}
	}
	how := signing{mchID: mchID, serial: merchantKey().serial, at: time.Now(), key: merchantKey().key}
	if change != nil {
		change(&how)
	}
	at := strconv.FormatInt(how.at.Unix(), 10)
	header := fmt.Sprintf(`WECHATPAY2-SHA256-RSA2048 mchid="%s",nonce_str="N1",timestamp="%s",serial_no="%s",signature="%s"`,
		how.mchID, at, how.serial, sign(how.key, method+"\n"+path+"\n"+at+"\nN1\n"+string(raw)+"\n"))
	if how.header != "" {
		header = how.header
	}
	r, err := http.NewRequestWithContext(t.t.Context(), method, t.base+path, bytes.NewReader(append(raw, how.tail...)))
	if err != nil {
		t.t.Fatal(err)
	}
	r.Header.Set("Authorization", header)
	if t.handler != nil {
		w := httptest.NewRecorder()
		t.handler.ServeHTTP(w, r)
		return shown{w.Code, w.Header(), w.Body.Bytes()}, nil
	}
	resp, err := t.client.Do(r)
	if err != nil {
		return shown{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	return shown{resp.StatusCode, resp.Header, b}, err
}

// must makes a call that succeeds with a status and is signed by the platform.
func (t *till) must(status int, method, path string, body any) map[string]any {
	t.t.Helper()
	got := t.raw(method, path, body, nil)
	if err := t.genuine(got.header, got.body); err != nil || got.status != status {
		t.t.Fatalf("%s: %d %s, %v", path, got.status, got.body, err)
	}
	var m map[string]any
	if len(got.body) > 0 {
		if err := json.Unmarshal(got.body, &m); err != nil {
			t.t.Fatalf("%s: %v", got.body, err)
		}
	}
	return m
}

// asked is the ledger's last line that is no notification: those are written in the background.
func (t *till) asked() (last ledger.Call) {
	t.t.Helper()
	for _, line := range t.calls() {
		if line.Path != pay.PathNotify {
			last = line
		}
	}
	return last
}

// number is a new number of an order or a refund.
func (t *till) number() string {
	t.serial++
	return fmt.Sprintf("TOPUP%06d", t.serial)
}

// order is the body of an order over 30 yuan; change replaces some of it.
func (t *till) order(number string, change obj) obj {
	m := obj{
		"appid": "wxdemo", "mchid": mchID, "description": "话费充值30元", "out_trade_no": number, "notify_url": t.url,
		"attach": "手机", "amount": obj{"total": 3000, "currency": "CNY"}, "payer": obj{"openid": fan},
	}
	maps.Copy(m, change)
	return m
}

const (
	pathPrepay = "/v3/pay/transactions/jsapi"
	pathTrade  = "/v3/pay/transactions/out-trade-no/"
	pathRefund = "/v3/refund/domestic/refunds"
)

// prepay makes an order and returns what the page gives the phone.
func (t *till) prepay(number string) pay.Sheet {
	t.t.Helper()
	id := text(t.t, t.must(http.StatusOK, http.MethodPost, pathPrepay, t.order(number, nil)), "prepay_id")
	return sheetOf(id, merchantKey().key)
}

// pays lets a follower pay, over the control port.
func (t *till) pays(openID string, sheet pay.Sheet, after ...float64) (transaction string, err error) {
	t.t.Helper()
	body, err := json.Marshal(payRequest{OpenID: openID, Sheet: sheet, NotifyAfterS: after})
	if err != nil {
		t.t.Fatal(err)
	}
	w := t.control(http.MethodPost, "/control/pay", string(body))
	var got struct {
		TransactionID string `json:"transaction_id"`
		Error         string `json:"error"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.t.Fatalf("%s: %v", w.Body, err)
	}
	if w.Code != http.StatusOK {
		return "", fmt.Errorf("%d %s", w.Code, got.Error)
	}
	return got.TransactionID, nil
}

// paid is the number of an order that is paid, and the merchant was told.
func (t *till) paid() (number, transaction string) {
	t.t.Helper()
	number = t.number()
	transaction, err := t.pays(fan, t.prepay(number))
	if err != nil {
		t.t.Fatal(err)
	}
	t.told()
	return number, transaction
}

func (t *till) refund(number, order string, fen int) obj {
	return obj{"out_trade_no": order, "out_refund_no": number, "reason": "充值失败", "amount": obj{"refund": fen, "total": 3000, "currency": "CNY"}}
}
