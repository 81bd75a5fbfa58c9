package oauth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/server/internal/config"
	"oalab/server/internal/oauth"
)

// TestLogin: both scopes lead through the platform to the target, and the second visit asks
// the platform nothing (OAU-1, OAU-3).
func TestLogin(t *testing.T) {
	t.Parallel()
	for query, scope := range map[string]string{"?return=/c/demo/draw%3Fx%3D1": oauth.ScopeBase, "?scope=userinfo&return=/c/demo/draw%3Fx%3D1": oauth.ScopeUser} {
		g := newRig(t)
		g.platform.grant.Scope = scope
		b := g.browser()
		want(t, scope, b.login(query, "CODE-1"), http.StatusFound, "/c/demo/draw?x=1")
		who, status := b.me()
		expect := me{OpenID: "oFollower", Scope: scope}
		if scope == oauth.ScopeUser {
			expect.Nickname = "流量😀"
		}
		if diff := cmp.Diff(expect, who); status != http.StatusOK || diff != "" {
			t.Errorf("%s: %d\n%s", scope, status, diff)
		}
		before := g.platform.calls()
		want(t, "the second visit", b.get("/oauth/demo/login"+query), http.StatusFound, "/c/demo/draw?x=1")
		if _, status := b.me(); status != http.StatusOK || g.platform.calls() != before {
			t.Errorf("%s: status %d, %d calls more", scope, status, g.platform.calls()-before)
		}
		if scope == oauth.ScopeBase {
			b.start("?scope=userinfo") // wants more than the session has
		}
		if _, status := g.browser().me(); status != http.StatusUnauthorized {
			t.Errorf("a browser that did not log in: %d", status)
		}
		for _, secret := range []string{"ACCESS-1", "REFRESH-1", "CODE-1", b.cookie(), key} {
			if strings.Contains(g.log.String(), secret) {
				t.Errorf("%q is in the log", secret)
			}
		}
	}
}

// TestCookies: what the browser keeps is for this site alone, out of the reach of scripts.
func TestCookies(t *testing.T) {
	t.Parallel()
	b := newRig(t).browser()
	w := b.get("/oauth/demo/login")
	cookies := append(w.Result().Cookies(), b.get(back(b.sent(w), "C")).Result().Cookies()...)
	if len(cookies) != 2 {
		t.Fatalf("%d cookies", len(cookies))
	}
	for _, c := range cookies {
		if !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode || c.Domain != "" || c.MaxAge <= 0 {
			t.Errorf("%s", c)
		}
	}
	// A neighbour below the same domain can set a cookie of another name; by that a follower
	// would be logged in as another one.
	for i, name := range []string{"__Host-oa_login_demo", "__Host-oa_demo"} {
		if cookies[i].Name != name || cookies[i].Path != "/" {
			t.Errorf("%s, want %s of /", cookies[i], name)
		}
	}
	for name, value := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"} {
		if got := w.Header().Get(name); got != value {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// TestACodeIsExchangedOnce: the same callback again, later and at once, on this server and on
// another one, leads to the same session (OAU-2).
func TestACodeIsExchangedOnce(t *testing.T) {
	t.Parallel()
	g := newRig(t)
	b := g.browser()
	callback := back(b.start("?return=/c/demo/x"), "C1")
	release := make(chan struct{})
	g.platform.set(func(p *fakePlatform) { p.slow = release })
	before := b.jar // of all callbacks below: none has seen an answer
	answers := make(chan *httptest.ResponseRecorder, 8)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, base+callback, http.NoBody)
			for _, c := range before.Cookies(r.URL) {
				r.AddCookie(c)
			}
			w := httptest.NewRecorder()
			g.handler.ServeHTTP(w, r)
			answers <- w
		})
	}
	for g.platform.calls() == 0 { // until the first one is under way
		<-time.After(time.Millisecond)
	}
	close(release)
	wg.Wait()
	close(answers)
	given := map[string]bool{}
	for w := range answers {
		want(t, "one of eight", w, http.StatusFound, "/c/demo/x")
		for _, c := range w.Result().Cookies() {
			given[c.Value] = true
		}
	}
	g.serve() // another server
	want(t, "on another server", b.get(callback), http.StatusFound, "/c/demo/x")
	if len(given) != 1 || !given[b.cookie()] || len(g.platform.exchanges) != 1 {
		t.Errorf("%d sessions, codes %v", len(given), g.platform.exchanges)
	}
	// A later login has another session, and the first one does not go on.
	first := b.cookie()
	b.send(http.MethodPost, "/oauth/demo/logout", "")
	b.login("", "C2")
	if b.cookie() == first || b.cookie() == "" {
		t.Error("two logins have one session")
	}
}

// TestARepeatAfterTheFirstServerDied: the claim is there and no session will ever be. The
// follower is sent for another code; the one from before is not tried again.
func TestARepeatAfterTheFirstServerDied(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newRig(t)
		b := g.browser()
		callback := back(b.start("?return=/c/demo/x"), "C1")
		never := make(chan struct{})
		defer close(never)
		g.platform.set(func(p *fakePlatform) { p.slow = never })
		first := make(chan struct{})
		go func() { defer close(first); g.browserLike(b).get(callback) }()
		synctest.Wait()
		began := time.Now()
		state := b.sent(b.get(callback))
		if waited := time.Since(began); waited > 2*time.Second {
			t.Errorf("the repeat waited %v: a load balancer has given up by then", waited)
		}
		g.platform.set(func(p *fakePlatform) { p.slow = nil })
		want(t, "with another code", b.get(back(state, "C2")), http.StatusFound, "/c/demo/x")
		<-first
		if diff := cmp.Diff([]string{"C1", "C2"}, g.platform.exchanges); diff != "" {
			t.Error(diff)
		}
	})
}

// browserLike is another window of a browser, with its cookies so far.
func (g *rig) browserLike(b *browser) *browser {
	copied := g.browser()
	for _, path := range []string{"/", "/oauth/demo/"} {
		u := &url.URL{Scheme: "https", Host: "oa.example", Path: path}
		copied.jar.SetCookies(u, b.jar.Cookies(u))
	}
	return copied
}

// TestStateIsBoundToTheBrowser: a callback that another browser has begun is no login
// (OAU-2); no code is exchanged for it.
func TestStateIsBoundToTheBrowser(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newRig(t)
		attacker, victim, late := g.browser(), g.browser(), g.browser()
		planted, own, old := attacker.start(""), victim.start(""), late.start("")
		for name, test := range map[string]struct {
			b     *browser
			state string
		}{
			"of another browser": {victim, planted}, "of none": {g.browser(), planted}, "no state": {victim, ""}, "a changed state": {victim, own + "x"},
		} {
			w := test.b.get(back(test.state, "C"))
			want(t, name, w, http.StatusForbidden, "")
			if !strings.Contains(w.Body.String(), "登录已失效") {
				t.Errorf("%s: %s", name, w.Body)
			}
		}
		// The cookie of one account is none of another.
		for _, c := range victim.jar.Cookies(&url.URL{Scheme: "https", Host: "oa.example", Path: "/oauth/demo/"}) {
			c.Name, c.Path = strings.Replace(c.Name, "demo", "second", 1), "/oauth/second/"
			victim.jar.SetCookies(&url.URL{Scheme: "https", Host: "oa.example", Path: "/oauth/second/"}, []*http.Cookie{c})
		}
		want(t, "on another account", victim.get(strings.Replace(back(own, "C"), "demo", "second", 1)), http.StatusForbidden, "")
		<-time.After(11 * time.Minute)
		want(t, "too late", late.get(back(old, "C")), http.StatusForbidden, "")
		if n := len(g.platform.exchanges); n != 0 {
			t.Errorf("%d codes were exchanged", n)
		}
	})
}

// TestDeclined: a follower who does not agree is told what can be done, in plain words.
func TestDeclined(t *testing.T) {
	t.Parallel()
	for name, query := range map[string]string{
		"no code": "", "an error": "&error=access_denied", "an error and a code": "&error=x&code=C", "an empty code": "&code=", "a code of other bytes": "&code=%0a",
	} {
		g := newRig(t)
		b := g.browser()
		w := b.get("/oauth/demo/callback?state=" + b.start("?scope=userinfo&return=/c/demo/x") + query)
		again := "/oauth/demo/login?return=%2Fc%2Fdemo%2Fx&amp;scope=userinfo"
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "未同意授权") || !strings.Contains(w.Body.String(), again) || len(g.platform.exchanges) != 0 {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
		if !strings.Contains(g.log.String(), "without a code") {
			t.Errorf("%s: not logged", name)
		}
	}
}

// TestNoticesHaveAStyle: a notice names a style that the server answers, because the policy of
// pages refuses one inside of the page.
func TestNoticesHaveAStyle(t *testing.T) {
	t.Parallel()
	b := newRig(t).browser()
	if w := b.get("/oauth/demo/callback"); !strings.Contains(w.Body.String(), `href="style.css"`) || strings.Contains(w.Body.String(), "<style") {
		t.Errorf("a notice without a style of its own address: %s", w.Body)
	}
	w := b.get("/oauth/demo/style.css")
	if got := w.Header().Get("Content-Type"); w.Code != http.StatusOK || got != "text/css; charset=utf-8" || !strings.Contains(w.Body.String(), "{") {
		t.Errorf("style: %d, %s, %q", w.Code, got, w.Body)
	}
}

// TestErrorsOfTheExchange: what becomes of a login whose code brings nothing (OAU-5). No code
// is tried twice.
func TestErrorsOfTheExchange(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err    error
		visits int // to the consent page
	}{
		"invalid code": {code(40029), 3}, "code used": {code(40163), 3}, "code expired": {code(42003), 3}, "busy": {code(-1), 3}, "unknown": {code(77), 3},
		"answer lost": {context.DeadlineExceeded, 3}, "cut": {errCut, 3}, "wrong secret": {code(40125), 1}, "wrong appid": {code(40013), 1},
	} {
		g := newRig(t)
		g.platform.fail = test.err
		b := g.browser()
		state, visits := b.start("?return=/c/demo/x"), 1
		w := b.get(back(state, "C1"))
		for w.Code == http.StatusFound && visits < 10 {
			visits++
			next := b.sent(w)
			if next == state {
				t.Errorf("%s: the state is used again", name)
			}
			state = next
			w = b.get(back(state, fmt.Sprint("C", visits)))
		}
		if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), "系统繁忙") || visits != test.visits {
			t.Errorf("%s: %d after %d visits: %s", name, w.Code, visits, w.Body)
		}
		for i, c := range g.platform.exchanges {
			if c != fmt.Sprint("C", i+1) {
				t.Errorf("%s: codes %v", name, g.platform.exchanges)
			}
		}
		if _, status := b.me(); status != http.StatusUnauthorized {
			t.Errorf("%s: logged in: %d", name, status)
		}
	}
}

// TestThePlatformIsLeftAloneWhileItIsAway: the breaker opens, probes, and closes.
func TestThePlatformIsLeftAloneWhileItIsAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newRig(t)
		g.platform.set(func(p *fakePlatform) { p.fail = errCut })
		visit := func() *httptest.ResponseRecorder { return g.browser().login("?return=/c/demo/x", "C") }
		for range 10 {
			visit()
		}
		asked := g.platform.calls()
		want(t, "away", visit(), http.StatusServiceUnavailable, "")
		if asked >= 10 || g.platform.calls() != asked {
			t.Errorf("%d calls, then %d", asked, g.platform.calls())
		}
		g.platform.set(func(p *fakePlatform) { p.fail = nil })
		<-time.After(1100 * time.Millisecond)
		for range 3 {
			want(t, "back", visit(), http.StatusFound, "/c/demo/x")
		}
	})
}

// TestNoSessionFixation: a session that was planted is not the one after the login,
// and ends by it.
func TestNoSessionFixation(t *testing.T) {
	t.Parallel()
	g := newRig(t)
	attacker, victim := g.browser(), g.browser()
	attacker.login("", "C1")
	planted := attacker.cookie()
	for _, value := range []string{planted, "planted"} {
		u := &url.URL{Scheme: "https", Host: "oa.example", Path: "/"}
		state := victim.start("")
		victim.jar.SetCookies(u, []*http.Cookie{{Name: "__Host-oa_demo", Value: value, Path: "/", Secure: true}})
		victim.get(back(state, "C2"))
		if victim.cookie() == value || victim.cookie() == "" {
			t.Errorf("the session after the login is %q", victim.cookie())
		}
		victim.send(http.MethodPost, "/oauth/demo/logout", "")
	}
	if _, status := attacker.me(); status != http.StatusUnauthorized {
		t.Errorf("the planted session goes on: %d", status)
	}
}

// TestSessionsEnd: without a visit after the idle time, with visits after the life (OAU-3).
func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newRig(t, func(s *oauth.Settings) {
			s.SessionIdle, s.SessionLife = config.Duration(time.Hour), config.Period(5*time.Hour)
		})
		idle, busy := g.browser(), g.browser()
		idle.login("", "C1")
		busy.login("", "C2")
		// These browsers keep cookies for ever: the server has to end the sessions.
		idle, busy = g.browserLike(idle), g.browserLike(busy)
		began := time.Now()
		<-time.After(59 * time.Minute)
		if _, status := idle.me(); status != http.StatusOK {
			t.Errorf("within the idle time: %d", status)
		}
		for ended := false; !ended; {
			_, status := busy.me()
			ended = status == http.StatusUnauthorized
			if age := time.Since(began); ended != (age >= 5*time.Hour) {
				t.Fatalf("status %d at the age of %v", status, age)
			}
			<-time.After(10 * time.Minute)
		}
		if _, status := idle.me(); status != http.StatusUnauthorized {
			t.Errorf("after the idle time: %d", status)
		}
	})
}

// TestLogout ends the session at the server, not the cookie alone.
func TestLogout(t *testing.T) {
	t.Parallel()
	g := newRig(t)
	b := g.browser()
	b.login("", "C1")
	copied := g.browserLike(b)
	if w := b.send(http.MethodPost, "/oauth/demo/logout", ""); w.Code != http.StatusOK || b.cookie() != "" {
		t.Errorf("%d, cookie %q", w.Code, b.cookie())
	}
	for _, b := range []*browser{b, copied} {
		if _, status := b.me(); status != http.StatusUnauthorized {
			t.Errorf("after the logout: %d", status)
		}
	}
}

// brokenSessions does not answer.
type brokenSessions struct{ oauth.Sessions }

var errAway = errors.New("planted: away")

func (brokenSessions) Load(context.Context, string) (oauth.Session, error) {
	return oauth.Session{}, errAway
}

func (brokenSessions) Claim(context.Context, string, time.Duration) (bool, error) {
	return false, errAway
}

// TestSessionsAway: a follower is told to come again, is not sent to the platform, and no
// code is spent.
func TestSessionsAway(t *testing.T) {
	t.Parallel()
	g := newRig(t)
	b := g.browser()
	b.login("", "C1")
	fresh := g.browser()
	state := fresh.start("")
	g.sessions = brokenSessions{g.sessions}
	g.serve()
	for name, w := range map[string]*httptest.ResponseRecorder{
		"login": b.get("/oauth/demo/login"), "callback": fresh.get(back(state, "C2")), "me": b.get("/api/v1/login/demo/me"),
	} {
		want(t, name, w, http.StatusServiceUnavailable, "")
		if w.Header().Get("Retry-After") == "" || strings.Contains(w.Body.String(), "planted") {
			t.Errorf("%s: %v %s", name, w.Header(), w.Body)
		}
	}
	if len(g.platform.exchanges) != 1 {
		t.Errorf("codes %v", g.platform.exchanges)
	}
}

// TestWrongLogins: what is no login of this server is refused.
func TestWrongLogins(t *testing.T) {
	t.Parallel()
	g := newRig(t)
	for path, status := range map[string]int{
		"/oauth/unknown/login": 404, "/oauth/demo/login?scope=all": 400, "/oauth/demo/login?return=//evil.example": 400,
		"/oauth/demo/login?return=https://evil.example/": 400, "/oauth/demo/login?return=%2Fc%2F%255c": 400, "/oauth/demo/login?return=https://pages.example/x": 302,
	} {
		if w := g.browser().get(path); w.Code != status || status == 400 && w.Header().Get("Location") != "" {
			t.Errorf("%s: %d to %q", path, w.Code, w.Header().Get("Location"))
		}
	}
}

// TestLimits: one browser is bounded, the followers behind a carrier's address are not in each
// other's way (OAU-6).
func TestLimits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newRig(t)
		b := g.browser()
		for range 11 { // the first one is counted for the address
			b.start("")
		}
		w := b.get("/oauth/demo/login")
		if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "6" || !strings.Contains(w.Body.String(), "操作过于频繁") {
			t.Errorf("%d, Retry-After %q: %s", w.Code, w.Header().Get("Retry-After"), w.Body)
		}
		for range 900 { // others behind the same address
			g.browser().start("")
		}
		<-time.After(6 * time.Second)
		b.start("")
		// Without cookies there is the address.
		g = newRig(t, func(s *oauth.Settings) { s.AddressLoginsPerMinute = 20 })
		for range 20 {
			g.browser().start("")
		}
		if w := g.browser().get("/oauth/demo/login"); w.Code != http.StatusTooManyRequests {
			t.Errorf("the 21st from one address: %d", w.Code)
		}
		other := g.browser()
		other.address = "192.0.2.2:1"
		other.start("")
		// And a limit for all.
		g = newRig(t, func(s *oauth.Settings) { s.LoginsPerSecond = 5 })
		for range 5 {
			g.browser().start("")
		}
		if w := g.browser().get("/oauth/demo/login"); w.Code != http.StatusTooManyRequests {
			t.Errorf("the sixth of all: %d", w.Code)
		}
		// The API, by session.
		g = newRig(t)
		one, two := g.browser(), g.browser()
		one.login("", "C1")
		two.login("", "C2")
		for range 100 {
			one.me()
		}
		_, busy := one.me()
		_, idle := two.me()
		if busy != http.StatusTooManyRequests || idle != http.StatusOK {
			t.Errorf("API: %d and %d", busy, idle)
		}
	})
}

// TestACrowdWaitsForItsTurn: more followers come back at once than there are places on the way to
// the platform. They wait for a moment, and are not told to come back later.
func TestACrowdWaitsForItsTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newRig(t)
		g.platform.set(func(p *fakePlatform) { p.takes = 200 * time.Millisecond })
		codes := make(chan int, 200)
		var wg sync.WaitGroup
		for i := range cap(codes) {
			b := g.browser()
			b.address = fmt.Sprintf("192.0.2.%d:1000", i+1)
			at := back(b.start(""), fmt.Sprintf("C%d", i))
			wg.Go(func() { codes <- b.get(at).Code })
		}
		wg.Wait()
		got := make(map[int]int)
		for range cap(codes) {
			got[<-codes]++
		}
		if diff := cmp.Diff(map[int]int{http.StatusFound: 200}, got); diff != "" {
			t.Errorf("answers by status (-want +got):\n%s", diff)
		}
	})
}
