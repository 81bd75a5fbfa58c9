package mockwechat

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"oalab/mockwechat/ledger"
)

// TestWebLogin goes the way of a browser: consent page, redirect, code, tokens, profile.
func TestWebLogin(t *testing.T) {
	s := newShop(t, false)
	back := "https://oa.example/oauth/demo/callback?x=1"
	address := "/connect/oauth2/authorize?appid=wxdemo&redirect_uri=" + url.QueryEscape(back) + "&response_type=code&scope=snsapi_userinfo&state=S1"
	shows := s.send(address, nil)
	if shows.status != http.StatusOK || !strings.Contains(string(shows.body), "同意") || !strings.Contains(string(shows.body), `name="_openid"`) {
		t.Fatalf("consent page %d %s", shows.status, shows.body)
	}
	yes := s.send(address+"&_openid="+fan, nil)
	to, err := url.Parse(yes.header.Get("Location"))
	if err != nil || yes.status != http.StatusFound || to.Host != "oa.example" || to.Query().Get("state") != "S1" || to.Query().Get("x") != "1" {
		t.Fatalf("%d to %s, %v", yes.status, yes.header.Get("Location"), err)
	}
	if last := s.last(); last.Kind != ledger.KindPage || last.OpenID != fan || last.Status != http.StatusFound {
		t.Errorf("ledger %+v", last)
	}
	got := s.ok(webToken+to.Query().Get("code"), nil)
	if got["openid"] != fan || got["scope"] != "snsapi_userinfo" || got["expires_in"] != 7200.0 {
		t.Errorf("token %v", got)
	}
	access, refresh := text(t, got, "access_token"), text(t, got, "refresh_token")
	who := s.ok("!/sns/userinfo?access_token="+access+"&openid="+fan, nil)
	if text(t, who, "nickname") == "" || !strings.HasSuffix(text(t, who, "headimgurl"), "/0") {
		t.Errorf("profile %v", who)
	}
	s.ok("!/sns/auth?access_token="+access+"&openid="+fan, nil)
	again := s.ok("!/sns/oauth2/refresh_token?appid=wxdemo&grant_type=refresh_token&refresh_token="+refresh, nil)
	if again["refresh_token"] != refresh || again["access_token"] == access {
		t.Errorf("refreshed %v", again)
	}
}

// TestPagesRefuse: a mistake of the developer is an error page with the platform's number.
func TestPagesRefuse(t *testing.T) {
	s := newShop(t, false)
	bound := demoAccount()
	bound.Name, bound.AppID, bound.RedirectHosts = "bound", "wxbound", []string{"oa.example"}
	if err := s.SetAccounts(append(shopAccounts(), bound)); err != nil {
		t.Fatal(err)
	}
	const rest = "&response_type=code&scope=snsapi_base&_openid=o"
	for query, want := range map[string]string{
		"appid=wxno&redirect_uri=http://a" + rest:                         "10011",
		"appid=wxbound&redirect_uri=http://evil.example" + rest:           "10003",
		"appid=wxdemo&redirect_uri=javascript:alert(1)" + rest:            "10003",
		"appid=wxsub&redirect_uri=http://a" + rest:                        "10005",
		"appid=wxdemo&redirect_uri=http://a&response_type=code&scope=all": "10005",
	} {
		got := s.send("/connect/oauth2/authorize?"+query, nil)
		if got.status != http.StatusOK || !strings.Contains(string(got.body), want) {
			t.Errorf("%s: %d %s, want %s", query, got.status, got.body, want)
		}
	}
	if got := s.send("/cgi-bin/showqrcode?ticket=none", nil); got.status != http.StatusNotFound {
		t.Errorf("picture of no ticket: %d", got.status)
	}
}

func TestTicketsAreKept(t *testing.T) {
	s := newShop(t, false)
	ticket := func(kind string) (string, float64) {
		m := s.ok("/cgi-bin/ticket/getticket?type="+kind, nil)
		if _, ok := m["errcode"]; !ok { // sheet 0.3, rule 3
			t.Error("no errcode")
		}
		life, _ := m["expires_in"].(float64)
		return text(t, m, "ticket"), life
	}
	first, life := ticket("jsapi")
	card, _ := ticket("wx_card")
	s.clock.advance(time.Minute)
	again, left := ticket("jsapi")
	if life != 7200 || left != 7140 || again != first || card == first {
		t.Errorf("first %v, then %v; same %v", life, left, again == first)
	}
	s.clock.advance(95 * time.Minute)
	if last, life := ticket("jsapi"); last == first || life != 7200 {
		t.Errorf("a ticket with less than 1 501 s left was given out again: %v", life)
	}
}

func TestMiniProgramLogin(t *testing.T) {
	s := newShop(t, false)
	w := s.control(http.MethodPost, "/control/login-code", `{"openid":"`+fan+`"}`)
	var got struct {
		Code string `json:"code"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || got.Code == "" {
		t.Fatalf("%d %s, %v", w.Code, w.Body, err)
	}
	m := s.ok("!/sns/jscode2session?appid=wxdemo&secret=s3cret&grant_type=authorization_code&js_code="+got.Code, nil)
	if m["openid"] != fan || len(text(t, m, "session_key")) != 24 {
		t.Errorf("session %v", m)
	}
}
