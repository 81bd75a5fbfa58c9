package mockwechat

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"oalab/mockwechat/api"
	"oalab/mockwechat/message"
	"oalab/mockwechat/platform"
)

// wrong is a client that breaks one rule of the platform (MOCKW-5).
type wrong struct {
	rule    string
	name    string
	account string      // empty: demo
	before  func(*shop) // what the client has done properly
	path    string      // begins with ! when no token is needed
	body    any         // nil: a GET
	make    func(*shop) (path string, body any)
}

type obj = map[string]any

var (
	fan      = crowd.OpenID(1)
	stranger = strangers.OpenID(1)
)

const (
	plainToken = "!/cgi-bin/token?grant_type=client_credential&"
	webToken   = "!/sns/oauth2/access_token?appid=wxdemo&secret=s3cret&grant_type=authorization_code&code="
)

func menuOf(change obj) obj {
	b := obj{"type": "click", "name": "查询", "key": "K"}
	maps.Copy(b, change)
	return obj{"button": []obj{b}}
}

func subMenuOf(change obj) obj {
	b := obj{"type": "click", "name": "查询", "key": "K"}
	maps.Copy(b, change)
	return obj{"button": []obj{{"name": "更多", "sub_button": []obj{b}}}}
}

func customText(content any) obj {
	return obj{"touser": fan, "msgtype": "text", "text": obj{"content": content}}
}

func massText(change obj) obj {
	m := obj{"filter": obj{"is_to_all": true}, "msgtype": "text", "text": obj{"content": "通知"}}
	maps.Copy(m, change)
	return m
}

func scene(action string, s obj, expire any) obj {
	m := obj{"action_name": action, "action_info": obj{"scene": s}}
	if expire != nil {
		m["expire_seconds"] = expire
	}
	return m
}

func article(change obj) obj {
	a := obj{"title": "标题", "content": "正文", "thumb_media_id": "none"}
	maps.Copy(a, change)
	return obj{"articles": []obj{a}}
}

// wrongClients are at least one for every rule in the mock's table of refusals.
func wrongClients() []wrong {
	template := func(change obj) obj {
		m := obj{"touser": fan, "template_id": DefaultTemplate, "data": obj{"first": obj{"value": "办理成功"}}}
		maps.Copy(m, change)
		return m
	}
	writes := func(s *shop) { s.writes(fan) }
	hasMenu := func(s *shop) { s.ok("/cgi-bin/menu/create", menuOf(nil)) }
	hasAgent := func(s *shop) { s.agent("kf1@demo") }
	list := slices.Concat([]wrong{
		{rule: "verb-post", name: "GET of a call that writes", path: "/cgi-bin/menu/create"},
		{rule: "body-empty", name: "empty body", path: "/cgi-bin/menu/create", body: " "},
		{rule: "token-dead", name: "token replaced long ago", make: func(s *shop) (string, any) {
			old, _, _ := s.core.Named("demo").PlainToken(s.core, s.core.Now())
			s.core.Named("demo").PlainToken(s.core, s.core.Now())
			s.clock.advance(6 * 60e9)
			return "!/cgi-bin/menu/get?access_token=" + old.Token, nil
		}, before: hasMenu},
		{rule: "api-unauthorized", name: "template of a subscription account", account: "sub", path: "/cgi-bin/message/template/send", body: template(nil)},
		{rule: "api-unauthorized", name: "QR code of a subscription account", account: "sub", path: "/cgi-bin/qrcode/create", body: scene("QR_SCENE", obj{"scene_id": 1}, 60)},
		{rule: "api-unauthorized", name: "menu of an account that is not verified", account: "bare", path: "/cgi-bin/menu/create", body: menuOf(nil)},
		{rule: "api-unauthorized", name: "followers of an account that is not verified", account: "bare", path: "/cgi-bin/user/get"},
		{rule: "api-unauthorized", name: "web login of a subscription account", account: "sub", path: "!/sns/oauth2/access_token?appid=wxsub&secret=s&grant_type=authorization_code&code=1"},
		{rule: "quota-day", name: "third call of two a day", account: "few", path: "/cgi-bin/user/get", before: func(s *shop) {
			s.ok("/cgi-bin/user/get", nil)
			s.ok("/cgi-bin/user/get", nil)
		}},
		{rule: "json", name: "menu that is no JSON", path: "/cgi-bin/menu/create", body: "{"},
	}, wrongTokens(), wrongComponents(), []wrong{
		// template messages
		{rule: "template-unknown", name: "another account's template", path: "/cgi-bin/message/template/send", body: template(obj{"template_id": "nope"})},
		{rule: "template-subscribe", name: "template to one that has left", path: "/cgi-bin/message/template/send", body: template(nil), before: func(s *shop) { s.leaves(fan) }},
		{rule: "template-data", name: "template without data", path: "/cgi-bin/message/template/send", body: template(obj{"data": obj{}})},
		{rule: "template-data", name: "template with an empty value", path: "/cgi-bin/message/template/send", body: template(obj{"data": obj{"a": obj{"value": " "}}})},
		{rule: "openid-foreign", name: "template to another account's follower", path: "/cgi-bin/message/template/send", body: template(obj{"touser": stranger})},
		{rule: "template-short", name: "number that is none of the library", path: "/cgi-bin/template/api_add_template", body: obj{"template_id_short": "绑定"}},
		{rule: "template-count", name: "26th template", path: "/cgi-bin/template/api_add_template", body: obj{"template_id_short": "TM00015"}, before: func(s *shop) {
			for range 24 {
				s.ok("/cgi-bin/template/api_add_template", obj{"template_id_short": "TM00015"})
			}
		}},
		{rule: "template-unknown", name: "delete of an unknown template", path: "/cgi-bin/template/del_private_template", body: obj{"template_id": "nope"}},
		{rule: "industry", name: "industry 42", path: "/cgi-bin/template/api_set_industry", body: obj{"industry_id1": "1", "industry_id2": "42"}},
		// customer-service messages
		{rule: "custom-type", name: "unknown type", path: "/cgi-bin/message/custom/send", body: obj{"touser": fan, "msgtype": "telepathy"}, before: writes},
		{rule: "custom-text-empty", name: "empty text", path: "/cgi-bin/message/custom/send", body: customText(" "), before: writes},
		{rule: "custom-text-size", name: "long text", path: "/cgi-bin/message/custom/send", body: customText(repeat("字", 700)), before: writes},
		{rule: "custom-news", name: "two articles", path: "/cgi-bin/message/custom/send", body: obj{"touser": fan, "msgtype": "news", "news": obj{"articles": []obj{{"title": "a"}, {"title": "b"}}}}, before: writes},
		{rule: "custom-media", name: "picture that was never uploaded", path: "/cgi-bin/message/custom/send", body: obj{"touser": fan, "msgtype": "image", "image": obj{"media_id": "m"}}, before: writes},
		{rule: "custom-args", name: "menu without entries", path: "/cgi-bin/message/custom/send", body: obj{"touser": fan, "msgtype": "msgmenu", "msgmenu": obj{"list": []obj{}}}, before: writes},
		{rule: "openid-foreign", name: "custom message to another account's follower", path: "/cgi-bin/message/custom/send", body: obj{"touser": stranger, "msgtype": "text", "text": obj{"content": "a"}}},
		{rule: "typing-command", name: "unknown command", path: "/cgi-bin/message/custom/typing", body: obj{"touser": fan, "command": "Singing"}, before: writes},
		{rule: "typing-idle", name: "typing without a talk", path: "/cgi-bin/message/custom/typing", body: obj{"touser": fan, "command": "Typing"}},
		{rule: "typing-already", name: "typing twice", path: "/cgi-bin/message/custom/typing", body: obj{"touser": fan, "command": "Typing"}, before: func(s *shop) {
			s.writes(fan)
			s.ok("/cgi-bin/message/custom/typing", obj{"touser": fan, "command": "Typing"})
		}},
		// menus
		{rule: "menu-buttons", name: "no button", path: "/cgi-bin/menu/create", body: obj{"button": []obj{}}},
		{rule: "menu-buttons", name: "four buttons", path: "/cgi-bin/menu/create", body: obj{"button": []obj{
			{"type": "click", "name": "1", "key": "1"}, {"type": "click", "name": "2", "key": "2"}, {"type": "click", "name": "3", "key": "3"}, {"type": "click", "name": "4", "key": "4"},
		}}},
		{rule: "menu-name", name: "long name", path: "/cgi-bin/menu/create", body: menuOf(obj{"name": "流量查询业务"})},
		{rule: "menu-type", name: "unknown type", path: "/cgi-bin/menu/create", body: menuOf(obj{"type": "tap"})},
		{rule: "menu-key", name: "click without key", path: "/cgi-bin/menu/create", body: menuOf(obj{"key": ""})},
		{rule: "menu-key", name: "long key", path: "/cgi-bin/menu/create", body: menuOf(obj{"key": repeat("k", 129)})},
		{rule: "menu-url", name: "view of no address", path: "/cgi-bin/menu/create", body: menuOf(obj{"type": "view", "url": "index.html"})},
		{rule: "menu-subs", name: "six entries", path: "/cgi-bin/menu/create", body: obj{"button": []obj{{"name": "更多", "sub_button": []obj{
			{"type": "click", "name": "1", "key": "1"},
			{"type": "click", "name": "2", "key": "2"},
			{"type": "click", "name": "3", "key": "3"},
			{"type": "click", "name": "4", "key": "4"},
			{"type": "click", "name": "5", "key": "5"},
			{"type": "click", "name": "6", "key": "6"},
		}}}}},
		{rule: "menu-sub-level", name: "third level", path: "/cgi-bin/menu/create", body: subMenuOf(obj{"sub_button": []obj{{"type": "click", "name": "a", "key": "a"}}})},
		{rule: "menu-sub-name", name: "long name below", path: "/cgi-bin/menu/create", body: subMenuOf(obj{"name": repeat("字", 21)})},
		{rule: "menu-sub-type", name: "unknown type below", path: "/cgi-bin/menu/create", body: subMenuOf(obj{"type": "tap"})},
		{rule: "menu-sub-key", name: "no key below", path: "/cgi-bin/menu/create", body: subMenuOf(obj{"key": ""})},
		{rule: "menu-sub-url", name: "mini program without page", path: "/cgi-bin/menu/create", body: subMenuOf(obj{"type": "miniprogram", "url": "http://a.cn"})},
		{rule: "menu-none", name: "get of no menu", path: "/cgi-bin/menu/get"},
		{rule: "menu-no-default", name: "conditional menu alone", path: "/cgi-bin/menu/addconditional", body: obj{"button": menuOf(nil)["button"], "matchrule": obj{"sex": "1"}}},
		{rule: "menu-rule-empty", name: "conditional menu for all", path: "/cgi-bin/menu/addconditional", body: obj{"button": menuOf(nil)["button"], "matchrule": obj{}}, before: hasMenu},
		{rule: "menu-id", name: "unknown conditional menu", path: "/cgi-bin/menu/delconditional", body: obj{"menuid": "7"}, before: hasMenu},
		{rule: "menu-user", name: "match of a stranger", path: "/cgi-bin/menu/trymatch", body: obj{"user_id": stranger}, before: hasMenu},
	}, wrongPeople(), wrongFiles(), []wrong{
		// QR codes and short keys
		{rule: "qr-action", name: "unknown action", path: "/cgi-bin/qrcode/create", body: scene("QR_MAGIC", obj{"scene_id": 1}, 60)},
		{rule: "qr-scene", name: "scene 0", path: "/cgi-bin/qrcode/create", body: scene("QR_SCENE", obj{"scene_id": 0}, 60)},
		{rule: "qr-scene", name: "permanent scene above 100 000", path: "/cgi-bin/qrcode/create", body: scene("QR_LIMIT_SCENE", obj{"scene_id": 100_001}, nil)},
		{rule: "qr-scene", name: "long scene", path: "/cgi-bin/qrcode/create", body: scene("QR_STR_SCENE", obj{"scene_str": repeat("a", 65)}, 60)},
		{rule: "qr-expire", name: "31 days", path: "/cgi-bin/qrcode/create", body: scene("QR_SCENE", obj{"scene_id": 1}, 2_678_400)},
		{rule: "short-data", name: "nothing to shorten", path: "/cgi-bin/shorten/gen", body: obj{"long_data": ""}},
		{rule: "short-data", name: "more than 4 KB", path: "/cgi-bin/shorten/gen", body: obj{"long_data": repeat("a", 4097)}},
		{rule: "short-expire", name: "31 days", path: "/cgi-bin/shorten/gen", body: obj{"long_data": "a", "expire_seconds": 2_678_400}},
		{rule: "short-key", name: "unknown key", path: "/cgi-bin/shorten/fetch", body: obj{"short_key": "none"}},
		// mass sending
		{rule: "mass-type", name: "unknown type", path: "/cgi-bin/message/mass/sendall", body: massText(obj{"msgtype": "telepathy"})},
		{rule: "mass-content", name: "empty text", path: "/cgi-bin/message/mass/sendall", body: massText(obj{"text": obj{"content": ""}})},
		{rule: "mass-media", name: "unknown article", path: "/cgi-bin/message/mass/sendall", body: massText(obj{"msgtype": "mpnews", "mpnews": obj{"media_id": "m"}})},
		{rule: "custom-args", name: "no card", path: "/cgi-bin/message/mass/sendall", body: massText(obj{"msgtype": "wxcard", "wxcard": obj{"card_id": ""}})},
		{rule: "mass-tag", name: "unknown tag", path: "/cgi-bin/message/mass/sendall", body: massText(obj{"filter": obj{"is_to_all": false, "tag_id": 777}})},
		{rule: "mass-openids", name: "one openid", path: "/cgi-bin/message/mass/send", body: obj{"touser": []string{fan}, "msgtype": "text", "text": obj{"content": "a"}}},
		{rule: "mass-quota", name: "fifth in a month", path: "/cgi-bin/message/mass/sendall", body: massText(nil), before: func(s *shop) {
			for range 4 {
				s.ok("/cgi-bin/message/mass/sendall", massText(nil))
			}
		}},
		{rule: "mass-quota", name: "second of a subscription account in a day", account: "sub", path: "/cgi-bin/message/mass/sendall", body: massText(nil), before: func(s *shop) {
			s.ok("/cgi-bin/message/mass/sendall", massText(nil))
		}},
		{rule: "mass-clientmsgid", name: "long clientmsgid", path: "/cgi-bin/message/mass/sendall", body: massText(obj{"clientmsgid": repeat("a", 65)})},
		{rule: "mass-repeat", name: "clientmsgid again", path: "/cgi-bin/message/mass/sendall", body: massText(obj{"clientmsgid": "c1"}), before: func(s *shop) {
			s.ok("/cgi-bin/message/mass/sendall", massText(obj{"clientmsgid": "c1"}))
		}},
		{rule: "mass-msg-id", name: "state of nothing", path: "/cgi-bin/message/mass/get", body: obj{"msg_id": 1}},
		{rule: "mass-speed", name: "speed 5", path: "/cgi-bin/message/mass/speed/set", body: obj{"speed": 5}},
		{rule: "openid-foreign", name: "preview for a stranger", path: "/cgi-bin/message/mass/preview", body: obj{"touser": stranger, "msgtype": "text", "text": obj{"content": "a"}}},
		// customer service
		{rule: "kf-account-form", name: "name without account", path: "/customservice/kfaccount/add", body: obj{"kf_account": "kf1", "nickname": "客服"}},
		{rule: "kf-nick", name: "long nickname", path: "/customservice/kfaccount/add", body: obj{"kf_account": "kf1@demo", "nickname": repeat("客", 17)}},
		{rule: "kf-exists", name: "same name again", path: "/customservice/kfaccount/add", body: obj{"kf_account": "kf1@demo", "nickname": "客服"}, before: hasAgent},
		{rule: "kf-count", name: "101st agent", path: "/customservice/kfaccount/add", body: obj{"kf_account": "more@demo", "nickname": "客服"}, before: func(s *shop) {
			for _, name := range numbered(100, "kf%d@demo") {
				s.agent(name)
			}
		}},
		{rule: "kf-account", name: "update of an unknown agent", path: "/customservice/kfaccount/update", body: obj{"kf_account": "no@demo", "nickname": "客服"}},
		{rule: "kf-account", name: "sessions of an unknown agent", path: "/customservice/kfsession/getsessionlist?kf_account=no@demo"},
		{rule: "kf-wx", name: "invitation without an agent", path: "/customservice/kfaccount/inviteworker", body: obj{"kf_account": "kf1@demo"}, before: hasAgent},
		{rule: "kf-session", name: "end of no session", path: "/customservice/kfsession/close", body: obj{"kf_account": "kf1@demo", "openid": fan}, before: hasAgent},
		{rule: "kf-other", name: "session of another agent", path: "/customservice/kfsession/create", body: obj{"kf_account": "kf2@demo", "openid": fan}, before: func(s *shop) {
			s.agent("kf1@demo")
			s.agent("kf2@demo")
			s.ok("/customservice/kfsession/create", obj{"kf_account": "kf1@demo", "openid": fan})
		}},
		{rule: "kf-records", name: "records from 0", path: "/customservice/msgrecord/getmsglist", body: obj{"starttime": 1, "endtime": 2, "msgid": 0, "number": 1}},
		{rule: "kf-span", name: "records of two days", path: "/customservice/msgrecord/getmsglist", body: obj{"starttime": 1, "endtime": 172_801, "msgid": 1, "number": 1}},
	})
	return append(list, wrong{rule: "verb-get", name: "DELETE of a call that reads", path: "/cgi-bin/menu/get", body: verb("DELETE"), before: hasMenu})
}

// verb is a body that stands for a call with another verb.
type verb string

// ready does what comes before the call, and returns that.
func (w wrong) ready(s *shop) (path string, body any) {
	if w.account != "" {
		s.account = w.account
	}
	if w.before != nil {
		w.before(s)
	}
	path, body = w.path, w.body
	if w.make != nil {
		path, body = w.make(s)
	}
	return s.bearing(path), body
}

// TestWrongClients: every wrong client is refused with the platform's code, over a real
// socket, and nothing is left of the call but its line in the ledger.
func TestWrongClients(t *testing.T) {
	clients := wrongClients()
	if len(clients) < 60 {
		t.Errorf("%d wrong clients, want at least 60", len(clients))
	}
	named := map[string]bool{}
	for _, w := range clients {
		named[w.rule] = true
		t.Run(w.rule+"/"+w.name, func(t *testing.T) {
			s := newShop(t, false)
			want, ok := api.RefusalOf(w.rule)
			if !ok {
				t.Fatalf("no rule is called %q", w.rule)
			}
			path, body := w.ready(s)
			got := s.ask("!"+path, body)
			if codeOf(got) != int(want) {
				t.Errorf("%v, want %d", got, want)
			}
			if words, _ := got["errmsg"].(string); strings.HasPrefix(words, "error ") {
				t.Errorf("code %d has no text of the platform", want)
			}
			if last := s.last(); last.Rule != w.rule || last.ErrCode != int(want) {
				t.Errorf("the ledger says rule %q, %d", last.Rule, last.ErrCode)
			}
		})
	}
	for _, rule := range api.Rules() {
		if !named[rule] {
			t.Errorf("no wrong client breaks %q", rule)
		}
	}
}

// TestARuleAloneRefusesItsClients: with a rule switched off, exactly the wrong clients that
// name it are no longer refused with its code.
func TestARuleAloneRefusesItsClients(t *testing.T) {
	for _, w := range wrongClients() {
		t.Run(w.rule+"/"+w.name, func(t *testing.T) {
			s := newShop(t, true)
			path, body := w.ready(s)
			want, _ := api.RefusalOf(w.rule)
			without := func(rule string) platform.Code {
				if w.rule != "quota-day" { // repeated calls must not use the quota up
					s.core.Named(s.account).ClearCalls()
				}
				lenient, err := api.New(t.Context(), s.core, func(*platform.Official, message.Message) {}, []string{rule})
				if err != nil {
					t.Fatal(err)
				}
				s.handler = lenient
				return platform.Code(codeOf(s.ask("!"+path, body)))
			}
			for _, off := range api.Rules() {
				if off == w.rule {
					continue // last: the call may be let in, and change what is there
				}
				if got := without(off); got != want {
					t.Errorf("without rule %s: code %d, want %d", off, got, want)
				}
			}
			if got := without(w.rule); got == want {
				t.Errorf("still refused with %d", got)
			}
		})
	}
}

// TestRulesAreThoseOfTheCode: the table names the rules that the code asks for, no more.
func TestRulesAreThoseOfTheCode(t *testing.T) {
	files, err := filepath.Glob("api/*.go")
	if err != nil {
		t.Fatal(err)
	}
	asked := map[string]bool{}
	literal := regexp.MustCompile(`"([a-z]+(?:-[a-z]+)*)"`)
	for _, name := range files {
		if strings.HasSuffix(name, "refusals.go") {
			continue
		}
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range literal.FindAllStringSubmatch(string(content), -1) {
			asked[m[1]] = true
		}
	}
	for _, rule := range api.Rules() {
		if !asked[rule] {
			t.Errorf("no code asks for rule %q", rule)
		}
	}
}
