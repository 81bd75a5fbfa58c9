package web_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"oalab/server/internal/web"
)

// TestPolicyOfPages: pages, and the errors that are pages, load the server's own files and
// the platform's script; a handler may ask for another policy, and what is no page has none.
func TestPolicyOfPages(t *testing.T) {
	t.Parallel()
	serve := func(w http.ResponseWriter, _ *http.Request, path web.Path) error {
		if path.Param("how") == "own" {
			w.Header().Set("Content-Security-Policy", "default-src 'self'")
		}
		return nil
	}
	for base, want := range map[string][]string{
		"":                        {"script-src 'self';", "frame-ancestors 'self'"},
		"https://res.wx.qq.com":   {"script-src 'self' https://res.wx.qq.com;", "frame-ancestors 'self' https://res.wx.qq.com"},
		"http://127.0.0.1:8081/x": {"script-src 'self' http://127.0.0.1:8081;", "frame-ancestors 'self' http://127.0.0.1:8081"},
	} {
		s := newServer(t, io.Discard, nil,
			web.Route{Feature: "toy", Method: http.MethodGet, Pattern: "/toy/{how}", Area: web.Page, Serve: serve},
			web.Route{Feature: "toy", Method: http.MethodGet, Pattern: "/data/{how}", Area: web.API, Serve: serve})
		s.ScriptsFrom(base)
		policy := func(path string) string {
			return send(t, s, http.MethodGet, path, nil).Header().Get("Content-Security-Policy")
		}
		for _, path := range []string{"/toy/page", "/toy/page/that/is/not/there"} {
			for _, part := range append(want, "default-src 'none'", "base-uri 'none'") {
				if got := policy(path); !strings.Contains(got+";", part) {
					t.Errorf("%q, %s: policy %q, want %q in it", base, path, got, part)
				}
			}
		}
		if got := policy("/toy/own"); got != "default-src 'self'" {
			t.Errorf("%q: a handler's own policy is %q", base, got)
		}
		if got := policy("/data/x"); got != "" {
			t.Errorf("%q: what is no page has the policy %q", base, got)
		}
	}
}
