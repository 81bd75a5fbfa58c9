package oauth_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"oalab/server/internal/oauth"
	"oalab/server/internal/oauth/sessionfiles"
	"oalab/server/internal/resilience"
	"oalab/server/internal/web"
	"oalab/server/internal/wechatapi"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	key  = "an example key of at least 32 characters"
	base = "https://oa.example"
)

// fakePlatform gives tokens out for codes, each of which it takes once.
type fakePlatform struct {
	mu        sync.Mutex
	exchanges []string // the codes, in order
	refreshes []string
	profiles  int
	fail      error         // of exchanges and refreshes
	noProfile error         // of profiles
	slow      chan struct{} // exchanges wait for its end, if there is one
	takes     time.Duration // of an exchange
	mute      bool          // profiles are not answered
	grant     wechatapi.WebGrant
	nickname  string
}

func (*fakePlatform) AuthorizeURL(openBase, _, back, scope, state string) (string, error) {
	return openBase + "/authorize?" + url.Values{"redirect_uri": {back}, "scope": {scope}, "state": {state}}.Encode(), nil
}

func (p *fakePlatform) ExchangeCode(ctx context.Context, _, code string) (wechatapi.WebGrant, error) {
	p.mu.Lock()
	p.exchanges = append(p.exchanges, code)
	slow, takes, grant, err := p.slow, p.takes, p.grant, p.fail
	p.mu.Unlock()
	if takes > 0 {
		<-time.After(takes)
	}
	if slow != nil {
		select {
		case <-slow:
		case <-ctx.Done():
			return wechatapi.WebGrant{}, ctx.Err()
		}
	}
	return grant, err
}

func (p *fakePlatform) RefreshWebToken(_ context.Context, _, refresh string) (wechatapi.WebGrant, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refreshes = append(p.refreshes, refresh)
	grant := p.grant
	grant.Access = "ACCESS-2"
	return grant, p.fail
}

func (p *fakePlatform) FetchWebUser(ctx context.Context, _, openid string) (wechatapi.WebUser, error) {
	p.mu.Lock()
	p.profiles++
	mute := p.mute
	p.mu.Unlock()
	if mute {
		<-ctx.Done()
		return wechatapi.WebUser{}, ctx.Err()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return wechatapi.WebUser{OpenID: openid, Nickname: p.nickname, Picture: "http://p/0"}, p.noProfile
}

func (p *fakePlatform) ExchangeMiniCode(_ context.Context, _, code string) (wechatapi.MiniGrant, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.exchanges = append(p.exchanges, code)
	return wechatapi.MiniGrant{OpenID: "oMini", UnionID: "u", SessionKey: "SESSION-KEY"}, p.fail
}

// fakeTickets has one ticket.
type fakeTickets struct{ fail error }

func (f *fakeTickets) Token(context.Context, string) (string, error) { return "TICKET", f.fail }

func (p *fakePlatform) set(change func(*fakePlatform)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(p)
}

// calls is how often the platform was asked for anything.
func (p *fakePlatform) calls() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.exchanges) + len(p.refreshes) + p.profiles
}

// fakeUsers keeps users in memory.
type fakeUsers struct {
	mu   sync.Mutex
	kept map[string]oauth.User
	fail error
	// Reads and writes that are not answered.
	muteLoad, muteSave bool
}

func (u *fakeUsers) SaveUser(ctx context.Context, user oauth.User) error {
	if u.muteSave {
		<-ctx.Done()
		return ctx.Err()
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.fail == nil {
		u.kept[user.Account+"|"+user.OpenID] = user
	}
	return u.fail
}

func (u *fakeUsers) LoadUser(ctx context.Context, account, openid string) (oauth.User, error) {
	if u.muteLoad {
		<-ctx.Done()
		return oauth.User{}, ctx.Err()
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	user, ok := u.kept[account+"|"+openid]
	if !ok && u.fail == nil {
		return oauth.User{}, oauth.ErrNoUser
	}
	return user, u.fail
}

// rig is a login with fakes around it.
type rig struct {
	t        *testing.T
	platform *fakePlatform
	tickets  *fakeTickets
	users    *fakeUsers
	sessions oauth.Sessions
	settings oauth.Settings
	routes   func(*oauth.Service) []web.Route
	handler  http.Handler
	log      *lockedLog
}

type lockedLog struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newRig(t *testing.T, change ...func(*oauth.Settings)) *rig {
	t.Helper()
	sessions, err := sessionfiles.Open(t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	g := &rig{
		t: t, sessions: sessions, settings: oauth.DefaultSettings(), tickets: &fakeTickets{}, routes: (*oauth.Service).Routes, users: &fakeUsers{kept: map[string]oauth.User{}}, log: &lockedLog{},
		platform: &fakePlatform{nickname: "流量😀", grant: wechatapi.WebGrant{
			OpenID: "oFollower", UnionID: "u", Scope: oauth.ScopeUser, Access: "ACCESS-1", Refresh: "REFRESH-1", Life: 2 * time.Hour,
		}},
	}
	g.settings.BaseURL, g.settings.Key, g.settings.ReturnSites = base, key, []string{"https://pages.example"}
	for _, c := range change {
		c(&g.settings)
	}
	g.serve()
	return g
}

// serve makes the service anew, as another server or a later one, over the same stores.
func (g *rig) serve() {
	g.t.Helper()
	keys, err := oauth.NewKeyring(string(g.settings.Key), string(g.settings.PreviousKey))
	if err != nil {
		g.t.Fatal(err)
	}
	log := slog.New(slog.NewJSONHandler(g.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	service, err := oauth.New(oauth.Config{
		Settings: g.settings, OpenBase: "https://open.example", Accounts: []oauth.Account{{Name: "demo", AppID: "wxdemo"}, {Name: "second", AppID: "wxsecond"}}, Keys: keys,
		Breaker: resilience.LaneConfig{MinCalls: 5, OpenFor: time.Second, Probes: 1},
	}, g.sessions, g.users, g.platform, g.tickets, log, nil)
	if err != nil {
		g.t.Fatal(err)
	}
	server, err := web.New(log, g.routes(service)...)
	if err != nil {
		g.t.Fatal(err)
	}
	g.handler = server.Handler()
}

// browser keeps cookies and follows no redirect.
type browser struct {
	g       *rig
	jar     *cookiejar.Jar
	address string // of the client
	bearer  string
}

func (g *rig) browser() *browser {
	g.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		g.t.Fatal(err)
	}
	return &browser{g: g, jar: jar, address: "192.0.2.1:1000"}
}

func (b *browser) send(method, path, body string) *httptest.ResponseRecorder {
	b.g.t.Helper()
	return b.within(b.g.t.Context(), method, path, body)
}

// within is send by a browser that hangs up when ctx ends.
func (b *browser) within(ctx context.Context, method, path, body string) *httptest.ResponseRecorder {
	b.g.t.Helper()
	r := httptest.NewRequestWithContext(ctx, method, base+path, strings.NewReader(body))
	r.RemoteAddr = b.address
	for _, c := range b.jar.Cookies(r.URL) {
		r.AddCookie(c)
	}
	if b.bearer != "" {
		r.Header.Set("Authorization", "Bearer "+b.bearer)
	}
	w := httptest.NewRecorder()
	b.g.handler.ServeHTTP(w, r)
	answer := w.Result()
	b.jar.SetCookies(r.URL, answer.Cookies())
	if err := answer.Body.Close(); err != nil {
		b.g.t.Error(err)
	}
	return w
}

func (b *browser) get(path string) *httptest.ResponseRecorder {
	b.g.t.Helper()
	return b.send(http.MethodGet, path, "")
}

// start begins a login and returns the state that goes to the platform.
func (b *browser) start(query string) string {
	b.g.t.Helper()
	w := b.get("/oauth/demo/login" + query)
	return b.sent(w)
}

// sent is the state of a redirect to the platform.
func (b *browser) sent(w *httptest.ResponseRecorder) string {
	b.g.t.Helper()
	to, err := url.Parse(w.Header().Get("Location"))
	if err != nil || w.Code != http.StatusFound || to.Host != "open.example" {
		b.g.t.Fatalf("%d to %q, want the platform; %s", w.Code, w.Header().Get("Location"), w.Body)
	}
	if back := to.Query().Get("redirect_uri"); back != base+"/oauth/demo/callback" {
		b.g.t.Errorf("the platform is to send back to %s", back)
	}
	return to.Query().Get("state")
}

func back(state, code string) string {
	return "/oauth/demo/callback?" + url.Values{"state": {state}, "code": {code}}.Encode()
}

// login logs in and returns the answer to the callback.
func (b *browser) login(query, code string) *httptest.ResponseRecorder {
	b.g.t.Helper()
	return b.get(back(b.start(query), code))
}

// cookie is the session's secret, "" without one.
func (b *browser) cookie() string {
	u := &url.URL{Scheme: "https", Host: "oa.example", Path: "/"}
	for _, c := range b.jar.Cookies(u) {
		if c.Name == "__Host-oa_demo" {
			return c.Value
		}
	}
	return ""
}

// api calls the API and reads the data of its answer.
func (b *browser) api(method, path, body string, data any) int {
	b.g.t.Helper()
	w := b.send(method, "/api/v1/login/demo/"+path, body)
	envelope := struct {
		Data any `json:"data"`
	}{data}
	if err := json.Unmarshal(w.Body.Bytes(), &envelope); err != nil {
		b.g.t.Fatalf("%s: %v: %s", path, err, w.Body)
	}
	return w.Code
}

type me struct {
	OpenID   string `json:"openid"`
	Scope    string `json:"scope"`
	Nickname string `json:"nickname"`
	Snapshot bool   `json:"snapshot"`
}

func (b *browser) me() (who me, status int) {
	b.g.t.Helper()
	status = b.api(http.MethodGet, "me", "", &who)
	return who, status
}

func code(class int) error {
	return &wechatapi.CodeError{API: "/sns/oauth2/access_token", Code: class, Msg: "planted"}
}

var errCut = errors.New("cut")

func want(t *testing.T, what string, w *httptest.ResponseRecorder, status int, location string) {
	t.Helper()
	if w.Code != status || w.Header().Get("Location") != location {
		t.Errorf("%s: %d to %q, want %d to %q; %s", what, w.Code, w.Header().Get("Location"), status, location, w.Body)
	}
}
