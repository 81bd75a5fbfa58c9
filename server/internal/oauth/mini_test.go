package oauth_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestMiniProgram: a code of wx.login ends in tokens for the API, once, and its session key never leaves
// the server (OAU-9).
func TestMiniProgram(t *testing.T) {
	t.Parallel()
	g := newRig(t)
	b := g.browser()
	var got tokens
	if status := b.api(http.MethodPost, "mini", `{"code":"MINI-CODE"}`, &got); status != http.StatusOK || g.asks(got.Access) != http.StatusOK {
		t.Fatalf("%d %+v", status, got)
	}
	b.bearer = got.Access
	w := b.get("/api/v1/login/demo/me")
	for _, at := range []string{w.Body.String(), got.Access, g.log.String()} {
		if strings.Contains(at, "SESSION-KEY") || strings.Contains(at, "MINI-CODE") {
			t.Errorf("the code or the session key is shown: %s", at)
		}
	}
	if !strings.Contains(w.Body.String(), "oMini") || b.cookie() != "" {
		t.Errorf("%s, cookie %q", w.Body, b.cookie())
	}
	if next, status := g.browser().refresh(got.Refresh); status != http.StatusOK || g.asks(next.Access) != http.StatusOK {
		t.Errorf("refreshed: %d", status)
	}
	for name, test := range map[string]struct {
		body   string
		err    error
		status int
	}{
		"the code again": {`{"code":"MINI-CODE"}`, nil, http.StatusUnauthorized}, "a refused code": {`{"code":"J2"}`, code(40029), http.StatusUnauthorized},
		"answer lost": {`{"code":"J3"}`, errCut, http.StatusServiceUnavailable}, "no code": {`{}`, nil, http.StatusBadRequest}, "no JSON": {`x`, nil, http.StatusBadRequest},
	} {
		g.platform.set(func(p *fakePlatform) { p.fail = test.err })
		if status := g.browser().api(http.MethodPost, "mini", test.body, nil); status != test.status {
			t.Errorf("%s: %d", name, status)
		}
	}
	if n := len(g.platform.exchanges); n != 3 {
		t.Errorf("%d exchanges: %v", n, g.platform.exchanges)
	}
}
