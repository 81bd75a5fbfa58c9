package wechatapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const secret = "s3cret/with+signs="

// platform is a small platform: it knows one live token.
type platform struct {
	*httptest.Server
	mu      sync.Mutex
	fetches int
	live    string
	expires int
	sent    []string // path and body
	answer  func(w http.ResponseWriter, r *http.Request) bool
}

func newPlatform(t *testing.T) *platform {
	t.Helper()
	p := &platform{expires: 7200}
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	return p
}

func (p *platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.answer != nil && p.answer(w, r) {
		return
	}
	body, _ := io.ReadAll(r.Body)
	if r.URL.Path == pathStable {
		var in struct {
			Grant, AppID, Secret string
		}
		if err := json.Unmarshal([]byte(strings.ReplaceAll(string(body), "grant_type", "Grant")), &in); err != nil ||
			in.Grant != "client_credential" || in.AppID != "wx1" || in.Secret != secret {
			fmt.Fprintf(w, `{"errcode":40013,"errmsg":"invalid appid %s"}`, in.Secret)
			return
		}
		p.fetches++
		p.live = fmt.Sprintf("TOKEN+%d", p.fetches)
		fmt.Fprintf(w, `{"access_token":%q,"expires_in":%d}`, p.live, p.expires)
		return
	}
	if got := r.URL.Query().Get("access_token"); got != p.live {
		fmt.Fprintf(w, `{"errcode":42001,"errmsg":"access_token expired: %s"}`, got)
		return
	}
	p.sent = append(p.sent, r.URL.Path+" "+strings.TrimSpace(string(body)))
	fmt.Fprint(w, `{"errcode":0,"errmsg":"ok","msgid":1}`)
}

func newClient(t *testing.T, base string) *Client {
	t.Helper()
	c, err := New(Config{APIBase: base, Accounts: []Account{{Name: "demo", AppID: "wx1", Secret: secret}}, Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	c.UseTokens(&fetching{client: c})
	return c
}

// fetching is the least of a keeper: it fetches when it has no token.
type fetching struct {
	client  *Client
	mu      sync.Mutex
	current string
	reports []string
}

func (f *fetching) Token(ctx context.Context, account string) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var err error
	if f.current == "" {
		f.current, _, err = f.client.FetchToken(ctx, account, false)
	}
	return f.current, err
}

func (f *fetching) Report(_, token string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reports = append(f.reports, token)
	if f.current == token {
		f.current = ""
	}
}

var template = Template{OpenID: "o1", TemplateID: "order-result", ClientMsgID: "S1", Data: map[string]string{"first": "a & <b>"}}

func TestMessages(t *testing.T) {
	p := newPlatform(t)
	c := newClient(t, p.URL+"/")
	if err := c.TemplateSend(t.Context(), "demo", template); err != nil {
		t.Fatal(err)
	}
	if err := c.CustomSend(t.Context(), "demo", "o1", "你好 & <再见>"); err != nil {
		t.Fatal(err)
	}
	want := []string{
		pathTemplate + ` {"client_msg_id":"S1","data":{"first":{"value":"a & <b>"}},"template_id":"order-result","touser":"o1"}`,
		pathCustom + ` {"msgtype":"text","text":{"content":"你好 & <再见>"},"touser":"o1"}`,
	}
	if diff := cmp.Diff(want, p.sent); diff != "" || p.fetches != 1 {
		t.Errorf("%d fetches, sent (-want +got)\n%s", p.fetches, diff)
	}
}

func TestFetchToken(t *testing.T) {
	p := newPlatform(t)
	c := newClient(t, p.URL)
	token, life, err := c.FetchToken(t.Context(), "demo", false)
	if err != nil || token != "TOKEN+1" || life != 7200*time.Second {
		t.Errorf("stable: %q, %s, %v", token, life, err)
	}
	var query url.Values
	p.answer = func(w http.ResponseWriter, r *http.Request) bool {
		query = r.URL.Query()
		fmt.Fprint(w, `{"access_token":"T","expires_in":100}`)
		return r.Method == http.MethodGet && r.URL.Path == pathReplace
	}
	token, life, err = c.FetchToken(t.Context(), "demo", true)
	want := url.Values{"grant_type": {"client_credential"}, "appid": {"wx1"}, "secret": {secret}}
	if diff := cmp.Diff(want, query); err != nil || token != "T" || life != 100*time.Second || diff != "" {
		t.Errorf("replacing: %q, %s, %v, query (-want +got)\n%s", token, life, err, diff)
	}
	for answer, refused := range map[string]bool{
		`{"errcode":40125,"errmsg":"invalid appsecret"}`: true, `{"errcode":-1,"errmsg":"busy"}`: false,
		`{"access_token":"","expires_in":100}`: false, `{"access_token":"T","expires_in":0}`: false, "x": false,
	} {
		p.answer = func(w http.ResponseWriter, _ *http.Request) bool { fmt.Fprint(w, answer); return true }
		if _, _, err := c.FetchToken(t.Context(), "demo", true); err == nil || c.Refused(err) != refused {
			t.Errorf("%s: %v, refused %t, want %t", answer, err, c.Refused(err), refused)
		}
	}
}

func TestRefusedTokenIsFetchedAgainOnce(t *testing.T) {
	p := newPlatform(t)
	c := newClient(t, p.URL)
	if err := c.CustomSend(t.Context(), "demo", "o1", "x"); err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	p.live = "another"
	p.mu.Unlock()
	if err := c.CustomSend(t.Context(), "demo", "o1", "y"); err != nil || p.fetches != 2 {
		t.Errorf("after the token died: %v, %d fetches", err, p.fetches)
	}
	calls := 0
	p.answer = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == pathStable {
			return false
		}
		calls++
		fmt.Fprint(w, `{"errcode":40001,"errmsg":"invalid credential"}`)
		return true
	}
	err := c.CustomSend(t.Context(), "demo", "o1", "z")
	var code *CodeError
	if !errors.As(err, &code) || code.Code != 40001 || calls != 2 || p.fetches != 3 || IsPermanent(err) {
		t.Errorf("a platform that refuses every token: %v after %d calls, %d fetches", err, calls, p.fetches)
	}
}

func TestCodes(t *testing.T) {
	p := newPlatform(t)
	for code, permanent := range map[int]bool{
		-1: false, 45009: false, 45011: false, 40001: false, 43004: true, 40003: true, 45015: true, 45047: true, 40037: true,
		40164: false, 40125: false, 40243: false, 50004: false, 61004: false, 89503: false, 48004: false, 48001: false, 99999: false,
	} {
		p.answer = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == pathStable {
				return false
			}
			fmt.Fprintf(w, `{"errcode":%d,"errmsg":"why"}`, code)
			return true
		}
		err := newClient(t, p.URL).TemplateSend(t.Context(), "demo", template)
		var got *CodeError
		if !errors.As(err, &got) || got.Code != code || IsPermanent(err) != permanent {
			t.Errorf("code %d: %v, permanent %t, want %t", code, err, IsPermanent(err), permanent)
		}
	}
}

func TestNoPlatformNoAccount(t *testing.T) {
	c := newClient(t, "")
	if err := c.TemplateSend(t.Context(), "demo", template); !errors.Is(err, ErrNoPlatform) || !IsPermanent(err) {
		t.Errorf("without a platform: %v", err)
	}
	p := newPlatform(t)
	if err := newClient(t, p.URL).CustomSend(t.Context(), "other", "o1", "x"); !errors.Is(err, ErrNoAccount) || !IsPermanent(err) {
		t.Errorf("an unknown account: %v", err)
	}
	for _, bad := range []string{"host", "ftp://host", "http://", "::"} {
		if _, err := New(Config{APIBase: bad}); err == nil {
			t.Errorf("api_base %q was taken", bad)
		}
	}
}

// TestNothingLeaks makes every kind of failure and looks for credentials in it.
func TestNothingLeaks(t *testing.T) {
	var seen atomic.Value // the last token; handlers of a connection that was cut may overlap
	seen.Store("")
	token := func() string { return seen.Load().(string) }
	echo := func(w http.ResponseWriter) {
		fmt.Fprintf(w, `{"errcode":40013,"errmsg":"%s %s %s"}`, secret, token(), url.QueryEscape(token()))
	}
	cut := func(w http.ResponseWriter) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			conn.Close()
		}
	}
	tests := map[string]func(w http.ResponseWriter){
		"echoed":   echo,
		"cut":      cut,
		"HTTP 500": func(w http.ResponseWriter) { w.WriteHeader(http.StatusInternalServerError); echo(w) },
		"no JSON":  func(w http.ResponseWriter) { fmt.Fprint(w, secret, token()) },
		"bad form": func(w http.ResponseWriter) { fmt.Fprintf(w, `{"errcode":%q}`, secret+token()) },
		"redirect": func(w http.ResponseWriter) {
			w.Header().Set("Location", "http://127.0.0.1:1/?access_token="+token()+"&secret="+secret)
			w.WriteHeader(http.StatusFound)
		},
	}
	for name, fail := range tests {
		for _, path := range []string{pathStable, pathTemplate} {
			p := newPlatform(t)
			p.answer = func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path != path {
					return false
				}
				seen.Store(r.URL.Query().Get("access_token")) // none is known while one is fetched
				fail(w)
				return true
			}
			clean(t, name+" at "+path, newClient(t, p.URL).TemplateSend(t.Context(), "demo", template))
		}
	}
	p := newPlatform(t)
	c := newClient(t, p.URL)
	if err := c.TemplateSend(t.Context(), "demo", template); err != nil {
		t.Fatal(err)
	}
	p.Close()
	clean(t, "connection refused", c.TemplateSend(t.Context(), "demo", template))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	err := c.TemplateSend(ended, "demo", template)
	clean(t, "context ended", err)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the cause cannot be found in %v", err)
	}
}

func clean(t *testing.T, what string, err error) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error", what)
		return
	}
	for _, s := range []string{secret, "s3cret", "TOKEN"} {
		if text := fmt.Sprintf("%v %+v", err, err); strings.Contains(text, s) {
			t.Errorf("%s: %q is in the error: %s", what, s, text)
		}
	}
	if IsPermanent(err) && !strings.HasPrefix(what, "echoed") {
		t.Errorf("%s: %v counts as permanent", what, err)
	}
}
