package mockwechat

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/mockwechat/message"
	"oalab/mockwechat/platform"
)

// shop is a platform behind a real socket, with accounts of several kinds.
type shop struct {
	*bench
	base    string       // of the server
	account string       // that calls
	handler http.Handler // takes the calls when they do not go over the socket
	client  http.Client
}

var strangers = Followers{Count: 100, Seed: 6}

func shopAccounts() []Account {
	sub := Account{Name: "sub", AppID: "wxsub", Secret: "s", Type: "subscription", Followers: crowd}
	bare := Account{Name: "bare", AppID: "wxbare", Secret: "s", Type: "subscription", Unverified: true, Followers: crowd}
	walled := Account{Name: "walled", AppID: "wxwalled", Secret: "s", IPWhitelist: []string{"203.0.113.7", "198.51.100.0/24"}}
	frozen := Account{Name: "frozen", AppID: "wxfrozen", Secret: "s", SecretFrozen: true}
	few := Account{Name: "few", AppID: "wxfew", Secret: "s", QuotaPerDay: 2, Followers: crowd}
	guarded := componentAccount("guarded")
	guarded.IPWhitelist = []string{"203.0.113.7"}
	return []Account{demoAccount(), otherAccount(), sub, bare, walled, frozen, few, componentAccount("comp"), guarded}
}

func newShop(tb testing.TB, direct bool) *shop {
	tb.Helper()
	c := newClock()
	p, err := New(Config{Seed: 1, Accounts: shopAccounts(), Now: c.now})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := p.Stop(tb.Context()); err != nil {
			tb.Error(err)
		}
	})
	s := &shop{bench: &bench{Platform: p, t: tb, clock: c}, account: "demo"}
	if direct {
		s.handler = p.Handler()
	}
	if !direct {
		server := httptest.NewServer(p.Handler())
		tb.Cleanup(server.Close)
		transport := &http.Transport{}
		tb.Cleanup(transport.CloseIdleConnections)
		s.base, s.client = server.URL, http.Client{
			Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	return s
}

// upload is a multipart body.
type upload struct {
	field, name, content string
	description          string
	asFile               bool // the description is a file part
}

func (u upload) body(tb testing.TB) (contentType string, body []byte) {
	tb.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	if u.field != "" {
		part, err := w.CreateFormFile(u.field, u.name)
		if err != nil {
			tb.Fatal(err)
		}
		_, _ = io.WriteString(part, u.content)
	}
	if u.description != "" {
		part, err := w.CreateFormField("description")
		if u.asFile {
			part, err = w.CreateFormFile("description", "description")
		}
		if err != nil {
			tb.Fatal(err)
		}
		_, _ = io.WriteString(part, u.description)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return w.FormDataContentType(), b.Bytes()
}

// shown is an answer as it came.
type shown struct {
	status int
	header http.Header
	body   []byte
}

// send makes a call as it is written; body nil is a GET.
func (s *shop) send(path string, body any) shown {
	s.t.Helper()
	method, contentType, raw := http.MethodPost, "application/json", []byte(nil)
	switch v := body.(type) {
	case nil:
		method = http.MethodGet
	case string:
		raw = []byte(v)
	case verb:
		method = string(v)
	case upload:
		contentType, raw = v.body(s.t)
	default:
		var err error
		if raw, err = json.Marshal(v); err != nil {
			s.t.Fatal(err)
		}
	}
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.base+path, bytes.NewReader(raw))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", contentType)
	if s.handler != nil {
		w := httptest.NewRecorder()
		r.RemoteAddr, r.RequestURI = "127.0.0.1:9", path
		s.handler.ServeHTTP(w, r)
		return shown{w.Code, w.Header(), w.Body.Bytes()}
	}
	resp, err := s.client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return shown{resp.StatusCode, resp.Header, b}
}

// bearing puts the account's access token into a path. A path that begins with ! needs none.
func (s *shop) bearing(path string) string {
	if rest, ok := strings.CutPrefix(path, "!"); ok {
		return rest
	}
	a := s.core.Named(s.account)
	t, _, code := a.StableToken(s.core, s.core.Now(), false)
	if code != platform.CodeOK {
		s.t.Fatalf("no token for %s: %d", s.account, code)
	}
	sep := "?"
	if strings.Contains(path, "?") {
		sep = "&"
	}
	return path + sep + "access_token=" + t.Token
}

// ask makes a call that has a JSON answer.
func (s *shop) ask(path string, body any) map[string]any {
	s.t.Helper()
	got := s.send(s.bearing(path), body)
	var m map[string]any
	if !strings.HasPrefix(got.header.Get("Content-Type"), "application/json") && got.status == http.StatusOK {
		return map[string]any{"file": string(got.body)}
	}
	if err := json.Unmarshal(got.body, &m); err != nil || got.status != http.StatusOK {
		s.t.Fatalf("%s: %d %s, %v", path, got.status, got.body, err)
	}
	return m
}

// ok makes a call that must succeed.
func (s *shop) ok(path string, body any) map[string]any {
	s.t.Helper()
	m := s.ask(path, body)
	if code := codeOf(m); code != 0 {
		s.t.Fatalf("%s %v: %v", path, body, m)
	}
	return m
}

// text is a field of an answer that is a text.
func text(tb testing.TB, m map[string]any, name string) string {
	tb.Helper()
	v, ok := m[name].(string)
	if !ok || v == "" {
		tb.Fatalf("no text %q in %v", name, m)
	}
	return v
}

func codeOf(m map[string]any) int {
	code, _ := m["errcode"].(float64)
	return int(code)
}

func (s *shop) image() string {
	s.t.Helper()
	return text(s.t, s.ok("/cgi-bin/media/upload?type=image", upload{field: "media", name: "a.png", content: "\x89PNG\r\n"}), "media_id")
}

func (s *shop) material() string {
	s.t.Helper()
	return text(s.t, s.ok("/cgi-bin/material/add_material?type=image", upload{field: "media", name: "a.jpg", content: "\xff\xd8\xff"}), "media_id")
}

func (s *shop) tag(name string) int {
	s.t.Helper()
	m := s.ok("/cgi-bin/tags/create", map[string]any{"tag": map[string]any{"name": name}})
	t, _ := m["tag"].(map[string]any)
	id, _ := t["id"].(float64)
	return int(id)
}

func (s *shop) writes(openID string) {
	s.t.Helper()
	m := Message{OpenID: openID, Content: "你好"}
	if err := m.Complete(s.core.Now().Unix(), s.core.NextMsgIDText); err != nil {
		s.t.Fatal(err)
	}
	s.core.Named(s.account).NoteActivity(&m, s.core.Now(), s.core.Limits)
}

func (s *shop) leaves(openID string) {
	s.core.Named(s.account).NoteActivity(&message.Message{OpenID: openID, MsgType: "event", Event: "unsubscribe"}, s.core.Now(), s.core.Limits)
}

func (s *shop) code(scope string) string {
	return s.core.Named(s.account).NewCode(s.core, platform.Login{OpenID: crowd.OpenID(0), Scope: scope})
}

func (s *shop) agent(name string) {
	s.t.Helper()
	s.ok("/customservice/kfaccount/add", map[string]any{"kf_account": name, "nickname": "客服"})
}

// login is a web token of a follower, and its refresh token.
func (s *shop) login(scope string) (access, refresh string) {
	s.t.Helper()
	m := s.ok("!/sns/oauth2/access_token?appid=wxdemo&secret=s3cret&grant_type=authorization_code&code="+s.code(scope), nil)
	return text(s.t, m, "access_token"), text(s.t, m, "refresh_token")
}

const day = 24 * time.Hour

// repeat makes n bodies or names.
func repeat(s string, n int) string { return strings.Repeat(s, n) }

func numbered(n int, format string) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf(format, i)
	}
	return list
}

// same compares, and shows the difference.
func same(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got)\n%s", what, diff)
	}
}
