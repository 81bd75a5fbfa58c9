package oauth

import (
	"net/url"
	"slices"
	"strings"
	"testing"
)

func testTargets(t testing.TB) *Targets {
	t.Helper()
	targets, err := NewTargets("/c/{account}/", []string{"/c/"}, []string{"https://pages.example", "http://pages.example:8080"})
	if err != nil {
		t.Fatal(err)
	}
	return targets
}

// goodTargets and badTargets are also the seeds of FuzzTarget.
var goodTargets = map[string]string{
	"":                                "/c/demo/",
	"/c/demo/draw?x=1&y=//z#/won":     "/c/demo/draw?x=1&y=//z#/won",
	"/c/demo/%E6%8A%BD%E5%A5%96":      "/c/demo/%E6%8A%BD%E5%A5%96",
	"/c/demo/@home":                   "/c/demo/@home",
	"https://pages.example":           "https://pages.example/",
	"HTTPS://Pages.Example/a?b=c":     "https://pages.example/a?b=c",
	"https://pages.example?x=@b":      "https://pages.example/?x=@b",
	"http://pages.example:8080/a/b/#": "http://pages.example:8080/a/b/#",
}

var badTargets = []string{
	"//evil.example", "//evil.example/c/", "///evil.example", `/\evil.example`, `\\evil.example`, `\/evil.example`, `/c/\evil`,
	"/%2fevil.example", "/%5cevil.example", "/c/%2f%2fevil", "/c/..//evil.example", "/c/../admin", "/c/%2e%2e/admin", "/c/%252e%252e/admin", "/c/%25252e./x/../../admin",
	"/c/./x", "/c//x", "/admin", "/c", "c/demo", "?x", "#x", "demo",
	"https://evil.example", "https://pages.example@evil.example/", "https://pages.example:443@evil.example", "https://user@pages.example/",
	"https://pages.example.evil.example/", "https://pages.example%2eevil.example/", "https://pages.example:444/", "https://pages.example\\@evil.example/",
	"https:/pages.example/", "https:pages.example", "http://pages.example/", "https://pages.example//evil.example", "https://pages.example/%5cevil",
	"javascript:alert(1)", "JaVaScRiPt://pages.example/%0aalert(1)", "data:text/html,x", "weixin://x",
	"/c/\nLocation: x", "/c/%0d%0aLocation:x", "/c/\x00", "/c/%00", "\t//evil.example", " /c/", "/\t/evil.example", "/c/x y", "/c/ü", "/c/\u2028",
	"/c/%", "/c/%zz", "/c/" + strings.Repeat("a", maxTarget),
}

// TestTargets: what leads away from the list is refused (OAU-2, SEC-4).
func TestTargets(t *testing.T) {
	t.Parallel()
	targets := testTargets(t)
	for raw, want := range goodTargets {
		if got, err := targets.Check("demo", raw); err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", raw, got, err, want)
		}
	}
	for _, raw := range badTargets {
		if got, err := targets.Check("demo", raw); err == nil {
			t.Errorf("%q is accepted as %q", raw, got)
		}
	}
	for _, bad := range []struct{ home, path, site string }{
		{"/elsewhere", "/c/", "https://a"},
		{"/c/", "//c/", "https://a"},
		{"/c/", "/c", "https://a"},
		{"/c/", "c/", "https://a"},
		{"/c/", "/c/", "https://a/b"},
		{"/c/", "/c/", "a"},
		{"/c/", "/c/", "ftp://a"},
		{"/c/", "/c/", "https://u@a"},
		{"/c/", "/c/", "https://"},
	} {
		if _, err := NewTargets(bad.home, []string{bad.path}, []string{bad.site}); err == nil {
			t.Errorf("accepted: %+v", bad)
		}
	}
}

// FuzzTarget: what is accepted leads, as browsers read it, to this site below the list or
// to a site of the list.
func FuzzTarget(f *testing.F) {
	for raw := range goodTargets {
		f.Add(raw)
	}
	for _, raw := range badTargets {
		f.Add(raw)
	}
	targets := testTargets(f)
	f.Fuzz(func(t *testing.T, raw string) {
		got, err := targets.Check("demo", raw)
		if err != nil {
			return
		}
		// Browsers drop tabs and line ends, trim controls, and read \ as /.
		read := strings.NewReplacer("\t", "", "\n", "", "\r", "", `\`, "/").Replace(strings.TrimFunc(got, func(r rune) bool { return r <= ' ' }))
		base := &url.URL{Scheme: "https", Host: "oa.example", Path: "/oauth/demo/callback"}
		u, err := base.Parse(read)
		if err != nil {
			t.Fatalf("%q is accepted as %q: %v", raw, got, err)
		}
		site := u.Scheme + "://" + u.Host
		if u.User != nil || !slices.Contains([]string{"https://oa.example", "https://pages.example", "http://pages.example:8080"}, site) {
			t.Errorf("%q leads to %q", raw, site)
		}
		if site == "https://oa.example" && !strings.HasPrefix(u.Path, "/c/") {
			t.Errorf("%q leads to %q", raw, u.Path)
		}
		if again, err := targets.Check("demo", got); err != nil || again != got {
			t.Errorf("%q is accepted as %q, and that as %q, %v", raw, got, again, err)
		}
	})
}
