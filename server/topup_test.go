package server_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"html"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"oalab/chaos/upstream"
	cl "oalab/mockcarrier/ledger"
	"oalab/mockwechat"
	wl "oalab/mockwechat/ledger"
	"oalab/mockwechat/platform"
	"oalab/server"
	"oalab/server/internal/config"
	"oalab/server/internal/servertest"
	"oalab/server/internal/sqldb"
	"oalab/server/internal/topup"
	topupstore "oalab/server/internal/topup/store"
)

const (
	payer      = "oFollower0000000000000000001"
	payerPhone = "13800000001"
	apiV3Key   = "0123456789abcdef0123456789ABCDEF"
)

// till is a server whose account has a merchant, and what Pay tells it.
type till struct {
	*world
	t      *testing.T
	cfg    server.Config
	server *server.Server
	gate   *httptest.Server // between Pay and the server

	mu      sync.Mutex
	notices []heard                                 // that Pay sent
	twist   func(h http.Header, body []byte) []byte // changes what is passed on; nil: nothing is
}

// heard is a notification as it came.
type heard struct {
	path   string
	header http.Header
	body   []byte
}

// merchantOf makes a merchant for the account, and the same for the mock.
func merchantOf(t *testing.T) (ours server.Merchant, theirs platform.Merchant) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	cert := &x509.Certificate{SerialNumber: big.NewInt(0x51C0FFE), Subject: pkix.Name{CommonName: "1900000001"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	ours = server.Merchant{
		MchID: "1900000001", CertificateSerial: "051C0FFE", APIv3Key: apiV3Key,
		PrivateKey: server.Secret(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})),
	}
	theirs = platform.Merchant{
		MchID: "1900000001", APIv3Key: apiV3Key, NotifySpeed: 100,
		Certificate: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
	}
	return ours, theirs
}

func newTill(t *testing.T) *till {
	t.Helper()
	k := closedTill(t)
	k.server = servertest.Start(t, k.cfg)
	return k
}

// closedTill is one whose server has not started.
func closedTill(t *testing.T) *till {
	t.Helper()
	w, cfg := newWorld(t)
	ours, theirs := merchantOf(t)
	account, _ := w.platform.Account(servertest.Account)
	account.Pay = theirs
	if err := w.platform.SetAccounts([]mockwechat.Account{account}); err != nil {
		t.Fatal(err)
	}
	k := &till{world: w, t: t, twist: func(_ http.Header, body []byte) []byte { return body }}
	k.gate = httptest.NewServer(http.HandlerFunc(k.pass))
	t.Cleanup(k.gate.Close)
	cfg.Accounts[0].Pay = ours
	cfg.WeChat.OpenBase, cfg.WeChat.PayBase, cfg.TopUp.NotifyBase = cfg.WeChat.APIBase, cfg.WeChat.APIBase, k.gate.URL
	cfg.TopUp.SweepEvery, cfg.TopUp.AskAfter = config.Duration(50*time.Millisecond), config.Duration(300*time.Millisecond)
	k.cfg = cfg
	return k
}

// pass hands a notification on to the server, and notes it.
func (k *till) pass(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		k.t.Error(err)
	}
	k.mu.Lock()
	k.notices = append(k.notices, heard{r.URL.Path, r.Header.Clone(), body})
	twist := k.twist
	k.mu.Unlock()
	if twist == nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	header := r.Header.Clone()
	w.WriteHeader(k.notify(r.URL.Path, header, twist(header, body)))
}

// notify posts a notification to the server.
func (k *till) notify(path string, header http.Header, body []byte) int {
	r, err := http.NewRequestWithContext(k.t.Context(), http.MethodPost, "http://"+k.server.Addr()+path, bytes.NewReader(body))
	if err != nil {
		k.t.Error(err)
		return 0
	}
	r.Header, r.Close = header, true
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return http.StatusBadGateway
	}
	defer answer.Body.Close()
	return answer.StatusCode
}

func (k *till) twisted(f func(http.Header, []byte) []byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.twist = f
}

var (
	formKey   = regexp.MustCompile(`name="key" value="([^"]+)"`)
	sheetText = regexp.MustCompile(`data-sheet="([^"]+)"`)
	serialTag = regexp.MustCompile(`<span id="serial">([^<]+)</span>`)
	stateTag  = regexp.MustCompile(`id="state">([^<]+)<`)
)

// visitor is a follower at the page.
type visitor struct {
	*follower
	k      *till
	serial string
	key    string
	sheet  json.RawMessage
}

func (k *till) visitor() *visitor {
	k.t.Helper()
	v := &visitor{follower: newFollower(k.t, payer), k: k}
	p := v.open("http://" + k.server.Addr() + "/c/demo/topup")
	found := formKey.FindStringSubmatch(p.body)
	if p.status != http.StatusOK || found == nil || !strings.Contains(p.body, "138****0001") {
		k.t.Fatalf("the page: %d %s", p.status, p.body)
	}
	v.key = found[1]
	return v
}

// begins posts the form.
func (v *visitor) begins(yuan string) (status int, body string) {
	v.t.Helper()
	form := url.Values{"key": {v.key}, "yuan": {yuan}}.Encode()
	r, err := http.NewRequestWithContext(v.t.Context(), http.MethodPost, "http://"+v.k.server.Addr()+"/c/demo/topup", strings.NewReader(form))
	if err != nil {
		v.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := v.client.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	if found := serialTag.FindStringSubmatch(string(text)); found != nil {
		v.serial = found[1]
	}
	if found := sheetText.FindStringSubmatch(string(text)); found != nil {
		v.sheet = json.RawMessage(html.UnescapeString(found[1]))
	}
	return answer.StatusCode, string(text)
}

// pays pays as the phone does; notify is when Pay tells of it, in seconds.
func (v *visitor) pays(notify ...float64) {
	v.t.Helper()
	body, err := json.Marshal(map[string]any{"openid": v.openID, "sheet": v.sheet, "notify_after_s": notify})
	if err != nil {
		v.t.Fatal(err)
	}
	var paid struct {
		ID    string `json:"transaction_id"`
		Error string `json:"error"`
	}
	if status := v.post("http://"+v.k.platform.ControlAddr()+"/control/pay", string(body), &paid); status != http.StatusOK || paid.ID == "" {
		v.t.Fatalf("the phone does not pay: %d %+v; sheet %s", status, paid, v.sheet)
	}
}

// reaches waits until the page shows a state.
func (v *visitor) reaches(want string) {
	v.t.Helper()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		p := v.open("http://" + v.k.server.Addr() + "/c/demo/topup/" + v.serial)
		found := stateTag.FindStringSubmatch(p.body)
		if found != nil && found[1] == want {
			return
		}
		if time.Now().After(end) {
			v.t.Fatalf("the top-up does not come to %s: %d %s", want, p.status, p.body)
		}
	}
}

// moved is what the ledgers say of a top-up, in fen.
func (k *till) moved(serial string) (paid, refunded, carried int64) {
	k.t.Helper()
	for _, c := range ledger[wl.Call](k.world, k.platform.ControlAddr()) {
		switch {
		case c.Trade == serial && c.Effect == wl.EffectPaid:
			paid += c.Fen
		case c.Trade == serial && c.Effect == wl.EffectRefunded:
			refunded += c.Fen
		}
	}
	for _, e := range ledger[cl.Entry](k.world, k.carrier.ControlAddr()) {
		if e.Serial == serial && e.Effect == cl.EffectApplied && e.Op == "TopUp" {
			carried += e.AmountFen
		}
	}
	return paid, refunded, carried
}

func (k *till) wantMoved(serial string, paid, refunded, carried int64) {
	k.t.Helper()
	p, r, c := k.moved(serial)
	if p != paid || r != refunded || c != carried {
		k.t.Errorf("top-up %s: paid %d, refunded %d, at the carrier %d fen; want %d, %d, %d", serial, p, r, c, paid, refunded, carried)
	}
}

// counted is a counter of the notifications.
func (k *till) counted(result string) string {
	k.t.Helper()
	_, body := servertest.Get(k.t, k.server, "/metrics")
	for line := range strings.Lines(body) {
		if rest, ok := strings.CutPrefix(line, `oalab_topup_notices_total{result="`+result+`"} `); ok {
			return strings.TrimSpace(rest)
		}
	}
	return "no such counter"
}

// books stops the server and reads the books.
func (k *till) books() (b topup.Books) {
	k.t.Helper()
	servertest.Stop(k.t, k.server)
	db, err := sqldb.Open(k.t.Context(), sqldb.Config{Driver: k.cfg.Database.Driver, DataDir: k.cfg.DataDir})
	if err != nil {
		k.t.Fatal(err)
	}
	defer db.Close()
	if b, err = topupstore.New(db).Books(k.t.Context()); err != nil {
		k.t.Fatal(err)
	}
	return b
}

// TestTopUp: a follower logs in, pays, and has the money; Pay's ledger, the carrier's and the books
// agree (BIZ-8). A wrong notification changes nothing, and is counted.
func TestTopUp(t *testing.T) {
	t.Parallel()
	k := newTill(t)
	v := k.visitor()
	if status, body := v.begins("31"); status != http.StatusBadRequest || v.serial != "" {
		t.Errorf("an amount that is not offered: %d %s", status, body)
	}
	if status, body := v.begins("30"); status != http.StatusOK || v.serial == "" || v.sheet == nil {
		t.Fatalf("begin: %d %s", status, body)
	}
	first := v.serial
	if status, _ := v.begins("30"); status != http.StatusOK || v.serial != first {
		t.Errorf("the same form again: %d, %s after %s", status, v.serial, first)
	}
	v.reaches("待支付")
	v.pays(-1, 0, 0) // early, and twice more
	v.reaches("充值成功")
	k.wantMoved(v.serial, 3000, 0, 3000)
	for end := time.Now().Add(10 * time.Second); k.counted("repeated") != "2" && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
	}
	if done, again := k.counted("done"), k.counted("repeated"); done != "1" || again != "2" {
		t.Errorf("%s notifications took effect, %s were repeats", done, again)
	}
	k.wrongNotices()
	k.wantMoved(v.serial, 3000, 0, 3000)
	if got, want := k.books(), (topup.Books{In: 3000, Done: 3000}); got != want {
		t.Errorf("books %+v, want %+v", got, want)
	}
}

// wrongNotices sends the server changed copies of what Pay has sent it.
func (k *till) wrongNotices() {
	k.mu.Lock()
	real := k.notices[0]
	k.mu.Unlock()
	for name, test := range map[string]struct {
		change func(http.Header, []byte) []byte
		status int
		counts string
	}{
		"forged body": {func(_ http.Header, b []byte) []byte {
			return bytes.Replace(b, []byte("TRANSACTION"), []byte("TRANSACTIOM"), 1)
		}, http.StatusUnauthorized, "signature"},
		"forged signature": {func(h http.Header, b []byte) []byte { h.Set("Wechatpay-Signature", "AAAA"); return b }, http.StatusUnauthorized, "signature"},
		"another serial":   {func(h http.Header, b []byte) []byte { h.Set("Wechatpay-Serial", "7777"); return b }, http.StatusUnauthorized, "signature"},
		"an old one": {func(h http.Header, b []byte) []byte {
			h.Set("Wechatpay-Timestamp", fmt.Sprint(time.Now().Add(-time.Hour).Unix()))
			return b
		}, http.StatusUnauthorized, "signature"},
		"no signature": {func(h http.Header, b []byte) []byte { h.Del("Wechatpay-Signature"); return b }, http.StatusUnauthorized, "signature"},
	} {
		before := k.counted(test.counts)
		header := real.header.Clone()
		if status := k.notify(real.path, header, test.change(header, bytes.Clone(real.body))); status != test.status || k.counted(test.counts) == before {
			k.t.Errorf("%s: status %d, %s refused for %s", name, status, k.counted(test.counts), test.counts)
		}
	}
	if status := k.notify("/pay/absent/notify", real.header.Clone(), real.body); status != http.StatusNotFound || k.counted("no-merchant") != "1" {
		k.t.Errorf("an account without a merchant: status %d", status)
	}
}

// TestTopUpThatIsNotTold: Pay is asked where its notification stays away, also of a payment whose
// notification is lost for good.
func TestTopUpThatIsNotTold(t *testing.T) {
	t.Parallel()
	k := newTill(t)
	k.twisted(nil)
	v := k.visitor()
	v.begins("10")
	v.pays()
	v.reaches("充值成功")
	k.wantMoved(v.serial, 1000, 0, 1000)
	if k.counted("asked") != "1" || k.counted("done") != "0" {
		t.Errorf("%s payments were found by asking, %s told", k.counted("asked"), k.counted("done"))
	}
}

// TestTopUpThatTheCarrierRefuses is refunded once, though the first answer of Pay is lost. A
// notification of the payment that comes after the refund changes nothing.
func TestTopUpThatTheCarrierRefuses(t *testing.T) {
	t.Parallel()
	k := newTill(t)
	k.faults(k.carrier.ControlAddr(), upstream.Rule{Match: upstream.Match{Op: "TopUp"}, ErrCode: 1010})
	k.faults(k.platform.ControlAddr(), upstream.Rule{Match: upstream.Match{Path: "/v3/refund/domestic/refunds"}, Action: upstream.ActionAnswerLost})
	v := k.visitor()
	v.begins("50")
	v.pays()
	v.reaches("充值未成功，已退款")
	k.wantMoved(v.serial, 5000, 5000, 0)
	k.faults(k.platform.ControlAddr())
	k.mu.Lock()
	late := k.notices[0]
	k.mu.Unlock()
	if status := k.notify(late.path, late.header.Clone(), late.body); status != http.StatusNoContent || k.counted("repeated") == "0" {
		t.Errorf("the notification of the payment after the refund: %d", status)
	}
	k.wantMoved(v.serial, 5000, 5000, 0)
	if got, want := k.books(), (topup.Books{In: 5000, Refunded: 5000}); got != want {
		t.Errorf("books %+v, want %+v", got, want)
	}
}

// TestPageNeedsALogin: a browser without a session is sent to the login, and comes back.
func TestPageNeedsALogin(t *testing.T) {
	t.Parallel()
	k := newTill(t)
	v := newFollower(t, "oFollower0000000000000000003")
	if p := v.open("http://" + k.server.Addr() + "/c/demo/topup"); p.status != http.StatusConflict || p.at.Path != "/c/demo/topup" || !strings.Contains(p.body, "绑定") {
		t.Errorf("a follower without a number: %d at %s: %s", p.status, p.at, p.body)
	}
	other := k.visitor()
	other.begins("10")
	if p := v.open("http://" + k.server.Addr() + "/c/demo/topup/" + other.serial); p.status != http.StatusNotFound {
		t.Errorf("another follower's top-up: %d", p.status)
	}
	for _, path := range []string{"/c/demo/static/style.css", "/c/demo/topup/pay.js"} {
		if p := v.open("http://" + k.server.Addr() + path); p.status != http.StatusOK || p.body == "" {
			t.Errorf("%s: %d", path, p.status)
		}
	}
}

// TestMerchantsAreJudged: what payments lack is named at the start.
func TestMerchantsAreJudged(t *testing.T) {
	t.Parallel()
	ours, _ := merchantOf(t)
	for want, change := range map[string]func(*server.Config){
		"wechat.pay_base":     func(c *server.Config) { c.WeChat.PayBase = "" },
		"topup.notify_base":   func(c *server.Config) { c.TopUp.NotifyBase = "" },
		"pay.api_v3_key":      func(c *server.Config) { c.Accounts[0].Pay.APIv3Key = "short" },
		"pay.private_key":     func(c *server.Config) { c.Accounts[0].Pay.PrivateKey = "no key" },
		"certificate_serial":  func(c *server.Config) { c.Accounts[0].Pay.CertificateSerial = "" },
		"topup.amounts":       func(c *server.Config) { c.TopUp.Amounts = topup.Amounts{5, 5} },
		"topup.life":          func(c *server.Config) { c.TopUp.Life = config.Duration(3 * time.Hour) },
		"topup.per_minute":    func(c *server.Config) { c.TopUp.PerMinute = 0 },
		"topup.sweep_every":   func(c *server.Config) { c.TopUp.SweepEvery = 0 },
		"have one merchant":   func(c *server.Config) { a := c.Accounts[0]; a.Name = "second"; c.Accounts = append(c.Accounts, a) },
		"account demo.app_id": func(c *server.Config) { c.Accounts[0].AppID = "" },
	} {
		cfg := servertest.Config(t)
		cfg.Accounts[0].Pay, cfg.WeChat.PayBase, cfg.TopUp.NotifyBase = ours, "http://pay.example", "http://oa.example"
		if err := cfg.Validate(); err != nil {
			t.Fatal(err)
		}
		change(&cfg)
		if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "no key") {
			t.Errorf("%s: %v", want, err)
		}
	}
}
