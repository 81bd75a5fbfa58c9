package wechatapi

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestWebLoginCalls holds the paths and the parameters of the platform's login (sheet 4).
func TestWebLoginCalls(t *testing.T) {
	t.Parallel()
	var asked []string
	platform := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.String())
		switch r.URL.Path {
		case pathWebUser:
			fmt.Fprint(w, `{"openid":"o1","nickname":"流量😀","headimgurl":"http://p/0","sex":1,"privilege":[]}`)
		case pathMini:
			fmt.Fprint(w, `{"openid":"o1","session_key":"k","unionid":"u"}`)
		case pathWebAuth:
			fmt.Fprint(w, `{"errcode":0,"errmsg":"ok"}`)
		default:
			fmt.Fprint(w, `{"access_token":"A","expires_in":7200,"refresh_token":"R","openid":"o1","scope":"snsapi_base","is_snapshotuser":1}`)
		}
	}))
	defer platform.Close()
	c := newClient(t, platform.URL)
	address, err := c.AuthorizeURL("http://open", "demo", "http://oa/back?x=1", "snsapi_base", "S")
	if want := "http://open/connect/oauth2/authorize?appid=wx1&redirect_uri=http%3A%2F%2Foa%2Fback%3Fx%3D1&response_type=code&scope=snsapi_base&state=S#wechat_redirect"; err != nil || address != want {
		t.Errorf("%s, %v; want %s", address, err, want)
	}
	grant := WebGrant{OpenID: "o1", Scope: "snsapi_base", Access: "A", Refresh: "R", Life: 2 * time.Hour, Snapshot: true}
	for name, ask := range map[string]func() (WebGrant, error){
		"code":    func() (WebGrant, error) { return c.ExchangeCode(t.Context(), "demo", "C") },
		"refresh": func() (WebGrant, error) { return c.RefreshWebToken(t.Context(), "demo", "R") },
	} {
		got, err := ask()
		if diff := cmp.Diff(grant, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
	}
	user, err := c.FetchWebUser(t.Context(), "A", "o1")
	if diff := cmp.Diff(WebUser{OpenID: "o1", Nickname: "流量😀", Picture: "http://p/0"}, user); err != nil || diff != "" {
		t.Errorf("profile: %v\n%s", err, diff)
	}
	if _, err := c.FetchWebUser(t.Context(), "A", "o2"); err == nil {
		t.Error("the profile of another follower is taken")
	}
	if err := c.CheckWebToken(t.Context(), "A", "o1"); err != nil {
		t.Error(err)
	}
	mini, err := c.ExchangeMiniCode(t.Context(), "demo", "J")
	if diff := cmp.Diff(MiniGrant{OpenID: "o1", UnionID: "u", SessionKey: "k"}, mini); err != nil || diff != "" {
		t.Errorf("mini program: %v\n%s", err, diff)
	}
	for _, want := range []string{
		"/sns/oauth2/access_token?appid=wx1&code=C&grant_type=authorization_code&secret=", "/sns/oauth2/refresh_token?appid=wx1&grant_type=refresh_token&refresh_token=R",
		"/sns/userinfo?access_token=A&lang=zh_CN&openid=o1", "/sns/auth?access_token=A&openid=o1", "/sns/jscode2session?appid=wx1&grant_type=authorization_code&js_code=J&secret=",
	} {
		if !strings.Contains(strings.Join(asked, "\n"), want) {
			t.Errorf("not asked: %s\n%s", want, strings.Join(asked, "\n"))
		}
	}
}

// TestWebLoginErrors: each answer has its class, and no error shows the code or the secret.
func TestWebLoginErrors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, answer string
		want         Class
	}{
		{"unknown code", `{"errcode":40029,"errmsg":"invalid code C0DE"}`, ClassLogin},
		{"used code", `{"errcode":40163,"errmsg":"code been used C0DE"}`, ClassLogin},
		{"wrong secret", `{"errcode":40125,"errmsg":"invalid appsecret ` + secret + `"}`, ClassAccount},
		{"busy", `{"errcode":-1,"errmsg":"system error"}`, ClassBusy},
		{"no JSON", `<html>C0DE`, ClassBusy},
		{"nothing in it", `{}`, ClassBusy},
	} {
		platform := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, test.answer) }))
		c := newClient(t, platform.URL)
		_, err := c.ExchangeCode(t.Context(), "demo", "C0DE")
		if err == nil || ErrorClass(err) != test.want || strings.Contains(err.Error(), "C0DE") || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v, class %s", test.name, err, ErrorClass(err))
		}
		if _, err := c.ExchangeMiniCode(t.Context(), "demo", "C0DE"); ErrorClass(err) != test.want {
			t.Errorf("%s of a mini program: %v", test.name, err)
		}
		platform.Close()
	}
	if _, err := newClient(t, "").ExchangeCode(t.Context(), "demo", "C"); err == nil {
		t.Error("a code is exchanged without a platform")
	}
}

// TestACodeIsSentOnce: a connection that ends without an answer may have spent the code. HTTP
// clients send a GET again by themselves then, when the connection was used before (OAU-5).
func TestACodeIsSentOnce(t *testing.T) {
	t.Parallel()
	for path, exchange := range map[string]func(*Client) error{
		pathWebToken: func(c *Client) error { _, err := c.ExchangeCode(t.Context(), "demo", "C"); return err },
		pathMini:     func(c *Client) error { _, err := c.ExchangeMiniCode(t.Context(), "demo", "C"); return err },
	} {
		var sent atomic.Int64
		platform := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == path {
				sent.Add(1)
				panic(http.ErrAbortHandler)
			}
			fmt.Fprint(w, `{"errcode":0}`)
		}))
		c := newClient(t, platform.URL)
		if err := c.CheckWebToken(t.Context(), "A", "o1"); err != nil { // leaves a connection
			t.Fatal(err)
		}
		if err := exchange(c); ErrorClass(err) != ClassBusy || sent.Load() != 1 {
			t.Errorf("%s: sent %d times, %v", path, sent.Load(), err)
		}
		platform.Close()
	}
}

// TestNoRedirectIsFollowed: the address of a call holds secrets, which a redirect would give to
// another host as the Referer.
func TestNoRedirectIsFollowed(t *testing.T) {
	t.Parallel()
	var told atomic.Value
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { told.Store(r.Header.Get("Referer")) }))
	defer other.Close()
	platform := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusFound))
	defer platform.Close()
	if _, err := newClient(t, platform.URL).ExchangeCode(t.Context(), "demo", "C"); ErrorClass(err) != ClassBusy {
		t.Error(err)
	}
	if told.Load() != nil {
		t.Errorf("another host was asked, with the Referer %v", told.Load())
	}
}

// TestAFollowersTokenIsNoTroubleOfTheAccount: a follower who has changed the password logs in again;
// the other followers' tokens are refreshed, and there is no alert.
func TestAFollowersTokenIsNoTroubleOfTheAccount(t *testing.T) {
	t.Parallel()
	for _, code := range []int{40001, 40030, 42002, 42007} {
		var asked atomic.Int64
		platform := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			asked.Add(1)
			fmt.Fprintf(w, `{"errcode":%d,"errmsg":"planted"}`, code)
		}))
		c := newClient(t, platform.URL)
		for range 2 {
			_, err := c.RefreshWebToken(t.Context(), "demo", "R")
			if refused, ok := errors.AsType[*CodeError](err); !ok || refused.Class() != ClassLogin {
				t.Errorf("%d: %v, class %s", code, err, ErrorClass(err))
			}
		}
		if asked.Load() != 2 {
			t.Errorf("%d: the platform was asked %d times for two followers", code, asked.Load())
		}
		platform.Close()
	}
}
