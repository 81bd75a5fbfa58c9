package oauth_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"testing"

	"oalab/server/internal/oauth"
	"oalab/server/wechat"
)

// TestPagesAreSigned: a page of ours gets what wx.config needs, any other page nothing (OAU-8).
func TestPagesAreSigned(t *testing.T) {
	t.Parallel()
	g := newRig(t)
	ask := func(page string) int {
		return g.browser().get("/jssdk/demo/config?" + url.Values{"url": {page}}.Encode()).Code
	}
	for _, page := range []string{base + "/c/demo/draw?x=1&y=%E6%8A%BD", base + "/c/demo/#/won", "https://pages.example/a", "HTTPS://OA.example/"} {
		var got struct {
			AppID     string `json:"appId"`
			Timestamp int64  `json:"timestamp"`
			Nonce     string `json:"nonceStr"`
			Signature string `json:"signature"`
		}
		w := g.browser().get("/jssdk/demo/config?" + url.Values{"url": {page}}.Encode())
		envelope := struct{ Data any }{&got}
		if err := json.Unmarshal(w.Body.Bytes(), &envelope); err != nil {
			t.Fatal(err)
		}
		if status := w.Code; status != http.StatusOK || got.AppID != "wxdemo" || got.Nonce == "" ||
			got.Signature != wechat.SignPage("TICKET", got.Nonce, strconv.FormatInt(got.Timestamp, 10), page) {
			t.Errorf("%s: %d %+v", page, w.Code, got)
		}
	}
	for _, page := range []string{"", "/c/demo/", "https://evil.example/", "https://oa.example@evil.example/", "https://oa.example.evil.example/", "http://oa.example/", "javascript:x", base + "/\\x", base + "/ x"} {
		if status := ask(page); status != http.StatusBadRequest {
			t.Errorf("%q: %d", page, status)
		}
	}
	g.tickets.fail = errAway
	if status := ask(base + "/c/demo/"); status != http.StatusServiceUnavailable {
		t.Errorf("no ticket: %d", status)
	}
}

// TestAnInventedSessionIsNoWayAroundTheLimits: a cookie counts where there is a session behind it,
// otherwise the address does (OAU-6).
func TestAnInventedSessionIsNoWayAroundTheLimits(t *testing.T) {
	t.Parallel()
	g := newRig(t, func(s *oauth.Settings) { s.AddressLoginsPerMinute = 20 })
	known := g.browser()
	known.login("", "C1") // the first one of the address
	config := "/jssdk/demo/config?" + url.Values{"url": {base + "/c/demo/"}}.Encode()
	ask := func(secret string) int {
		b := g.browser()
		b.jar.SetCookies(&url.URL{Scheme: "https", Host: "oa.example", Path: "/"}, []*http.Cookie{{Name: "__Host-oa_demo", Value: secret, Path: "/", Secure: true}})
		return b.get(config).Code
	}
	for i := range 25 {
		want := http.StatusOK
		if i >= 19 {
			want = http.StatusTooManyRequests
		}
		if got := ask("invented-" + strconv.Itoa(i)); got != want {
			t.Errorf("request %d: %d, want %d", i, got, want)
		}
	}
	if got := known.get(config).Code; got != http.StatusOK {
		t.Errorf("a follower behind the same address: %d", got)
	}
}
