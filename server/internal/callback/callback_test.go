package callback_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"oalab/server/internal/callback"
	"oalab/server/internal/message"
	"oalab/server/internal/support"
	"oalab/server/internal/web"
	"oalab/server/wechat"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	openid = "olPjZjsXuQPJoV0HlruZkNzKc91E"
	token  = "AAAAA"
)

// rig is a callback behind the real router.
type rig struct {
	handler  *callback.Handler
	router   http.Handler
	registry *prometheus.Registry
	business *business
	log      bytes.Buffer
}

// command is a text that business is asked for.
type command struct {
	Account, OpenID, Key, Text string
	At                         time.Time
}

// business answers the commands it knows and counts the calls.
type business struct {
	mu    sync.Mutex
	calls []command
	do    func(ctx context.Context, c command) (message.Reply, bool, error)
}

func (b *business) answer(ctx context.Context, m *message.Asked) (message.Reply, bool, error) {
	for _, text := range m.Commands {
		r, ok, err := b.command(ctx, command{m.Account, m.From, m.Key, text, time.Unix(m.CreateTime, 0)})
		if ok || err != nil {
			return r, ok, err
		}
	}
	return message.Reply{}, false, nil
}

func (b *business) command(ctx context.Context, c command) (message.Reply, bool, error) {
	b.mu.Lock()
	b.calls = append(b.calls, c)
	do := b.do
	b.mu.Unlock()
	if do == nil {
		return message.Reply{}, false, nil
	}
	return do(ctx, c)
}

func (b *business) seen() []command {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]command(nil), b.calls...)
}

type keywords map[string][]support.Entry

func (k keywords) ListKeywords(_ context.Context, account string) (support.Keywords, error) {
	return support.Keywords{Entries: k[account]}, nil
}

func newRig(t *testing.T, cfg callback.Config, more ...callback.Account) *rig {
	t.Helper()
	b := &rig{registry: prometheus.NewRegistry(), business: &business{}}
	log := slog.New(slog.NewTextHandler(&b.log, nil))
	answers := support.New(keywords{
		"demo":  {{Keyword: "资费", Match: support.MatchMessageContains, Answers: []string{"一", "二", "三", "]]>四 & <五>😀"}}, {Keyword: "营业厅", Match: support.MatchEqual, Answers: []string{"地址"}}},
		"other": {{Keyword: "资费", Match: support.MatchEqual, Answers: []string{"别的账号"}}},
	}, nil, []string{"demo", "other"}, log)
	if err := answers.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	keys, err := wechat.NewKeyring(appID, aesKey, previousKey)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Accounts = []callback.Account{
		{Name: "demo", Token: token},
		{Name: "other", Token: "other-token", Mode: wechat.ModePlain},
		{Name: "both", Token: token, Mode: wechat.ModeCompatible, Keys: keys},
		{Name: "safe", Token: token, Mode: wechat.ModeSafe, Keys: keys},
	}
	cfg.Accounts = append(cfg.Accounts, more...)
	bounds := callback.DefaultSettings()
	cfg.BodyLimit = int64(bounds.BodyLimit)
	if cfg.Budget == 0 {
		cfg.Budget = time.Duration(bounds.Budget)
	}
	if cfg.Answers == nil {
		cfg.Answers = callback.Answers(callback.Fixed(nil))
	}
	cfg.Answers = append(append(cfg.Answers, answers.Answers()...),
		message.Answerer{Name: "business", Rank: message.RankCommand, Answer: b.business.answer})
	if b.handler, err = callback.New(cfg, log, b.registry); err != nil {
		t.Fatal(err)
	}
	site, err := web.New(log, append(web.Inside(nil, b.registry, log), b.handler.Routes()...)...)
	if err != nil {
		t.Fatal(err)
	}
	b.router = site.Handler()
	return b
}

// counter reads one series, such as oalab_callback_refused_total{reason="body"}.
func (b *rig) counter(t *testing.T, series string) string {
	t.Helper()
	w := httptest.NewRecorder()
	b.router.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
	for line := range strings.Lines(w.Body.String()) {
		if value, ok := strings.CutPrefix(line, series+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	return "absent"
}

func signed(account, secret, nonce string, more ...string) string {
	query := url.Values{
		"timestamp": {"1414387151"}, "nonce": {nonce}, "openid": {openid},
		"signature": {wechat.Sign(secret, "1414387151", nonce)},
	}
	for i := 0; i+1 < len(more); i += 2 {
		query.Set(more[i], more[i+1])
	}
	return "/wechat/" + account + "?" + query.Encode()
}

func (b *rig) post(t *testing.T, target, body string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	b.router.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, target, strings.NewReader(body)))
	return w
}

func push(kind, id, fields string) string {
	return "<xml><ToUserName><![CDATA[gh_a96a4a619366]]></ToUserName>\n<FromUserName><![CDATA[" + openid +
		"]]></FromUserName>\n<CreateTime>1414387151</CreateTime>\n<MsgType><![CDATA[" + kind + "]]></MsgType>\n" +
		fields + "\n<MsgId>" + id + "</MsgId>\n</xml>"
}

func text(id, content string) string {
	return push("text", id, "<Content><![CDATA["+content+"]]></Content>")
}

func event(name, key string, fields ...string) string {
	return strings.ReplaceAll(push("event", "", "<Event><![CDATA["+name+"]]></Event><EventKey><![CDATA["+key+"]]></EventKey>"+strings.Join(fields, "")), "<MsgId></MsgId>", "")
}

// content is what the follower reads, "" for "success".
func content(t *testing.T, body string) string {
	t.Helper()
	if body == wechat.Success {
		return ""
	}
	m, err := wechat.ParseMessage([]byte(body))
	if err != nil {
		t.Fatalf("reply %q: %v", body, err)
	}
	if m.To != openid || m.From != "gh_a96a4a619366" || m.CreateTime != 1414387151 {
		t.Errorf("reply goes from %s to %s at %d", m.From, m.To, m.CreateTime)
	}
	return m.Words()
}

func TestAccessCheck(t *testing.T) {
	t.Parallel()
	b := newRig(t, callback.Config{})
	vector := "/wechat/demo?signature=f464b24fc39322e44b38aa78f5edd27bd1441696&timestamp=1714036504&nonce=1514711492&echostr=4375120948345356249"
	tests := []struct {
		name, method, target string
		status               int
		body                 string
	}{
		{"the documentation's vector", "GET", vector, 200, "4375120948345356249"},
		{"other echostr is not signed", "GET", vector + "9", 200, "43751209483453562499"},
		{"wrong signature", "GET", strings.Replace(vector, "f464", "e464", 1), 403, ""},
		{"wrong nonce", "GET", strings.Replace(vector, "nonce=1", "nonce=2", 1), 403, ""},
		{"nothing", "GET", "/wechat/demo", 403, ""},
		{"other account's address", "GET", strings.Replace(vector, "demo", "other", 1), 403, ""},
		{"unknown account", "GET", strings.Replace(vector, "demo", "nobody", 1), 404, ""},
		{"push with a wrong signature", "POST", strings.Replace(vector, "f464", "e464", 1), 403, ""},
		{"push to an unknown account", "POST", strings.Replace(vector, "demo", "nobody", 1), 404, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			b.router.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), test.method, test.target, strings.NewReader(text("1", "资费"))))
			if w.Code != test.status || w.Body.String() != test.body {
				t.Errorf("%d %q, want %d %q", w.Code, w.Body, test.status, test.body)
			}
		})
	}
	if got := b.business.seen(); len(got) != 0 {
		t.Errorf("business was asked: %+v", got)
	}
}

func TestRouting(t *testing.T) {
	t.Parallel()
	b := newRig(t, callback.Config{Answers: callback.Answers(callback.Fixed(map[string]callback.Texts{
		"demo": {Default: "没有答案", Welcome: "欢迎"}, "other": {Default: "没有答案"}, "own": {Default: "请拨打10086"},
	}))}, callback.Account{Name: "own", Token: token})
	b.business.do = func(_ context.Context, c command) (message.Reply, bool, error) {
		switch c.Text {
		case "CXLL", "Q_DATA":
			return message.Text("剩余 1GB"), true, nil
		case "慢查":
			return message.Reply{Later: true}, true, nil
		}
		return message.Reply{}, false, nil
	}
	keyword := map[string]bool{"一": true, "二": true, "三": true, "]]>四 & <五>😀": true}
	tests := []struct {
		name, account, body, want string // want "*": one of the keyword's answers
		asked                     string // what business was asked, "" for nothing
	}{
		{"command", "demo", text("1", "CXLL"), "剩余 1GB", "CXLL"},
		{"command with spaces", "demo", text("2", " CXLL\n"), "剩余 1GB", "CXLL"},
		{"spoken command", "demo", push("voice", "3", "<Recognition>CXLL</Recognition>"), "剩余 1GB", "CXLL"},
		{"menu key", "demo", event("CLICK", "Q_DATA"), "剩余 1GB", "Q_DATA"},
		{"handed over", "demo", text("4", "慢查"), "", "慢查"},
		{"keyword", "demo", text("5", "请问资费？"), "*", "请问资费？"},
		{"spoken keyword", "demo", push("voice", "6", "<Recognition>资费</Recognition>"), "*", "资费"},
		{"keyword of another account", "other", text("7", "资费"), "别的账号", "资费"},
		{"no hit", "demo", text("8", "天气"), "没有答案", "天气"},
		{"empty text", "demo", text("9", " "), "没有答案", ""},
		{"silent voice", "demo", push("voice", "10", "<Format>amr</Format>"), "没有答案", ""},
		{"unknown menu key is no keyword", "demo", event("CLICK", "资费"), "没有答案", "资费"},
		{"picture", "demo", push("image", "11", "<MediaId>m</MediaId>"), "没有答案", ""},
		{"place", "demo", push("location", "12", "<Label>资费</Label>"), "没有答案", ""},
		{"new type", "demo", push("hologram", "13", ""), "没有答案", ""},
		{"new event", "demo", event("hologram", "CXLL"), "没有答案", ""},
		{"no hit at an account with a text of its own", "own", text("14", "天气"), "请拨打10086", "天气"},
		{"picture at an account with a text of its own", "own", push("image", "15", "<MediaId>m</MediaId>"), "请拨打10086", ""},
		{"unknown menu key at an account with a text of its own", "own", event("CLICK", "资费"), "请拨打10086", "资费"},
		{"subscribe at an account with the usual welcome", "own", event("subscribe", "qrscene_1"), "欢迎关注！回复关键词即可查询和办理业务。", ""},
		{"subscribe", "demo", event("subscribe", "qrscene_1"), "欢迎", ""},
		{"scan", "demo", event("SCAN", "1"), "没有答案", ""},
		{"unsubscribe", "demo", event("unsubscribe", ""), "", ""},
		{"page opened", "demo", event("VIEW", "CXLL"), "", ""},
		{"template sent", "demo", event("TEMPLATESENDJOBFINISH", ""), "", ""},
		{"position", "demo", event("LOCATION", ""), "", ""},
	}
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			secret := token
			if test.account == "other" {
				secret = "other-token"
			}
			before := len(b.business.seen())
			w := b.post(t, signed(test.account, secret, fmt.Sprint(i)), test.body)
			if w.Code != 200 {
				t.Fatalf("status %d, body %q", w.Code, w.Body)
			}
			got := content(t, w.Body.String())
			if got != test.want && (test.want != "*" || !keyword[got]) {
				t.Errorf("follower reads %q, want %q", got, test.want)
			}
			asked := ""
			for _, c := range b.business.seen()[before:] {
				asked += c.Text
				if c.Account != test.account || c.OpenID != openid || c.Key == "" || c.At.Unix() != 1414387151 {
					t.Errorf("business got %+v", c)
				}
			}
			if asked != test.asked {
				t.Errorf("business was asked %q, want %q", asked, test.asked)
			}
		})
	}
	for series, want := range map[string]string{
		`oalab_callback_messages_total{outcome="handed_over",type="text"}`: "1",
		`oalab_callback_messages_total{outcome="default",type="other"}`:    "1",
		`oalab_callback_messages_total{outcome="success",type="event"}`:    "4",
		"oalab_callback_handed_over_total":                                 "1",
		"oalab_callback_duplicates_total":                                  "0",
	} {
		if got := b.counter(t, series); got != want {
			t.Errorf("%s = %s, want %s", series, got, want)
		}
	}
	if !strings.Contains(b.log.String(), "hologram") {
		t.Error("the unknown type is not in the log")
	}
}

func TestRepliesAreTheSameBytesOnEveryServer(t *testing.T) {
	t.Parallel()
	one, other := newRig(t, callback.Config{}), newRig(t, callback.Config{})
	seen := make(map[string]bool)
	for i := range 40 {
		body := text(fmt.Sprint(6074746557628292943+i), "资费")
		first := one.post(t, signed("demo", token, "a"), body).Body.String()
		again := one.post(t, signed("demo", token, "b"), body).Body.String()
		elsewhere := other.post(t, signed("demo", token, "c"), body).Body.String()
		if first != again || first != elsewhere {
			t.Fatalf("message %d: %q, %q, %q", i, first, again, elsewhere)
		}
		seen[content(t, first)] = true
	}
	if len(seen) != 4 {
		t.Errorf("40 messages saw the answers %v, want all four", seen)
	}
}

func TestHostileInput(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body string
		more       []string
		status     int
		reason     string
	}{
		{"nothing", "", nil, 400, "malformed"},
		{"not XML", "hello", nil, 400, "malformed"},
		{"JSON", `{"MsgType":"text"}`, nil, 400, "malformed"},
		{"torn", text("1", "资费")[:200], nil, 400, "malformed"},
		{"unknown encoding", `<?xml version="1.0" encoding="klingon"?>` + text("1", "资费"), nil, 400, "malformed"},
		{"DOCTYPE", "<!DOCTYPE xml [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>" + text("1", "资费"), nil, 400, "forbidden"},
		{"deep nesting", strings.Repeat("<xml>", 2000) + strings.Repeat("</xml>", 2000), nil, 400, "complex"},
		{"many elements", push("text", "1", strings.Repeat("<a></a>", 1000)), nil, 400, "complex"},
		{"huge field", text("1", strings.Repeat("x", 20<<10)), nil, 413, "too_large"},
		{"huge body", text("1", strings.Repeat("x", 70<<10)), nil, 413, "too_large"},
		{"no sender", "<xml><MsgType>text</MsgType></xml>", nil, 400, "field"},
		{"two senders", push("text", "1", "<FromUserName>o2</FromUserName>"), nil, 400, "field"},
		{"encrypted", "<xml><ToUserName>gh</ToUserName><Encrypt>x</Encrypt></xml>", []string{"encrypt_type", "aes"}, 400, "encrypted"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := newRig(t, callback.Config{})
			w := b.post(t, signed("demo", token, "n", test.more...), test.body)
			if w.Code != test.status {
				t.Errorf("status %d, want %d", w.Code, test.status)
			}
			if got := b.counter(t, `oalab_callback_refused_total{reason="`+test.reason+`"}`); got != "1" {
				t.Errorf("counter %s = %s", test.reason, got)
			}
			if len(b.business.seen()) != 0 {
				t.Error("business was asked")
			}
			if w.Body.Len() == 0 || w.Body.Len() > 200 || strings.Contains(w.Body.String(), "passwd") {
				t.Errorf("body %q", w.Body)
			}
		})
	}
}

func TestALongBusinessTextIsCut(t *testing.T) {
	t.Parallel()
	b := newRig(t, callback.Config{})
	b.business.do = func(context.Context, command) (message.Reply, bool, error) {
		return message.Text(strings.Repeat("流量", 1000)), true, nil
	}
	got := content(t, b.post(t, signed("demo", token, "n"), text("1", "CXLL")).Body.String())
	if len(got) > wechat.MaxTextBytes || !strings.HasSuffix(got, "…") {
		t.Errorf("follower reads %d bytes", len(got))
	}
}

func TestBusinessThatFailsIsTriedAgain(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(context.Context, command) (message.Reply, bool, error){
		"error": func(context.Context, command) (message.Reply, bool, error) {
			return message.Reply{}, true, errors.New("database is away")
		},
		"panic": func(context.Context, command) (message.Reply, bool, error) { panic("planted") },
		"empty": func(context.Context, command) (message.Reply, bool, error) {
			return message.Text(""), true, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newRig(t, callback.Config{})
			b.business.do = do
			w := b.post(t, signed("demo", token, "1"), text("1", "KT10"))
			if w.Code != http.StatusServiceUnavailable || w.Body.Len() != 0 {
				t.Errorf("%d %q", w.Code, w.Body)
			}
			b.business.mu.Lock()
			b.business.do = nil
			b.business.mu.Unlock()
			if w = b.post(t, signed("demo", token, "2"), text("1", "KT10")); w.Code != 200 {
				t.Errorf("second try: %d", w.Code)
			}
			if got := b.counter(t, `oalab_callback_messages_total{outcome="failed",type="text"}`); got != "1" {
				t.Errorf("failed tries = %s, want 1", got)
			}
		})
	}
}

func TestTriesDuringTheFirstShareItsWork(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newRig(t, callback.Config{})
		b.business.do = func(ctx context.Context, _ command) (message.Reply, bool, error) {
			select {
			case <-time.After(6 * time.Second): // beyond the first try's budget
				return message.Text("已受理"), true, nil
			case <-ctx.Done():
				return message.Reply{}, true, ctx.Err()
			}
		}
		type tried struct {
			At, Took time.Duration
			Status   int
			Text     string
		}
		var results [4]tried
		start := time.Now()
		var tries sync.WaitGroup
		for i, at := range []time.Duration{0, time.Second, 5 * time.Second, 10 * time.Second} {
			tries.Go(func() {
				<-time.After(at)
				begun := time.Now()
				w := b.post(t, signed("demo", token, fmt.Sprint(i)), text("1", "KT10"))
				results[i] = tried{begun.Sub(start), time.Since(begun), w.Code, ""}
				if w.Code == http.StatusOK {
					results[i].Text = content(t, w.Body.String())
				}
			})
		}
		tries.Wait()
		want := [4]tried{
			{0, 4500 * time.Millisecond, 503, ""},
			{time.Second, 4500 * time.Millisecond, 503, ""},
			{5 * time.Second, time.Second, 200, "已受理"}, // what the first began
			{10 * time.Second, 0, 200, "已受理"},          // kept for tries that come later
		}
		if diff := cmp.Diff(want, results); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		if got := len(b.business.seen()); got != 1 {
			t.Errorf("business was asked %d times, want once", got)
		}
		if got := b.counter(t, `oalab_callback_admission_total{verdict="answered_before"}`); got != "2" {
			t.Errorf("tries that found their answer = %s, want 2", got)
		}
		if got := b.counter(t, "oalab_callback_duplicates_total"); got != "3" {
			t.Errorf("duplicates = %s, want 3", got)
		}
		if got := b.counter(t, `oalab_callback_messages_total{outcome="late",type="text"}`); got != "2" {
			t.Errorf("late = %s, want 2", got)
		}
		if err := b.handler.Drain(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestWorkGoesOnWhenThePlatformHangsUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newRig(t, callback.Config{})
		b.business.do = func(ctx context.Context, _ command) (message.Reply, bool, error) {
			select {
			case <-time.After(3 * time.Second):
				return message.Text("已受理"), true, nil
			case <-ctx.Done():
				return message.Reply{}, true, ctx.Err()
			}
		}
		ctx, hangUp := context.WithTimeout(t.Context(), time.Second)
		defer hangUp()
		w := httptest.NewRecorder()
		b.router.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodPost, signed("demo", token, "1"), strings.NewReader(text("1", "KT10"))))
		second := b.post(t, signed("demo", token, "2"), text("1", "KT10"))
		if second.Code != 200 || content(t, second.Body.String()) != "已受理" || len(b.business.seen()) != 1 {
			t.Errorf("second try: %d %q, business asked %d times", second.Code, second.Body, len(b.business.seen()))
		}
	})
}

func TestBusyAndDraining(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newRig(t, callback.Config{MaxInFlight: 1})
		b.business.do = func(ctx context.Context, _ command) (message.Reply, bool, error) {
			select {
			case <-time.After(4 * time.Second):
				return message.Text("已受理"), true, nil
			case <-ctx.Done():
				return message.Reply{}, true, ctx.Err()
			}
		}
		var first *httptest.ResponseRecorder
		var running sync.WaitGroup
		running.Go(func() { first = b.post(t, signed("demo", token, "1"), text("1", "KT10")) })
		synctest.Wait()
		if w := b.post(t, signed("demo", token, "2"), text("2", "KT10")); w.Code != http.StatusTooManyRequests {
			t.Errorf("beyond the limit: %d", w.Code)
		}
		if w := b.post(t, signed("demo", token, "3"), event("VIEW", "http://x")); w.Body.String() != wechat.Success {
			t.Errorf("an event that needs no work: %d %q", w.Code, w.Body)
		}

		patience, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := b.handler.Drain(patience); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Drain = %v, want the end of its patience", err)
		}
		running.Wait()
		if first.Code != http.StatusServiceUnavailable {
			t.Errorf("work that was cut short answered %d", first.Code)
		}
		if w := b.post(t, signed("demo", token, "4"), text("4", "资费")); w.Code != http.StatusServiceUnavailable {
			t.Errorf("after Drain: %d", w.Code)
		}
		if err := b.handler.Drain(t.Context()); err != nil {
			t.Errorf("second Drain = %v", err)
		}
	})
}

func TestNewRefusesAmbiguousAccounts(t *testing.T) {
	t.Parallel()
	for name, accounts := range map[string][]callback.Account{
		"twice":    {{Name: "a", Token: "t"}, {Name: "a", Token: "u"}},
		"no name":  {{Token: "t"}},
		"no token": {{Name: "a"}},
		"no key":   {{Name: "a", Token: "t", Mode: wechat.ModeSafe}},
	} {
		_, err := callback.New(callback.Config{Budget: time.Second, BodyLimit: 1, Accounts: accounts}, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	for name, cfg := range map[string]callback.Config{"Budget": {BodyLimit: 1}, "BodyLimit": {Budget: time.Second}} {
		if _, err := callback.New(cfg, slog.New(slog.DiscardHandler), prometheus.NewRegistry()); err == nil {
			t.Errorf("a Config without %s was taken", name)
		}
	}
}

func BenchmarkKeywordAnswer(b *testing.B) {
	log := slog.New(slog.DiscardHandler)
	answers := support.New(keywords{"demo": {{Keyword: "资费", Match: support.MatchMessageContains, Answers: []string{"一", "二"}}}}, nil, []string{"demo"}, log)
	if err := answers.Reload(b.Context()); err != nil {
		b.Fatal(err)
	}
	registry := prometheus.NewRegistry()
	handler, err := callback.New(callback.Config{Budget: time.Second, BodyLimit: 1 << 10, Accounts: []callback.Account{{Name: "demo", Token: token}}, Answers: answers.Answers()}, log, registry)
	if err != nil {
		b.Fatal(err)
	}
	site, err := web.New(log, handler.Routes()...)
	if err != nil {
		b.Fatal(err)
	}
	router := site.Handler()
	target, body := signed("demo", token, "n"), text("1", "请问资费")
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, target, io.NopCloser(strings.NewReader(body)))
		w := httptest.NewRecorder()
		router.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatal(w.Code)
		}
	}
}
