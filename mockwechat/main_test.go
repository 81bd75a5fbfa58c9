package mockwechat

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"oalab/mockwechat/ledger"
	"oalab/mockwechat/platform"
)

func TestMain(m *testing.M) {
	if load := os.Getenv(asLoad); load != "" {
		os.Exit(offer(load))
	}
	goleak.VerifyTestMain(m)
}

// clock is a platform's time that a test moves.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func newClock() *clock {
	return &clock{t: time.Date(2026, 11, 21, 9, 0, 0, 0, time.FixedZone("CST", 8*3600))}
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

var crowd = Followers{Count: 100, Seed: 5}

func demoAccount() Account {
	return Account{
		Name: "demo", AppID: "wxdemo", Secret: "s3cret", Token: "weixin", OriginalID: "gh_0123456789ab",
		Followers: crowd, Templates: []string{DefaultTemplate},
	}
}

func otherAccount() Account {
	return Account{
		Name: "other", AppID: "wxother", Secret: "another", Token: "t", OriginalID: "gh_ba9876543210",
		Followers: Followers{Count: 100, Seed: 6},
	}
}

// bench is a platform with two accounts and a clock of the test's own.
type bench struct {
	*Platform
	t     testing.TB
	clock *clock
}

func newBench(tb testing.TB, limits Limits) *bench {
	tb.Helper()
	c := newClock()
	p, err := New(Config{Seed: 1, Accounts: []Account{demoAccount(), otherAccount()}, Limits: limits, Now: c.now})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := p.Stop(tb.Context()); err != nil {
			tb.Error(err)
		}
	})
	return &bench{Platform: p, t: tb, clock: c}
}

// apiAnswer has all the fields of all answers.
type apiAnswer struct {
	Code      *int   `json:"errcode"`
	Text      string `json:"errmsg"`
	Token     string `json:"access_token"`
	ExpiresIn int    `json:"expires_in"`
	MsgID     int64  `json:"msgid"`
}

func (a apiAnswer) code() int {
	if a.Code == nil {
		return 0
	}
	return *a.Code
}

// call makes one API call; body nil is a GET.
func (b *bench) call(path string, body any) apiAnswer {
	b.t.Helper()
	method, raw := http.MethodGet, []byte(nil)
	switch v := body.(type) {
	case nil:
	case string:
		method, raw = http.MethodPost, []byte(v)
	default:
		var err error
		if raw, err = json.Marshal(v); err != nil {
			b.t.Fatal(err)
		}
		method = http.MethodPost
	}
	w := httptest.NewRecorder()
	b.Handler().ServeHTTP(w, httptest.NewRequestWithContext(b.t.Context(), method, path, bytes.NewReader(raw)))
	if w.Code != http.StatusOK {
		b.t.Fatalf("%s: status %d; the platform always answers 200", path, w.Code)
	}
	var a apiAnswer
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		b.t.Fatalf("%s: %v in %s", path, err, w.Body)
	}
	return a
}

func (b *bench) plain(app, secret string) apiAnswer {
	b.t.Helper()
	q := url.Values{"grant_type": {"client_credential"}, "appid": {app}, "secret": {secret}}
	return b.call("/cgi-bin/token?"+q.Encode(), nil)
}

func (b *bench) stable(force bool) apiAnswer {
	b.t.Helper()
	return b.call("/cgi-bin/stable_token", map[string]any{
		"grant_type": "client_credential", "appid": "wxdemo", "secret": "s3cret", "force_refresh": force,
	})
}

// token is a token that is good.
func (b *bench) token() string {
	b.t.Helper()
	a := b.stable(false)
	if a.Token == "" {
		b.t.Fatalf("no token: %+v", a)
	}
	return a.Token
}

func (b *bench) template(token string, change map[string]any) apiAnswer {
	b.t.Helper()
	body := map[string]any{
		"touser": crowd.OpenID(0), "template_id": DefaultTemplate,
		"data": map[string]any{"first": map[string]any{"value": "办理成功"}},
	}
	maps.Copy(body, change)
	return b.call("/cgi-bin/message/template/send?access_token="+url.QueryEscape(token), body)
}

func (b *bench) custom(token, openID, text string) apiAnswer {
	b.t.Helper()
	return b.call("/cgi-bin/message/custom/send?access_token="+url.QueryEscape(token), map[string]any{
		"touser": openID, "msgtype": "text", "text": map[string]any{"content": text},
	})
}

// active lets a follower do something.
func (b *bench) active(m Message) {
	b.t.Helper()
	if err := m.Complete(b.core.Now().Unix(), b.core.NextMsgIDText); err != nil {
		b.t.Fatal(err)
	}
	b.core.Named("demo").NoteActivity(&m, b.core.Now(), b.core.Limits)
}

func (b *bench) calls() []ledger.Call {
	b.t.Helper()
	var calls []ledger.Call
	if err := b.core.EachCall(func(c *ledger.Call) error { calls = append(calls, *c); return nil }); err != nil {
		b.t.Fatal(err)
	}
	return calls
}

func (b *bench) last() ledger.Call {
	b.t.Helper()
	calls := b.calls()
	if len(calls) == 0 {
		b.t.Fatal("the ledger is empty")
	}
	return calls[len(calls)-1]
}

func (b *bench) wantCode(a apiAnswer, want platform.Code) {
	b.t.Helper()
	if a.code() != int(want) {
		b.t.Errorf("errcode %d (%s), want %d", a.code(), a.Text, want)
	}
	if want != platform.CodeOK && (a.Code == nil || !strings.Contains(a.Text, " rid: ")) {
		b.t.Errorf("errmsg %q has no rid", a.Text)
	}
	if last := b.last(); last.ErrCode != int(want) {
		b.t.Errorf("the ledger says errcode %d, want %d", last.ErrCode, want)
	}
}
