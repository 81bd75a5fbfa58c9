package signedapi_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"oalab/server/internal/config"
	"oalab/server/internal/signedapi"
	"oalab/server/internal/web"
	"oalab/server/signing"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	secret   = "an example secret of 32 characters"
	previous = "the example secret that it had before"
	path     = "/control/v1/accounts/demo/token"
)

var apps = []signedapi.App{
	{Name: "shop", Secret: secret, PreviousSecret: previous, Rights: []string{"tokens"}},
	{Name: "old", Secret: secret, Rights: []string{"tokens"}, MD5: true},
}

func verifier(tb testing.TB, nonces signedapi.Nonces) *signedapi.Verifier {
	tb.Helper()
	v, err := signedapi.NewVerifier(apps, nonces, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

// request is a request with a body, unsigned.
func request(tb testing.TB, method, target, body string) *http.Request {
	tb.Helper()
	return httptest.NewRequestWithContext(tb.Context(), method, target, strings.NewReader(body))
}

// TestSignedRequests: what was signed is taken, once; anything else is refused with its reason.
func TestSignedRequests(t *testing.T) {
	t.Parallel()
	now := time.Now()
	md5 := func(r *http.Request, app string) {
		query := r.URL.Query()
		query.Set("app", app)
		query.Set("timestamp", strconv.FormatInt(now.Unix(), 10))
		query.Set("nonce", "0123456789")
		query.Set("sign_type", "MD5")
		query.Set("sign", signing.MD5(signing.Text(r.Method, r.URL.EscapedPath(), query, nil), secret))
		r.URL.RawQuery = query.Encode()
	}
	set := func(name, value string) func(r *http.Request) {
		return func(r *http.Request) {
			query := r.URL.Query()
			query.Set(name, value)
			query.Del("sign")
			if value == "" {
				query.Del(name)
			}
			query.Set("sign", signing.HMAC(signing.Text(r.Method, r.URL.EscapedPath(), query, []byte("body")), secret))
			r.URL.RawQuery = query.Encode()
		}
	}
	for _, test := range []struct {
		name   string
		change func(r *http.Request)
		want   error
		says   string
	}{
		{"as it was signed", func(*http.Request) {}, nil, ""},
		{"with the previous secret", func(r *http.Request) {
			r.URL.RawQuery = ""
			signing.Sign(r, []byte("body"), "shop", previous, now)
		}, nil, ""},
		{"with another secret", func(r *http.Request) {
			signing.Sign(r, []byte("body"), "shop", strings.Repeat("x", 32), now)
		}, web.ErrSignature, "not that of this request"},
		{"of another app", func(r *http.Request) { signing.Sign(r, []byte("body"), "stranger", secret, now) }, web.ErrSignature, "not known"},
		{"without the previous secret", func(r *http.Request) { signing.Sign(r, []byte("body"), "old", previous, now) }, web.ErrSignature, "not that of this request"},
		{"another method", func(r *http.Request) { r.Method = http.MethodPut }, web.ErrSignature, "not that of this request"},
		{"another path", func(r *http.Request) { r.URL.Path += "/report" }, web.ErrSignature, "not that of this request"},
		{"another path by escapes", func(r *http.Request) { r.URL.Path, r.URL.RawPath = "/a/b", "/a%2Fb" }, web.ErrSignature, "not that of this request"},
		{"another body", func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader("bodY")) }, web.ErrSignature, "not that of this request"},
		{"one parameter more", func(r *http.Request) { r.URL.RawQuery += "&force=1" }, web.ErrSignature, "not that of this request"},
		{"a parameter twice", func(r *http.Request) { r.URL.RawQuery += "&app=old" }, web.ErrSignature, "app must stand once"},
		{"no signature", func(r *http.Request) { r.URL.RawQuery = "app=shop&nonce=0123456789&timestamp=1" }, web.ErrSignature, "sign must stand once"},
		{"no query", func(r *http.Request) { r.URL.RawQuery = "" }, web.ErrSignature, "must stand once"},
		{"a query of another form", func(r *http.Request) { r.URL.RawQuery += "&a=%zz" }, web.ErrSignature, "cannot be read"},
		{"almost too old", func(r *http.Request) {
			r.URL.RawQuery = ""
			signing.Sign(r, []byte("body"), "shop", secret, now.Add(-5*time.Minute+3*time.Second))
		}, nil, ""},
		{"too old", func(r *http.Request) {
			signing.Sign(r, []byte("body"), "shop", secret, now.Add(-5*time.Minute-2*time.Second))
		}, web.ErrSignature, "5m0s from"},
		{"of the future", func(r *http.Request) {
			signing.Sign(r, []byte("body"), "shop", secret, now.Add(5*time.Minute+5*time.Second))
		}, web.ErrSignature, "5m0s from"},
		{"no time", set("timestamp", "now"), web.ErrSignature, "no number"},
		{"a huge time", set("timestamp", "9223372036854775807"), web.ErrSignature, "5m0s from"},
		{"a short nonce", set("nonce", "1234567"), web.ErrSignature, "8 to 64"},
		{"a long nonce", set("nonce", strings.Repeat("x", 65)), web.ErrSignature, "8 to 64"},
		{"MD5 where it is not allowed", func(r *http.Request) { md5(r, "shop") }, web.ErrSignature, "not taken from app shop"},
		{"MD5 named HMAC", set("sign_type", "SHA1"), web.ErrSignature, "not taken"},
		{"HMAC by its name", set("sign_type", "HMAC-SHA256"), nil, ""},
		{"without the right", nil, web.ErrForbidden, "lacks the right change-settings"},
	} {
		v := verifier(t, signedapi.NewMemory())
		r := request(t, http.MethodPost, path+"?a=1&b=%E6%B5%81", "body")
		signing.Sign(r, []byte("body"), "shop", secret, now)
		right := signedapi.RightTokens
		if test.change == nil {
			right = signedapi.RightChange
		} else {
			test.change(r)
		}
		app, err := v.Verify(r, right)
		if !errors.Is(err, test.want) || err != nil && !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v, want %v: %s", test.name, err, test.want, test.says)
		}
		if err != nil && (strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), previous)) {
			t.Errorf("%s: the error shows a secret: %v", test.name, err)
		}
		if err == nil {
			if body, _ := io.ReadAll(r.Body); app.Name != "shop" || string(body) != "body" {
				t.Errorf("%s: app %s, body %q", test.name, app.Name, body)
			}
		}
	}
	allowed := request(t, http.MethodGet, path, "")
	md5(allowed, "old")
	if _, err := verifier(t, signedapi.NewMemory()).Verify(allowed, signedapi.RightTokens); err != nil {
		t.Errorf("MD5 where it is allowed: %v", err)
	}
}

// replayed sends one signed request to two servers that share their nonces, twice each, and
// returns how many were taken.
func replayed(t *testing.T, nonces ...signedapi.Nonces) (taken int) {
	t.Helper()
	r := request(t, http.MethodGet, path, "")
	signing.Sign(r, nil, "shop", secret, time.Now())
	for _, n := range slices.Concat(nonces, nonces) {
		again := request(t, http.MethodGet, r.URL.String(), "")
		_, err := verifier(t, n).Verify(again, signedapi.RightTokens)
		if err == nil {
			taken++
		} else if !errors.Is(err, web.ErrSignature) || !strings.Contains(err.Error(), "used before") {
			t.Errorf("%v", err)
		}
	}
	return taken
}

// TestARequestCountsOnce: a request that is sent again is refused, at each server (SEC-1). While
// what they share is away it can count once at each of them.
func TestARequestCountsOnce(t *testing.T) {
	t.Parallel()
	shared := signedapi.NewMemory()
	if n := replayed(t, signedapi.Both{Own: signedapi.NewMemory(), Shared: shared}, signedapi.Both{Own: signedapi.NewMemory(), Shared: shared}); n != 1 {
		t.Errorf("taken %d times", n)
	}
	if n := replayed(t, signedapi.Both{Own: signedapi.NewMemory(), Shared: away{}}, signedapi.Both{Own: signedapi.NewMemory(), Shared: away{}}); n != 2 {
		t.Errorf("without what they share: taken %d times by two servers", n)
	}
	// One that is refused for another reason uses up nothing.
	own := signedapi.NewMemory()
	r := request(t, http.MethodGet, path, "")
	signing.Sign(r, nil, "shop", secret, time.Now())
	forged := request(t, http.MethodGet, r.URL.String()+"0", "")
	if _, err := verifier(t, own).Verify(forged, signedapi.RightTokens); err == nil {
		t.Error("a forged signature was taken")
	}
	if _, err := verifier(t, own).Verify(r, signedapi.RightTokens); err != nil {
		t.Errorf("after a forged one with its nonce: %v", err)
	}
}

type away struct{}

var errAway = errors.New("away")

// Once implements signedapi.Nonces.
func (away) Once(context.Context, string, string, time.Duration) (bool, error) { return false, errAway }

// TestValidate: each fault of an app is named.
func TestValidate(t *testing.T) {
	t.Parallel()
	f := &config.Faults{}
	signedapi.Settings{Apps: append(slices.Clone(apps),
		signedapi.App{Name: "shop", Secret: "short", PreviousSecret: "short", Rights: []string{"all"}}, signedapi.App{Name: "a b", Secret: secret})}.Validate(f)
	var got []string
	for _, fault := range f.List {
		got = append(got, fault.Key)
	}
	want := []string{"api.apps[2].name", "api.apps[2].secret", "api.apps[2].previous_secret", "api.apps[2].rights", "api.apps[3].name", "api.apps[3].rights"}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// FuzzVerify: no request that was not signed is taken, and none ends the server.
func FuzzVerify(f *testing.F) {
	f.Add("app=shop&timestamp=1&nonce=0123456789&sign=00", "body")
	f.Add("app=shop&app=old&sign_type=MD5&sign=&nonce=%00&timestamp=-1", "")
	f.Add("%", "\xff")
	f.Fuzz(func(t *testing.T, query, body string) {
		r := request(t, http.MethodPost, path, body)
		r.URL.RawQuery = query
		if app, err := verifier(t, signedapi.NewMemory()).Verify(r, signedapi.RightTokens); err == nil {
			t.Errorf("%q was taken for a request of %s", query, app.Name)
		}
	})
}

// BenchmarkVerify is what a signature costs a server.
func BenchmarkVerify(b *testing.B) {
	v := verifier(b, away{})
	r := request(b, http.MethodGet, path, "")
	signing.Sign(r, nil, "shop", secret, time.Now())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Verify(r, signedapi.RightTokens); !errors.Is(err, errAway) { // all but the nonce
			b.Fatal(err)
		}
	}
}
