package web_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"oalab/server/internal/web"
)

// forms are how each area writes an error.
var forms = []struct {
	area web.Area
	// limit is the largest body in bytes; 0 means that the handler has its own.
	limit int
	form  func(status int, body string) error
}{
	{web.Platform, 0, bare},
	{web.Page, 64 << 10, page},
	{web.API, 1 << 20, envelope},
	{web.Admin, 1 << 20, envelope},
	{web.Control, 1 << 20, envelope},
}

func bare(_ int, body string) error {
	if body != "" {
		return fmt.Errorf("the platform gets a body: %q", body)
	}
	return nil
}

func page(status int, body string) error {
	if !strings.HasPrefix(body, "<!doctype html>") || !strings.Contains(body, fmt.Sprint(status, " · req-1")) {
		return fmt.Errorf("no page with status and id of the request: %q", body)
	}
	return nil
}

func envelope(status int, body string) error {
	var e web.Envelope
	if err := json.Unmarshal([]byte(body), &e); err != nil {
		return err
	}
	if e.Code != status || e.Message == "" || e.RequestID != "req-1" {
		return fmt.Errorf("envelope %+v", e)
	}
	return nil
}

// TestAreas meets each error in each area: its status is the same, its form is the area's,
// and no cause is shown.
func TestAreas(t *testing.T) {
	t.Parallel()
	for _, area := range forms {
		t.Run(area.area.String(), func(t *testing.T) {
			t.Parallel()
			serve := func(serve web.Serve, pattern string) web.Route {
				return web.Route{Feature: "toy", Method: http.MethodPost, Pattern: "/toy/" + pattern, Area: area.area, Serve: serve}
			}
			var log bytes.Buffer
			s := newServer(t, &log, nil,
				serve(func(http.ResponseWriter, *http.Request, web.Path) error { panic("planted") }, "panic"),
				serve(func(http.ResponseWriter, *http.Request, web.Path) error { return errors.New("cause") }, "broken"),
				serve(func(_ http.ResponseWriter, _ *http.Request, path web.Path) error {
					return fmt.Errorf("%w: no %s", web.ErrNotFound, path.Param("what"))
				}, "missing/{what}"),
				serve(func(_ http.ResponseWriter, r *http.Request, _ web.Path) error {
					_, err := io.Copy(io.Discard, r.Body)
					return err
				}, "read"),
			)
			over := strings.Repeat("x", area.limit+1)
			tests := []struct {
				name, method, path string
				body               io.Reader
				status             int
			}{
				{"unknown path", "POST", "/toy/nowhere", nil, 404},
				{"unknown path below a route", "POST", "/toy/read/more", nil, 404},
				{"wrong method", "DELETE", "/toy/read", nil, 405},
				{"panic", "POST", "/toy/panic", nil, 500},
				{"error of the handler", "POST", "/toy/broken", nil, 500},
				{"error with a status", "POST", "/toy/missing/thing", nil, 404},
			}
			if area.limit > 0 {
				tests = append(tests, []struct {
					name, method, path string
					body               io.Reader
					status             int
				}{
					{"oversize by its header", "POST", "/toy/broken", strings.NewReader(over), 413},
					{"oversize as it is read", "POST", "/toy/read", io.MultiReader(strings.NewReader(over)), 413},
				}...)
			}
			for _, test := range tests {
				w := send(t, s, test.method, test.path, test.body, "X-Request-Id", "req-1")
				if w.Code != test.status {
					t.Errorf("%s: status %d, want %d", test.name, w.Code, test.status)
				}
				if err := area.form(test.status, w.Body.String()); err != nil {
					t.Errorf("%s: %v", test.name, err)
				}
				if strings.Contains(w.Body.String(), "planted") || strings.Contains(w.Body.String(), "cause") {
					t.Errorf("%s: the cause is shown: %s", test.name, w.Body)
				}
			}
			for _, want := range []string{"planted", "cause"} {
				if !strings.Contains(log.String(), want) {
					t.Errorf("%q is not in the log", want)
				}
			}
			if w := send(t, s, "POST", "/toy/read", strings.NewReader(strings.Repeat("x", area.limit))); w.Code != 200 {
				t.Errorf("a body at the limit: status %d", w.Code)
			}
			if area.limit == 0 {
				if w := send(t, s, "POST", "/toy/read", strings.NewReader(strings.Repeat("x", 3<<20))); w.Code != 200 {
					t.Errorf("a body that the handler may take: status %d", w.Code)
				}
			}
		})
	}
}

// TestOtherSites: what a browser sends for a page of another site changes nothing where it
// would carry a follower's cookies.
func TestOtherSites(t *testing.T) {
	t.Parallel()
	for _, area := range forms {
		s := newServer(t, io.Discard, nil, web.Route{
			Feature: "toy", Method: http.MethodPost, Pattern: "/toy", Area: area.area,
			Serve: func(w http.ResponseWriter, _ *http.Request, _ web.Path) error { return web.OK(w, nil) },
		})
		guarded := area.area == web.Page || area.area == web.API || area.area == web.Admin
		for _, test := range []struct {
			header, value string
			foreign       bool
		}{
			{"Sec-Fetch-Site", "same-origin", false},
			{"Sec-Fetch-Site", "cross-site", true},
			{"Origin", "http://example.com", false},
			{"Origin", "http://evil.example", true},
			{"X-None", "", false}, // no browser
		} {
			want := 200
			if guarded && test.foreign {
				want = 403
			}
			w := send(t, s, "POST", "/toy", nil, test.header, test.value, "X-Request-Id", "req-1")
			if w.Code != want {
				t.Errorf("%s, %s %s: status %d, want %d", area.area, test.header, test.value, w.Code, want)
			}
			if want == 403 {
				if err := area.form(403, w.Body.String()); err != nil {
					t.Errorf("%s: %v", area.area, err)
				}
			}
		}
	}
}

// TestRoutesThatContradict: the error of the start names both features.
func TestRoutesThatContradict(t *testing.T) {
	t.Parallel()
	serve := func(http.ResponseWriter, *http.Request, web.Path) error { return nil }
	route := func(feature, method, pattern string, area web.Area) web.Route {
		return web.Route{Feature: feature, Method: method, Pattern: pattern, Area: area, Serve: serve}
	}
	for _, test := range []struct {
		name   string
		routes []web.Route
		want   []string // none: accepted
	}{
		{"twice", []web.Route{route("desk", "GET", "/a/b", web.API), route("menu", "GET", "/a/b", web.API)}, []string{"GET /a/b", "desk", "menu"}},
		{"twice, with other names", []web.Route{route("desk", "GET", "/a/{x}/c", web.API), route("menu", "GET", "/a/{y}/c", web.API)}, []string{"/a/{y}/c", "desk", "menu"}},
		{"that of the package", []web.Route{route("desk", "GET", "/healthz", web.API)}, []string{"GET /healthz", "web", "desk"}},
		{"two areas", []web.Route{route("desk", "GET", "/a/b", web.API), route("menu", "GET", "/a/c", web.Page)}, []string{"desk", "menu", "area page", "area api"}},
		{"two methods", []web.Route{route("desk", "GET", "/a/{x}", web.API), route("menu", "POST", "/a/{y}", web.API)}, nil},
		{"one particular", []web.Route{route("desk", "GET", "/a/{x}", web.API), route("menu", "GET", "/a/b", web.API)}, nil},
		{"no slash", []web.Route{route("desk", "GET", "a", web.API)}, []string{"desk", "must begin with /"}},
		{"parameter first", []web.Route{route("desk", "GET", "/{x}", web.API)}, []string{"desk", "{x}"}},
		{"words of the router", []web.Route{route("desk", "GET", "/a/:x", web.API)}, []string{"desk", ":x"}},
		{"star", []web.Route{route("desk", "GET", "/a/*", web.API)}, []string{"desk", "*"}},
		{"no area", []web.Route{route("desk", "GET", "/a", 0)}, []string{"desk", "area"}},
		{"no method", []web.Route{route("desk", "", "/a", web.API)}, []string{"desk", "method"}},
		{"no handler", []web.Route{{Feature: "desk", Method: "GET", Pattern: "/a", Area: web.API}}, []string{"desk", "handler"}},
	} {
		_, err := web.New(discard, test.routes...)
		if (err == nil) != (test.want == nil) {
			t.Errorf("%s: error is %v", test.name, err)
			continue
		}
		for _, want := range test.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q does not name %s", test.name, err, want)
			}
		}
	}
}
