package page_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"oalab/server/internal/page"
	"oalab/server/internal/web"
)

func set(t *testing.T, jsBase, main string) *page.Set {
	t.Helper()
	s, err := page.New(fstest.MapFS{"one.html": {Data: []byte(`{{define "main"}}` + main + `{{end}}`)}}, nil, jsBase)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// site has one page, at /c/{account}/one.
func site(t *testing.T, serve web.Serve) http.Handler {
	t.Helper()
	routes := page.Routes()
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		routes = append(routes, web.Route{Method: method, Pattern: "/c/{account}/one", Area: web.Page, Serve: serve})
	}
	s, err := web.New(slog.New(slog.DiscardHandler), routes...)
	if err != nil {
		t.Fatal(err)
	}
	return s.Handler()
}

func ask(t *testing.T, h http.Handler, method, target string) *http.Response {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, target, http.NoBody))
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestAPage: what comes from followers is text, no script or style is inside, and each file that
// the page loads is there (CAM-8).
func TestAPage(t *testing.T) {
	t.Parallel()
	const hostile = `<script>alert(1)</script>"'`
	s := set(t, "https://res.wx.qq.com/", `<p>{{.Data}}</p>`)
	h := site(t, func(w http.ResponseWriter, _ *http.Request, path web.Path) error {
		return s.Write(w, http.StatusConflict, "one", page.View{
			Account: path.Param("account"), Title: hostile, Back: "/c/demo/", Share: &page.Share{Title: hostile, Text: hostile, Path: "/c/demo/one"}, Data: hostile,
		})
	})
	r := ask(t, h, http.MethodGet, "/c/demo/one")
	text := body(t, r)
	if r.StatusCode != http.StatusConflict || r.Header.Get("Cache-Control") != "no-store" || !strings.Contains(text, "&lt;script&gt;") || !strings.Contains(text, `lang="zh-CN"`) {
		t.Errorf("%d %v\n%s", r.StatusCode, r.Header, text)
	}
	if inside := regexp.MustCompile(`(?i)<script>|<script[^>]*>[^<]|<style| style=| on[a-z]+=|javascript:`).FindString(text); inside != "" {
		t.Errorf("the page has %q inside", inside)
	}
	loaded := regexp.MustCompile(`(?:src|href)="(/c/demo/static/[^"]+)"`).FindAllStringSubmatch(text, -1)
	if len(loaded) != 2 || !strings.Contains(text, `src="https://res.wx.qq.com/open/js/jweixin-1.6.0.js"`) {
		t.Errorf("it loads %v:\n%s", loaded, text)
	}
	for _, l := range loaded {
		if f := ask(t, h, http.MethodGet, l[1]); f.StatusCode != http.StatusOK || !strings.Contains(f.Header.Get("Cache-Control"), "immutable") || body(t, f) == "" {
			t.Errorf("%s: %d %v", l[1], f.StatusCode, f.Header)
		}
	}
	old := ask(t, h, http.MethodGet, "/c/demo/static/style.css?v=old")
	if old.StatusCode != http.StatusOK || old.Header.Get("Cache-Control") != "" {
		t.Errorf("a file of another version is kept: %v", old.Header)
	}
	for _, name := range []string{"layout.html", "..%2Fpage.go", "style.css%2F..%2Fshare.js"} {
		if f := ask(t, h, http.MethodGet, "/c/demo/static/"+name); f.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", name, f.StatusCode)
		}
	}
}

// TestEnter: a browser without a session goes to the login and comes back; the answer of a form stays here.
func TestEnter(t *testing.T) {
	t.Parallel()
	s := set(t, "", "")
	h := site(t, func(w http.ResponseWriter, r *http.Request, path web.Path) error {
		return s.Enter(w, r, path.Param("account"))
	})
	r := ask(t, h, http.MethodGet, "/c/demo/one?before=5&x=%2F")
	to, err := url.Parse(r.Header.Get("Location"))
	if err != nil || r.StatusCode != http.StatusFound || to.Path != "/oauth/demo/login" || to.Query().Get("return") != "/c/demo/one?before=5&x=%2F" {
		t.Errorf("%d to %v, %v", r.StatusCode, to, err)
	}
	r = ask(t, h, http.MethodPost, "/c/demo/one?x=1")
	if text := body(t, r); r.StatusCode != http.StatusUnauthorized || !strings.Contains(text, "没有执行") || !strings.Contains(text, "/oauth/demo/login?return=%2Fc%2Fdemo%2Fone\"") {
		t.Errorf("%d\n%s", r.StatusCode, text)
	}
}

// TestWrongPages: a template that fails writes nothing, and mistakes are found when the pages are read.
func TestWrongPages(t *testing.T) {
	t.Parallel()
	s := set(t, "", "<p>begun {{.Data.Missing}}")
	for _, name := range []string{"one", "two"} {
		w := httptest.NewRecorder()
		if err := s.Write(w, http.StatusOK, name, page.View{Data: 1}); err == nil || w.Body.Len() > 0 || len(w.Header()) > 0 {
			t.Errorf("%s: %v, %q", name, err, w.Body)
		}
	}
	for name, text := range map[string]string{"a.html": "{{", "notice.html": ""} {
		if _, err := page.New(fstest.MapFS{name: {Data: []byte(text)}}, nil, ""); err == nil {
			t.Errorf("%s was read", name)
		}
	}
	if text := body(t, ask(t, site(t, func(w http.ResponseWriter, _ *http.Request, _ web.Path) error {
		return set(t, "", "").Write(w, http.StatusOK, "one", page.View{Share: &page.Share{}})
	}), http.MethodGet, "/c/demo/one")); strings.Contains(text, "<script") {
		t.Errorf("a page without an address of the JSSDK has a script:\n%s", text)
	}
}
