package mockwechat

import (
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"oalab/mockwechat/chat"
	"oalab/mockwechat/ledger"
	"oalab/mockwechat/phone"
)

// answersText is a back end that answers every push with a text, and counts them.
func answersText(tb testing.TB, answer string) (address string, pushes <-chan string) {
	tb.Helper()
	got := make(chan string, 64)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			tb.Error(err)
		}
		got <- string(body)
		_, _ = fmt.Fprintf(w, "<xml><ToUserName>%s</ToUserName><FromUserName>%s</FromUserName><CreateTime>1</CreateTime><MsgType>text</MsgType><Content><![CDATA[%s]]></Content></xml>",
			r.URL.Query().Get("openid"), demoAccount().OriginalID, answer)
	}))
	tb.Cleanup(server.Close)
	return server.URL, got
}

// handset is a follower's phone, used over its API.
type handset struct {
	*shop
	openID      string
	last        int64
	contentType string       // of what is posted
	phones      http.Handler // take what is posted when it does not go over the socket
}

func newHandset(tb testing.TB, answer string) (*handset, <-chan string) {
	tb.Helper()
	s := newShop(tb, false)
	address, pushes := answersText(tb, answer)
	a := demoAccount()
	a.CallbackURL = address
	if err := s.SetAccounts([]Account{a, otherAccount()}); err != nil {
		tb.Fatal(err)
	}
	h := &handset{shop: s, openID: fan, contentType: "application/json"}
	h.entries(0) // switches it on
	return h, pushes
}

func (h *handset) do(path, body string) (int, string) {
	h.t.Helper()
	r, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, h.base+"/phone/demo/"+h.openID+path, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header.Set("Content-Type", h.contentType)
	if h.phones != nil {
		w := httptest.NewRecorder()
		h.phones.ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	resp, err := h.client.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// entries are the next entries of the chat; it waits while there are fewer than n.
func (h *handset) entries(n int) (all []chat.Entry) {
	h.t.Helper()
	for {
		got := h.send(fmt.Sprintf("/phone/demo/%s/messages?after=%d&wait_s=%d", h.openID, h.last, min(n, 20)), nil)
		var body struct {
			Messages []chat.Entry `json:"messages"`
		}
		if err := json.Unmarshal(got.body, &body); err != nil || got.status != http.StatusOK {
			h.t.Fatalf("%d %s, %v", got.status, got.body, err)
		}
		for _, e := range body.Messages {
			all, h.last = append(all, e), e.Number
		}
		if len(all) >= n {
			return all
		}
	}
}

func (h *handset) acts(body string, shows ...string) {
	h.t.Helper()
	if status, answer := h.do("/do", body); status != http.StatusAccepted {
		h.t.Fatalf("%s: %d %s", body, status, answer)
	}
	for i, e := range h.entries(len(shows)) {
		if e.From+": "+e.Text != shows[i] {
			h.t.Errorf("%s: entry %d is %s: %s, want %s", body, i, e.From, e.Text, shows[i])
		}
	}
}

// TestPhone: what a follower does is pushed, and the chat shows it with what comes of it.
func TestPhone(t *testing.T) {
	h, pushes := newHandset(t, "您好")
	h.ok("/cgi-bin/menu/create", obj{"button": []obj{{"type": "click", "name": "查询", "key": "CX"}, {"type": "view", "name": "网厅", "url": "http://oa.example/"}}})
	h.acts(`{"do":"text","text":"你好"}`, "follower: 你好", "account: 您好")
	h.acts(`{"do":"click","key":"CX"}`, "follower: 点击菜单 CX", "account: 您好")
	h.acts(`{"do":"view","url":"http://oa.example/"}`, "follower: 打开网页 http://oa.example/", "account: 您好")
	h.acts(`{"do":"location","text":"广州塔","latitude":23.1,"longitude":113.3}`, "follower: 23.100000, 113.300000", "account: 您好")
	h.acts(`{"do":"unsubscribe"}`, "follower: 已取消关注", "account: 您好")
	if status, answer := h.do("/do", `{"do":"text","text":"x"}`); status != http.StatusBadRequest || !strings.Contains(answer, "subscribe") {
		t.Errorf("a stranger writes: %d %s", status, answer)
	}
	h.acts(`{"do":"subscribe"}`, "follower: 已关注", "account: 您好")
	code := h.ok("/cgi-bin/qrcode/create", obj{"action_name": "QR_LIMIT_STR_SCENE", "action_info": obj{"scene": obj{"scene_str": "S"}}})
	h.acts(`{"do":"scan","ticket":"`+text(t, code, "ticket")+`"}`, "follower: 扫描二维码 S", "account: 您好")
	for _, want := range []string{"你好", "CLICK", "VIEW", "Location_X", "unsubscribe", "subscribe", "SCAN"} {
		if body := <-pushes; !strings.Contains(body, want) {
			t.Errorf("pushed %s, want %s", body, want)
		}
	}
}

// TestPhoneShowsWhatAnAccountSends: messages of the APIs reach the chat, one that is repeated
// does so once.
func TestPhoneShowsWhatAnAccountSends(t *testing.T) {
	h, _ := newHandset(t, "x")
	h.acts(`{"do":"text","text":"a"}`, "follower: a", "account: x")
	h.ok("/cgi-bin/message/custom/send", obj{"touser": fan, "msgtype": "text", "text": obj{"content": "客服"}})
	h.ok("/cgi-bin/message/custom/send", obj{"touser": fan, "msgtype": "news", "news": obj{"articles": []obj{{"title": "T", "description": "D", "url": "http://u"}}}})
	for range 2 {
		h.ok("/cgi-bin/message/template/send", obj{
			"touser": fan, "template_id": DefaultTemplate, "client_msg_id": "1", "url": "http://o", "data": obj{"first": obj{"value": "办理成功"}},
		})
	}
	h.ok("/cgi-bin/message/mass/sendall", obj{"filter": obj{"is_to_all": true}, "msgtype": "text", "text": obj{"content": "群发"}})
	h.ok("/cgi-bin/message/custom/send", obj{"touser": fan, "msgtype": "text", "text": obj{"content": "末"}})
	got := h.entries(5)
	var kinds []string
	for _, e := range got {
		kinds = append(kinds, e.Kind+" "+e.Title+e.Text+e.URL)
	}
	want := "text 客服|news |template order-resultfirst: 办理成功http://o|text 群发|text 末"
	if strings.Join(kinds, "|") != want || got[1].Items[0].Title != "T" || got[1].Items[0].URL != "http://u" {
		t.Errorf("%s\n%+v", strings.Join(kinds, "|"), got)
	}
}

// TestAPhoneRefuses: an account, an openid or a call that does not exist is refused and changes nothing.
func TestAPhoneRefuses(t *testing.T) {
	h, pushes := newHandset(t, "x")
	for _, path := range []string{"/phone/none/" + fan, "/phone/demo/short", "/phone/demo/" + fan + "/media/none"} {
		if got := h.send(path, nil); got.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, got.status)
		}
	}
	for _, path := range []string{"?after=x", "?wait_s=-1", "?wait_s=26"} {
		if got := h.send("/phone/demo/"+fan+"/messages"+path, nil); got.status != http.StatusBadRequest {
			t.Errorf("%s: %d", path, got.status)
		}
	}
	for body, want := range map[string]string{
		"":                                  "empty",
		`{"do":"fly"}`:                      "fly",
		`{"do":"text"}`:                     "letters",
		`{"do":"text","text":"a","by":"b"}`: "by",
		`{"do":"text","text":"` + strings.Repeat("x", 2049) + `"}`: "2049",
		`{"do":"click","key":"not in the menu"}`:                   "no such button",
		`{"do":"scan","ticket":"none"}`:                            "ticket",
		`{"do":"location","text":"x","latitude":91}`:               "latitude",
	} {
		if status, answer := h.do("/do", body); status != http.StatusBadRequest || !strings.Contains(answer, want) {
			t.Errorf("%s: %d %s, want %s", body, status, answer, want)
		}
	}
	h.contentType = "text/plain" // as a foreign page can send it
	if status, answer := h.do("/do", `{"do":"text","text":"x"}`); status != http.StatusUnsupportedMediaType {
		t.Errorf("not JSON: %d %s", status, answer)
	}
	if got := h.entries(0); len(got) > 0 || len(pushes) > 0 {
		t.Errorf("%d entries, %d pushes", len(got), len(pushes))
	}
}

const jsPage = "http://oa.example/page?x=1"

// configured is what a page says to wx.config; change makes it a wrong one.
func (h *handset) configured(change func(m obj)) obj { return h.configuredOn(jsPage, change) }

// configuredOn is configured on a page of any address.
func (h *handset) configuredOn(page string, change func(m obj)) obj {
	h.t.Helper()
	ticket := text(h.t, h.ok("/cgi-bin/ticket/getticket?type=jsapi", nil), "ticket")
	sum := sha1.Sum([]byte("jsapi_ticket=" + ticket + "&noncestr=N&timestamp=1700000000&url=" + page))
	args := obj{
		"appId": "wxdemo", "timestamp": 1700000000, "nonceStr": "N", "signature": hex.EncodeToString(sum[:]),
		"jsApiList": []string{"updateAppMessageShareData"},
	}
	m := obj{"api": "config", "url": page + "#part", "args": args}
	if change != nil {
		change(m)
	}
	return m
}

func (h *handset) bridge(call obj) string {
	h.t.Helper()
	body, err := json.Marshal(call)
	if err != nil {
		h.t.Fatal(err)
	}
	status, answer := h.do("/bridge", string(body))
	var got struct {
		ErrMsg string `json:"errMsg"`
	}
	if err := json.Unmarshal([]byte(answer), &got); err != nil || status != http.StatusOK {
		h.t.Fatalf("%d %s, %v", status, answer, err)
	}
	return got.ErrMsg
}

func shared(change func(m obj)) obj {
	args := obj{"title": "流量红包", "desc": "D", "link": "http://oa.example/share", "imgUrl": "http://oa.example/i.png"}
	m := obj{"api": "updateAppMessageShareData", "url": jsPage, "args": args}
	if change != nil {
		change(m)
	}
	return m
}

func argsOf(m obj) obj {
	args, _ := m["args"].(obj)
	return args
}

func TestAPageIsConfiguredAndShares(t *testing.T) {
	h, _ := newHandset(t, "x")
	if got := h.bridge(h.configured(nil)); got != "config:ok" {
		t.Fatal(got)
	}
	if got := h.bridge(shared(nil)); got != "updateAppMessageShareData:ok" {
		t.Fatal(got)
	}
	last := h.shop.last()
	if last.Kind != ledger.KindPage || last.OpenID != fan || last.Path != "jssdk/updateAppMessageShareData" || !strings.Contains(last.Content, "流量红包") {
		t.Errorf("ledger %+v", last)
	}
}

type wrongPage struct {
	rule, name string
	call       func(h *handset) obj
}

// wrongPages break one rule each.
func wrongPages() []wrongPage {
	config := func(rule, name string, change func(m obj)) wrongPage {
		return wrongPage{rule, name, func(h *handset) obj { return h.configured(change) }}
	}
	share := func(rule, name string, change func(m obj)) wrongPage {
		return wrongPage{rule, name, func(h *handset) obj { h.bridge(h.configured(nil)); return shared(change) }}
	}
	return []wrongPage{
		config("js-appid", "of another account", func(m obj) { argsOf(m)["appId"] = "wxother" }),
		config("js-appid", "none", func(m obj) { delete(argsOf(m), "appId") }),
		config("js-list", "none", func(m obj) { delete(argsOf(m), "jsApiList") }),
		config("js-list", "empty", func(m obj) { argsOf(m)["jsApiList"] = []string{} }),
		{"js-domain", "foreign", func(h *handset) obj { return h.configuredOn("http://evil.example/", nil) }},
		config("js-signature", "bad", func(m obj) { argsOf(m)["signature"] = strings.Repeat("0", 40) }),
		config("js-signature", "of another page", func(m obj) { m["url"] = "http://oa.example/other" }),
		config("js-signature", "of another nonce", func(m obj) { argsOf(m)["nonceStr"] = "M" }),
		share("js-denied", "not in jsApiList", func(m obj) { m["api"] = "updateTimelineShareData" }),
		share("js-denied", "another page", func(m obj) { m["url"] = "http://oa.example/other" }),
		share("js-function", "unknown", func(m obj) { m["api"] = "flyToTheMoon" }),
		share("js-share-fields", "no title", func(m obj) { delete(argsOf(m), "title") }),
		share("js-share-link", "foreign", func(m obj) { argsOf(m)["link"] = "http://evil.example/" }),
	}
}

// boundHandset is a phone of an account whose pages have one domain.
func boundHandset(t *testing.T) *handset {
	t.Helper()
	h, _ := newHandset(t, "x")
	a := demoAccount()
	a.RedirectHosts = []string{"oa.example"}
	if err := h.SetAccounts([]Account{a}); err != nil {
		t.Fatal(err)
	}
	return h
}

func TestWrongPages(t *testing.T) {
	named := map[string]bool{}
	for _, w := range wrongPages() {
		named[w.rule] = true
		t.Run(w.rule+"/"+w.name, func(t *testing.T) {
			h := boundHandset(t)
			call := w.call(h)
			got := h.bridge(call)
			if want := fmt.Sprint(call["api"]) + ":" + phone.RefusalOf(w.rule); got != want {
				t.Errorf("%q, want %q", got, want)
			}
			if last := h.shop.last(); last.Rule != w.rule || last.Effect != ledger.EffectRefused {
				t.Errorf("ledger %+v", last)
			}
		})
	}
	for _, rule := range phone.Rules() {
		if !named[rule] {
			t.Errorf("no wrong page for rule %s", rule)
		}
	}
}

// TestAPageRuleAloneRefusesItsPages: without any one other rule a wrong page is still
// refused, and without its own rule it is not.
func TestAPageRuleAloneRefusesItsPages(t *testing.T) {
	for _, w := range wrongPages() {
		t.Run(w.rule+"/"+w.name, func(t *testing.T) {
			h := boundHandset(t)
			call := w.call(h)
			want := fmt.Sprint(call["api"]) + ":" + phone.RefusalOf(w.rule)
			without := func(rule string) string {
				var err error
				if h.phones, err = phone.New(t.Context(), h.core, h.payments, h.life.background, []string{rule}); err != nil {
					t.Fatal(err)
				}
				return h.bridge(call)
			}
			for _, off := range phone.Rules() {
				if off == w.rule {
					continue // last: it lets the page in
				}
				if got := without(off); got != want {
					t.Errorf("without rule %s: %q, want %q", off, got, want)
				}
			}
			if got := without(w.rule); got == want {
				t.Errorf("still refused: %q", got)
			}
		})
	}
}
