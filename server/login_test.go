package server_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"oalab/chaos/upstream"
	wl "oalab/mockwechat/ledger"
	"oalab/server"
	"oalab/server/internal/servertest"
)

// follower is a browser with cookies that goes where it is sent, over real sockets.
type follower struct {
	t      *testing.T
	client *http.Client
	openID string
	agrees bool
	back   string // the address of the last callback
}

// consentForm finds the fields of the consent page.
var consentForm = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)">`)

func newFollower(t *testing.T, openID string) *follower {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	f := &follower{t: t, openID: openID, agrees: true}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	f.client = &http.Client{Jar: jar, Transport: transport, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasSuffix(r.URL.Path, "/callback") {
			f.back = r.URL.String()
		}
		return nil
	}}
	return f
}

// page is what the follower sees in the end.
type page struct {
	status int
	at     *url.URL
	body   string
}

func (f *follower) open(address string) page {
	f.t.Helper()
	r, err := http.NewRequestWithContext(f.t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		f.t.Fatal(err)
	}
	answer, err := f.client.Do(r)
	if err != nil {
		f.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	p := page{answer.StatusCode, answer.Request.URL, string(body)}
	if p.at.Path != "/connect/oauth2/authorize" || !f.agrees {
		return p
	}
	q := url.Values{"_openid": {f.openID}}
	for _, field := range consentForm.FindAllStringSubmatch(p.body, -1) {
		q.Add(field[1], field[2])
	}
	return f.open("http://" + p.at.Host + p.at.Path + "?" + q.Encode())
}

// who asks the API who is logged in.
func (f *follower) who(s *server.Server) (openID, nickname string) {
	f.t.Helper()
	p := f.open("http://" + s.Addr() + "/api/v1/login/demo/me")
	var in struct {
		Data struct {
			OpenID   string `json:"openid"`
			Nickname string `json:"nickname"`
		} `json:"data"`
	}
	if err := json.Unmarshal([]byte(p.body), &in); err != nil {
		f.t.Fatalf("%v: %s", err, p.body)
	}
	return in.Data.OpenID, in.Data.Nickname
}

// calls are the paths of the platform that a login uses, as its ledger has them.
func (w *world) calls() (paths []string) {
	for _, c := range ledger[wl.Call](w, w.platform.ControlAddr()) {
		if strings.HasPrefix(c.Path, "/sns/") || c.Path == "/connect/oauth2/authorize" {
			paths = append(paths, c.Path)
		}
	}
	return paths
}

func count(paths []string, path string) (n int) {
	for _, p := range paths {
		if p == path {
			n++
		}
	}
	return n
}

const (
	exchangePath = "/sns/oauth2/access_token"
	fan          = "oFollower0000000000000000001"
)

// loginWorld is the platform with login servers of the role alone.
func loginWorld(t *testing.T, sessions string, servers int) (*world, []*server.Server) {
	t.Helper()
	w, cfg := newWorld(t)
	cfg.WeChat.OpenBase = cfg.WeChat.APIBase
	cfg.OAuth.Sessions = sessions
	cfg.OAuth.ReturnPaths = []string{"/c/", "/api/v1/login/"}
	cfg.OAuth.Key = "one key of all login servers, 32 characters"
	var all []*server.Server
	for range servers {
		all = append(all, servertest.Start(t, cfg, server.RoleOAuth))
	}
	return w, all
}

const loginToMe = "/oauth/demo/login?scope=userinfo&return=%2Fapi%2Fv1%2Flogin%2Fdemo%2Fme"

// TestLoginThroughTheConsentPage: a browser goes to the mock's consent page and back; its second
// visit costs the platform no call (OAU-1, OAU-3), with both stores of sessions.
func TestLoginThroughTheConsentPage(t *testing.T) {
	t.Parallel()
	for _, sessions := range []string{"shared", "local"} {
		w, servers := loginWorld(t, sessions, 1)
		s := servers[0]
		f := newFollower(t, fan)
		first := f.open("http://" + s.Addr() + loginToMe)
		if first.status != http.StatusOK || first.at.Path != "/api/v1/login/demo/me" || !strings.Contains(first.body, fan) {
			t.Fatalf("%s: %d at %s: %s", sessions, first.status, first.at, first.body)
		}
		if openID, nickname := f.who(s); openID != fan || nickname == "" {
			t.Errorf("%s: %q %q", sessions, openID, nickname)
		}
		calls := w.calls()
		if count(calls, exchangePath) != 1 || count(calls, "/sns/userinfo") != 1 {
			t.Errorf("%s: the first visit made %v", sessions, calls)
		}
		second := f.open("http://" + s.Addr() + loginToMe)
		if second.status != http.StatusOK || second.body == "" || len(w.calls()) != len(calls) {
			t.Errorf("%s: the second visit made %v", sessions, w.calls()[len(calls):])
		}
		// The same callback again exchanges nothing, and leads to the same place.
		again := f.open(f.back)
		if again.status != http.StatusOK || again.at.Path != "/api/v1/login/demo/me" || count(w.calls(), exchangePath) != 1 {
			t.Errorf("%s: the callback again: %d at %s, calls %v", sessions, again.status, again.at, w.calls())
		}
		// In another browser it is no login.
		other := newFollower(t, "oOther0000000000000000000001")
		other.open("http://" + s.Addr() + "/oauth/demo/login") // has a login of its own
		foreign := other.open(f.back)
		if foreign.status != http.StatusForbidden || !strings.Contains(foreign.body, "登录已失效") || count(w.calls(), exchangePath) != 2 {
			t.Errorf("%s: a foreign state: %d %s", sessions, foreign.status, foreign.body)
		}
		if openID, _ := newFollower(t, fan).who(s); openID != "" {
			t.Errorf("%s: without cookies: %q", sessions, openID)
		}
	}
}

// TestConsentRefused: a follower who does not agree can come back, and is asked again.
func TestConsentRefused(t *testing.T) {
	t.Parallel()
	w, servers := loginWorld(t, "shared", 1)
	f := newFollower(t, fan)
	f.agrees = false
	asked := f.open("http://" + servers[0].Addr() + loginToMe)
	if asked.status != http.StatusOK || !strings.Contains(asked.body, "申请获得") {
		t.Fatalf("%d %s", asked.status, asked.body)
	}
	declined := f.open("http://" + servers[0].Addr() + "/oauth/demo/callback?state=" + asked.at.Query().Get("state"))
	if declined.status != http.StatusOK || !strings.Contains(declined.body, "未同意授权") || count(w.calls(), exchangePath) != 0 {
		t.Errorf("%d %s, calls %v", declined.status, declined.body, w.calls())
	}
	f.agrees = true
	if again := f.open("http://" + servers[0].Addr() + loginToMe); again.status != http.StatusOK || !strings.Contains(again.body, fan) {
		t.Errorf("%d %s", again.status, again.body)
	}
}

// TestTheCodeOfALostAnswerIsNotTriedAgain: the platform has taken the code, and its answer is
// lost. The follower goes round once more, and no code is used twice (OAU-5).
func TestTheCodeOfALostAnswerIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	w, servers := loginWorld(t, "shared", 1)
	w.faults(w.platform.ControlAddr(), upstream.Rule{Match: upstream.Match{Path: exchangePath}, Share: 1, Action: "answer_lost"})
	f := newFollower(t, fan)
	lost := f.open("http://" + servers[0].Addr() + loginToMe)
	if lost.status != http.StatusServiceUnavailable || !strings.Contains(lost.body, "系统繁忙") {
		t.Errorf("%d %s", lost.status, lost.body)
	}
	w.faults(w.platform.ControlAddr())
	if p := f.open("http://" + servers[0].Addr() + loginToMe); p.status != http.StatusOK || !strings.Contains(p.body, fan) {
		t.Errorf("after the fault: %d %s", p.status, p.body)
	}
	exchanges := 0
	for _, c := range ledger[wl.Call](w, w.platform.ControlAddr()) {
		if c.Path == exchangePath {
			exchanges++
			if c.ErrCode != 0 {
				t.Errorf("a code was refused: %+v", c)
			}
		}
	}
	if exchanges != 4 {
		t.Errorf("%d exchanges, want three lost and one", exchanges)
	}
}

// TestSessionsOnTwoServers: a shared session is known to both; with local ones a follower whose
// server changes is sent to authorise again, and sees no error (OAU-3).
func TestSessionsOnTwoServers(t *testing.T) {
	t.Parallel()
	w, servers := loginWorld(t, "local", 1)
	f := newFollower(t, fan)
	f.open("http://" + servers[0].Addr() + loginToMe)
	cfg := servertest.Config(t)
	cfg.WeChat.APIBase, cfg.WeChat.OpenBase = "http://"+w.platform.Addr(), "http://"+w.platform.Addr()
	cfg.OAuth.Sessions, cfg.OAuth.Key = "local", "one key of all login servers, 32 characters"
	cfg.OAuth.ReturnPaths = []string{"/c/", "/api/v1/login/"}
	second := servertest.Start(t, cfg, server.RoleOAuth)
	if openID, _ := f.who(second); openID != "" {
		t.Error("a local session is known to another server: the test shows nothing")
	}
	p := f.open("http://" + second.Addr() + loginToMe)
	if p.status != http.StatusOK || !strings.Contains(p.body, fan) || count(w.calls(), exchangePath) != 2 {
		t.Errorf("%d %s, calls %v", p.status, p.body, w.calls())
	}
}

// TestFollowersWithoutAPlatform are told that there is no login.
func TestFollowersWithoutAPlatform(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Config(t), server.RoleOAuth)
	p := newFollower(t, fan).open("http://" + s.Addr() + "/oauth/demo/login")
	if p.status != http.StatusServiceUnavailable || !strings.Contains(p.body, "尚未开通") {
		t.Errorf("%d %s", p.status, p.body)
	}
}

// post sends JSON and reads the answer.
func (f *follower) post(address, body string, into any) int {
	f.t.Helper()
	r, err := http.NewRequestWithContext(f.t.Context(), http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		f.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := f.client.Do(r)
	if err != nil {
		f.t.Fatal(err)
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(into); err != nil {
		f.t.Fatalf("%s: %v", address, err)
	}
	return answer.StatusCode
}

// TestAPageMayUseTheJSSDK: what the server signs, the phone of the mock accepts, and the ticket is
// fetched once however many pages ask (OAU-8, CTL-1).
func TestAPageMayUseTheJSSDK(t *testing.T) {
	t.Parallel()
	w, servers := loginWorld(t, "shared", 2)
	f := newFollower(t, fan)
	for i := range 20 {
		site := "http://" + servers[i%2].Addr()
		page := site + "/c/demo/draw?x=1"
		var signed struct {
			Data map[string]any `json:"data"`
		}
		got := f.open(site + "/jssdk/demo/config?url=" + url.QueryEscape(page+"#/won"))
		if err := json.Unmarshal([]byte(got.body), &signed); err != nil || got.status != http.StatusOK {
			t.Fatalf("%d %s: %v", got.status, got.body, err)
		}
		signed.Data["jsApiList"] = []string{"checkJsApi"}
		call, err := json.Marshal(map[string]any{"api": "config", "url": page, "args": signed.Data})
		if err != nil {
			t.Fatal(err)
		}
		var phone struct {
			ErrMsg string `json:"errMsg"`
		}
		if f.post("http://"+w.platform.Addr()+"/phone/demo/"+fan+"/bridge", string(call), &phone); phone.ErrMsg != "config:ok" {
			t.Errorf("the phone says %q", phone.ErrMsg)
		}
	}
	fetched := 0
	for _, c := range ledger[wl.Call](w, w.platform.ControlAddr()) {
		if c.Path == "/cgi-bin/ticket/getticket" {
			fetched++
		}
	}
	if fetched != 1 {
		t.Errorf("the ticket was fetched %d times", fetched)
	}
}

// TestMiniProgramLogin: a code of the mock's wx.login ends in a token for the API (OAU-9).
func TestMiniProgramLogin(t *testing.T) {
	t.Parallel()
	w, servers := loginWorld(t, "shared", 1)
	f := newFollower(t, fan)
	var wx struct {
		Code string `json:"code"`
	}
	if status := f.post("http://"+w.platform.ControlAddr()+"/control/login-code", `{"openid":"`+fan+`"}`, &wx); status != http.StatusOK || wx.Code == "" {
		t.Fatalf("%d %+v", status, wx)
	}
	address := "http://" + servers[0].Addr() + "/api/v1/login/demo/mini"
	var got struct {
		Data struct {
			Token string `json:"access_token"`
		} `json:"data"`
	}
	if status := f.post(address, `{"code":"`+wx.Code+`"}`, &got); status != http.StatusOK || got.Data.Token == "" {
		t.Fatalf("%d %+v", status, got)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+servers[0].Addr()+"/api/v1/login/demo/me", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+got.Data.Token)
	answer, err := f.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK || !strings.Contains(string(body), fan) {
		t.Errorf("%d %s, %v", answer.StatusCode, body, err)
	}
	if status := f.post(address, `{"code":"`+wx.Code+`"}`, &got); status != http.StatusUnauthorized || count(w.calls(), "/sns/jscode2session") != 1 {
		t.Errorf("the code again: %d, calls %v", status, w.calls())
	}
}
