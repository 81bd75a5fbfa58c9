package mockwechat

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"oalab/mockwechat/api"
	"oalab/mockwechat/component"
	"oalab/mockwechat/ledger"
	"oalab/mockwechat/platform"
	"oalab/server/wechat"
)

// noticed is a notice as the third-party platform reads it, or a message of an account.
type noticed struct {
	path  string // of the address
	AppID string `xml:"AppId"`
	InfoType, ComponentVerifyTicket, AuthorizerAppid,
	AuthorizationCode, PreAuthCode, Content, ToUserName string
	AuthorizationCodeExpiredTime int64
}

// agency is the back end of a third-party platform, with the server's own reader of envelopes.
type agency struct {
	*shop
	notices chan noticed
	reply   string // to messages
}

func newAgency(t *testing.T, change func(*Account)) *agency {
	t.Helper()
	g := &agency{shop: newShop(t, false), notices: make(chan noticed, 16), reply: "success"}
	callback := httptest.NewServer(http.HandlerFunc(g.serve))
	t.Cleanup(callback.Close)
	comp := componentAccount("comp")
	comp.CallbackURL, comp.Component.MessageURL = callback.URL+"/notices", callback.URL+"/$APPID$/"
	if change != nil {
		change(&comp)
	}
	if err := g.SetAccounts([]Account{demoAccount(), otherAccount(), comp}); err != nil {
		t.Fatal(err)
	}
	return g
}

func (g *agency) serve(w http.ResponseWriter, r *http.Request) {
	n, err := g.read(r)
	if err != nil {
		g.t.Error(err)
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	g.notices <- n
	_, _ = io.WriteString(w, g.reply)
}

// read verifies and decrypts under the keys of the third-party platform.
func (g *agency) read(r *http.Request) (n noticed, err error) {
	q := r.URL.Query()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return n, err
	}
	var outer struct {
		AppID      string `xml:"AppId"`
		ToUserName string
		Encrypt    string
	}
	if err := xml.Unmarshal(body, &outer); err != nil {
		return n, err
	}
	if notice := r.URL.Path == "/notices"; notice != (outer.AppID == "wxcomp") || notice != (outer.ToUserName == "") || notice != (q.Get("openid") == "") {
		return n, fmt.Errorf("%s beside the ciphertext: %+v", r.URL, outer)
	}
	envelope := wechat.Envelope{To: outer.ToUserName, Encrypt: outer.Encrypt}
	if err := envelope.Verify(q.Get("msg_signature"), "c-token", q.Get("timestamp"), q.Get("nonce")); err != nil {
		return n, err
	}
	keys, err := wechat.NewKeyring("wxcomp", componentAccount("comp").EncodingAESKey, "")
	if err != nil {
		return n, err
	}
	plain, _, err := keys.Open(outer.Encrypt)
	if err != nil {
		return n, err
	}
	n.path = r.URL.Path
	return n, xml.Unmarshal(plain, &n)
}

func (g *agency) next() noticed {
	g.t.Helper()
	select {
	case n := <-g.notices:
		return n
	case <-time.After(10 * time.Second):
		g.t.Fatal("no push has come")
		return noticed{}
	}
}

// call makes a call of the third-party platform with its token.
func (g *agency) call(name string, body obj) (m map[string]any) {
	g.t.Helper()
	g.asComponent(func() { m = g.ok("/cgi-bin/component/"+name, componentBody(body)) })
	return m
}

// click is the page of authorisation under a new pre-authorisation code.
func (g *agency) click(answer string) (preAuth string, got shown) {
	g.t.Helper()
	preAuth = text(g.t, g.call("api_create_preauthcode", nil), "pre_auth_code")
	return preAuth, g.send("/cgi-bin/componentloginpage?component_appid=wxcomp&auth_type=3&redirect_uri="+
		url.QueryEscape("https://agency.example/back?x=1")+"&pre_auth_code="+preAuth+answer, nil)
}

// control posts to the control port.
func (g *agency) control(path, body string) (o Outcome, status int) {
	g.t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(g.t.Context(), http.MethodPost, path, strings.NewReader(body))
	g.ControlHandler().ServeHTTP(w, r)
	if err := json.Unmarshal(w.Body.Bytes(), &o); err != nil {
		g.t.Fatalf("%s: %s", path, w.Body)
	}
	return o, w.Code
}

// says lets a follower of the account demo write, and returns what was made of the answer.
func (g *agency) says(content string) Outcome {
	g.t.Helper()
	o, status := g.control("/control/push", `{"openid":"`+fan+`","content":"`+content+`"}`)
	if status != http.StatusOK {
		g.t.Fatalf("push: %d", status)
	}
	return o
}

// TestThirdPartyLogin: a third-party platform logs a follower of an account in, by a code that is
// of no use to the account itself, under its own domain.
func TestThirdPartyLogin(t *testing.T) {
	g := newAgency(t, nil)
	comp := componentAccount("comp")
	comp.RedirectHosts = []string{"agency.example"}
	if err := g.SetAccounts([]Account{demoAccount(), comp}); err != nil {
		t.Fatal(err)
	}
	address := func(host, component string) string {
		return "/connect/oauth2/authorize?appid=wxdemo&response_type=code&scope=snsapi_userinfo&state=S&component_appid=" + component +
			"&redirect_uri=" + url.QueryEscape("https://"+host+"/back") + "&_openid=" + fan
	}
	refused := func(address, code string) {
		t.Helper()
		if got := g.send(address, nil); got.status != http.StatusOK || !strings.Contains(string(got.body), code) {
			t.Errorf("%s: %d %s, want %s", address, got.status, got.body, code)
		}
	}
	refused(address("agency.example", "wxcomp"), "10015") // no rights
	g.gives(platform.RightMessages)
	refused(address("agency.example", "wxcomp"), "10015") // other rights
	g.gives(platform.RightPages)
	refused(address("agency.example", "wxno"), "10015")
	refused(address("oa.example", "wxcomp"), "10003")
	back, err := url.Parse(g.send(address("agency.example", "wxcomp"), nil).header.Get("Location"))
	if q := back.Query(); err != nil || back.Host != "agency.example" || q.Get("appid") != "wxdemo" || q.Get("state") != "S" {
		t.Fatalf("sent back to %s, %v", back, err)
	}
	const call = "?component_appid=wxcomp&appid=wxdemo&"
	g.asComponent(func() {
		got := g.ok("/sns/oauth2/component/access_token"+call+"grant_type=authorization_code&code="+back.Query().Get("code"), nil)
		if got["openid"] != fan || got["scope"] != "snsapi_userinfo" || got["expires_in"] != 7200.0 {
			t.Errorf("token %v", got)
		}
		if who := g.ok("!/sns/userinfo?openid="+fan+"&access_token="+text(t, got, "access_token"), nil); who["openid"] != fan {
			t.Errorf("profile %v", who)
		}
		again := g.ok("/sns/oauth2/component/refresh_token"+call+"grant_type=refresh_token&refresh_token="+text(t, got, "refresh_token"), nil)
		if again["refresh_token"] != got["refresh_token"] || again["access_token"] == got["access_token"] || again["openid"] != fan {
			t.Errorf("refreshed %v", again)
		}
	})
}

// TestThirdPartyPlatform goes the whole way: ticket, token, page, notice, lent token, messages
// under the third-party platform's appid and key, rights given anew and taken back.
func TestThirdPartyPlatform(t *testing.T) {
	g := newAgency(t, nil)
	if err := g.Start(t.Context(), "", ""); err != nil {
		t.Fatal(err)
	}
	ticket := g.next()
	if ticket.InfoType != component.InfoTicket || ticket.AppID != "wxcomp" {
		t.Fatalf("first notice %+v", ticket)
	}
	made := g.ok("!/cgi-bin/component/api_component_token", componentBody(obj{"component_appsecret": "c-secret", "component_verify_ticket": ticket.ComponentVerifyTicket}))
	token := text(t, made, "component_access_token")
	if made["expires_in"] != 7200.0 || made["access_token"] != nil || made["errcode"] != nil {
		t.Errorf("component token %v", made)
	}
	g.ok("!/cgi-bin/component/api_create_preauthcode?component_access_token="+token, componentBody(nil))

	_, page := g.click("")
	for _, want := range []string{`value="wxdemo"`, `value="wxother"`, "授权", `name="_right" value="15"`} {
		if !strings.Contains(string(page.body), want) {
			t.Errorf("the page has no %s: %s", want, page.body)
		}
	}
	if strings.Contains(string(page.body), `value="wxcomp" required`) {
		t.Error("the third-party platform is offered to itself")
	}
	preAuth, yes := g.click("&_form=1&_appid=wxdemo&_right=1&_right=15")
	back, err := url.Parse(yes.header.Get("Location"))
	told := g.next()
	if err != nil || yes.status != http.StatusFound || back.Query().Get("x") != "1" || back.Query().Get("expires_in") != "3600" || back.Query().Get("auth_code") != told.AuthorizationCode {
		t.Errorf("%d to %s, %v; told %+v", yes.status, back, err, told)
	}
	if told.InfoType != component.InfoAuthorized || told.AuthorizerAppid != "wxdemo" || told.PreAuthCode != preAuth ||
		told.AuthorizationCodeExpiredTime != g.clock.now().Add(time.Hour).Unix() {
		t.Errorf("told %+v", told)
	}
	info, _ := g.call("api_query_auth", obj{"authorization_code": told.AuthorizationCode})["authorization_info"].(map[string]any)
	lent, refresh := text(t, info, "authorizer_access_token"), text(t, info, "authorizer_refresh_token")
	sets, _ := json.Marshal(info["func_info"])
	if string(sets) != `[{"funcscope_category":{"id":1}},{"funcscope_category":{"id":15}}]` || info["authorizer_appid"] != "wxdemo" {
		t.Errorf("authorisation %v", info)
	}
	g.ok("!/cgi-bin/menu/create?access_token="+lent, menuOf(nil))
	if last := g.last(); last.Account != "demo" || last.TokenState != ledger.TokenValid {
		t.Errorf("ledger %+v", last)
	}

	if o := g.says("你好"); !o.OK || o.Seen != "success" {
		t.Errorf("message: %+v", o)
	}
	if m := g.next(); m.path != "/wxdemo/" || m.Content != "你好" || m.ToUserName != "gh_0123456789ab" {
		t.Errorf("message %+v", m)
	}

	again := g.call("api_authorizer_token", obj{"authorizer_appid": "wxdemo", "authorizer_refresh_token": refresh})
	if again["authorizer_refresh_token"] != refresh || again["authorizer_access_token"] == lent {
		t.Errorf("refreshed %v", again)
	}
	g.click("&_appid=wxdemo")
	if told := g.next(); told.InfoType != component.InfoUpdated || told.AuthorizerAppid != "wxdemo" {
		t.Errorf("told %+v", told)
	}
	list := g.call("api_get_authorizer_list", obj{"count": 10})
	who := g.call("api_get_authorizer_info", obj{"authorizer_appid": "wxdemo"})
	about, _ := who["authorizer_info"].(map[string]any)
	if list["total_count"] != 1.0 || about["user_name"] != "gh_0123456789ab" {
		t.Errorf("list %v, account %v", list, who)
	}

	if o, status := g.control("/control/component/unauthorize", `{"account":"demo"}`); status != http.StatusOK || !o.OK {
		t.Errorf("unauthorize: %d %+v", status, o)
	}
	if told := g.next(); told.InfoType != component.InfoUnauthorized || told.AuthorizerAppid != "wxdemo" {
		t.Errorf("told %+v", told)
	}
	if _, status := g.control("/control/component/unauthorize", `{"account":"demo"}`); status != http.StatusBadRequest {
		t.Errorf("rights taken back twice: %d", status)
	}
	if m := g.ask("!/cgi-bin/menu/get?access_token="+text(t, again, "authorizer_access_token"), nil); codeOf(m) != 40001 {
		t.Errorf("a lent token after the rights were taken back: %v", m)
	}
	if _, status := g.control("/control/push", `{"openid":"`+fan+`","content":"a"}`); status != http.StatusBadRequest {
		t.Errorf("a message of an account without callback_url: %d", status)
	}
}

// TestRefreshTokensRotate: with rotate_refresh a refresh token is good once; a lost answer loses
// the account until its administrator gives the rights anew.
func TestRefreshTokensRotate(t *testing.T) {
	g := newAgency(t, func(a *Account) { a.Component.RotateRefresh = true })
	g.gives(api.Rights()...)
	first, _ := g.core.Named("demo").Authorized()
	ask := func(refresh string) map[string]any {
		var m map[string]any
		g.asComponent(func() {
			m = g.ask("/cgi-bin/component/api_authorizer_token", componentBody(obj{"authorizer_appid": "wxdemo", "authorizer_refresh_token": refresh}))
		})
		return m
	}
	second := text(t, ask(first.Refresh), "authorizer_refresh_token")
	if second == first.Refresh {
		t.Error("the refresh token is the same")
	}
	if m := ask(first.Refresh); codeOf(m) != 61023 {
		t.Errorf("the first one again: %v", m)
	}
	if third := text(t, ask(second), "authorizer_refresh_token"); third == second {
		t.Error("the third one is the second")
	}
}

// TestAuthorisationPageRefuses: a mistake is an error page, and gives no rights.
func TestAuthorisationPageRefuses(t *testing.T) {
	g := newAgency(t, func(a *Account) { a.RedirectHosts = []string{"agency.example"} })
	const rest = "&redirect_uri=https%3A%2F%2Fagency.example%2F&_appid=wxdemo"
	old := g.codes().NewPreAuth(g.core)
	g.clock.advance(31 * time.Minute)
	fresh := func() string { return g.codes().NewPreAuth(g.core) }
	used := fresh()
	g.core.Named("other").Authorize(g.core, g.core.Named("comp"), used, []int{1})
	for name, test := range map[string]struct {
		query string
		code  int
	}{
		"no third-party platform":   {"component_appid=wxdemo&pre_auth_code=" + fresh() + rest, 61011},
		"invented code":             {"component_appid=wxcomp&pre_auth_code=x" + rest, 61009},
		"used code":                 {"component_appid=wxcomp&pre_auth_code=" + used + rest, 61009},
		"code of 31 minutes ago":    {"component_appid=wxcomp&pre_auth_code=" + old + rest, 61010},
		"another domain":            {"component_appid=wxcomp&redirect_uri=https%3A%2F%2Fevil.example%2F&_appid=wxdemo&pre_auth_code=" + fresh(), 10003},
		"no address":                {"component_appid=wxcomp&_appid=wxdemo&pre_auth_code=" + fresh(), 10003},
		"script":                    {"component_appid=wxcomp&redirect_uri=javascript:alert(1)&_appid=wxdemo&pre_auth_code=" + fresh(), 10003},
		"unknown account":           {"component_appid=wxcomp&redirect_uri=https%3A%2F%2Fagency.example%2F&_appid=wxno&pre_auth_code=" + fresh(), 61003},
		"mini programs alone":       {"component_appid=wxcomp&auth_type=2&pre_auth_code=" + fresh() + rest, 61003},
		"the link is for another":   {"component_appid=wxcomp&biz_appid=wxother&pre_auth_code=" + fresh() + rest, 61003},
		"no right ticked":           {"component_appid=wxcomp&_form=1&pre_auth_code=" + fresh() + rest, 61007},
		"a right that is not there": {"component_appid=wxcomp&_right=99&pre_auth_code=" + fresh() + rest, 61007},
	} {
		got := g.send("/cgi-bin/componentloginpage?"+test.query, nil)
		if last := g.last(); got.status != http.StatusOK || last.ErrCode != test.code || !strings.Contains(string(got.body), fmt.Sprint(test.code)) {
			t.Errorf("%s: %d %s, ledger %+v", name, got.status, got.body, last)
		}
	}
	if z, given := g.core.Named("demo").Authorized(); given {
		t.Errorf("rights were given: %+v", z)
	}
}

// TestOneThirdPartyPlatformAtATime: an account that has given rights gives none to another.
func TestOneThirdPartyPlatformAtATime(t *testing.T) {
	g := newAgency(t, nil)
	second := componentAccount("second")
	if err := g.SetAccounts([]Account{demoAccount(), componentAccount("comp"), second}); err != nil {
		t.Fatal(err)
	}
	g.gives(1)
	codes := platform.Part[platform.Tickets](g.core.Named("second"))
	got := g.send("/safe/bindcomponent?component_appid=wxsecond&redirect_uri=https%3A%2F%2Fa%2F&_appid=wxdemo&pre_auth_code="+codes.NewPreAuth(g.core), nil)
	if z, _ := g.core.Named("demo").Authorized(); z.Component != "wxcomp" || !strings.Contains(string(got.body), "61003") {
		t.Errorf("%s; rights %+v", got.body, z)
	}
}

// TestANoticeIsTakenBySuccess: the third-party platform answers success, and nothing else.
func TestANoticeIsTakenBySuccess(t *testing.T) {
	g := newAgency(t, nil)
	if o, status := g.control("/control/component/ticket", `{"component":"comp"}`); status != http.StatusOK || !o.OK {
		t.Errorf("%d %+v", status, o)
	}
	if last := g.last(); last.Kind != ledger.KindPush || last.Path != component.InfoTicket || last.Account != "comp" || last.Effect != ledger.EffectDelivered {
		t.Errorf("ledger %+v", last)
	}
	if _, status := g.control("/control/component/ticket", `{"component":"demo"}`); status != http.StatusBadRequest {
		t.Errorf("a ticket for an account: %d", status)
	}
	if _, status := g.control("/control/push", `{"account":"comp","openid":"`+fan+`","content":"a"}`); status != http.StatusBadRequest {
		t.Errorf("a message to a third-party platform: %d", status)
	}
}

func TestBadThirdPartyPlatforms(t *testing.T) {
	for name, change := range map[string]func(*Account){
		"no key":               func(a *Account) { a.EncodingAESKey = "" },
		"no callback":          func(a *Account) { a.CallbackURL = "" },
		"no message_url":       func(a *Account) { a.Component.MessageURL, a.Component.RotateRefresh = "", true },
		"bad message_url":      func(a *Account) { a.Component.MessageURL = "ftp://a/" },
		"negative speed":       func(a *Account) { a.Component.TicketSpeed = -1 },
		"script as an address": func(a *Account) { a.Component.MessageURL = "javascript:alert(1)" },
	} {
		a := componentAccount("comp")
		change(&a)
		if p, err := New(Config{Accounts: []Account{a}}); err == nil || !strings.Contains(err.Error(), "comp") {
			t.Errorf("%s: %v", name, err)
			if p != nil {
				_ = p.Stop(t.Context())
			}
		}
	}
}

// FuzzAuthorisationPage sends any query to the page: it is always a page or a redirect to the
// domain of the third-party platform.
func FuzzAuthorisationPage(f *testing.F) {
	s := newShop(f, true)
	accounts := shopAccounts()
	for i := range accounts {
		accounts[i].RedirectHosts = []string{"agency.example"}
	}
	if err := s.SetAccounts(accounts); err != nil {
		f.Fatal(err)
	}
	f.Add("https://agency.example/", "wxdemo", "1", "3")
	f.Add("javascript:alert(1)", "wxcomp", "x", "2")
	f.Fuzz(func(t *testing.T, back, appID, right, kind string) {
		s.t = t
		q := url.Values{
			"component_appid": {"wxcomp"}, "pre_auth_code": {s.codes().NewPreAuth(s.core)}, "redirect_uri": {back}, "_appid": {appID}, "_right": {right}, "auth_type": {kind},
		}
		got := s.send("/cgi-bin/componentloginpage?"+q.Encode(), nil)
		to, err := url.Parse(got.header.Get("Location"))
		switch got.status {
		case http.StatusOK:
		case http.StatusFound:
			if err != nil || to.Hostname() != "agency.example" || (to.Scheme != "http" && to.Scheme != "https") {
				t.Fatalf("redirect to %s, %v", got.header.Get("Location"), err)
			}
		default:
			t.Fatalf("status %d", got.status)
		}
	})
}
