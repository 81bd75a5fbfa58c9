package mockwechat

import (
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"

	"oalab/mockwechat/api"
	"oalab/mockwechat/platform"
)

// componentAccount is a third-party platform that nothing listens for.
func componentAccount(name string) Account {
	return Account{
		Name: name, AppID: "wx" + name, Secret: "c-secret", Token: "c-token", EncodingAESKey: "mNnY5GekpChwqhy2c4NBH90g3hND6GeI4gii2YCvKLY",
		CallbackURL: "http://127.0.0.1:1/", Component: platform.Component{MessageURL: "http://127.0.0.1:1/$APPID$/"},
	}
}

func (s *shop) codes() *platform.Tickets {
	return platform.Part[platform.Tickets](s.core.Named("comp"))
}

// gives lets the account demo give the third-party platform rights, and returns the authorisation code.
func (s *shop) gives(rights ...int) string {
	s.t.Helper()
	got, ok := s.core.Named("demo").Authorize(s.core, s.core.Named("comp"), s.codes().NewPreAuth(s.core), rights)
	if !ok {
		s.t.Fatal("the pre-authorisation code is not taken")
	}
	return got.Code
}

// asComponent calls as the third-party platform.
func (s *shop) asComponent(call func()) {
	account := s.account
	s.account = "comp"
	call()
	s.account = account
}

// lends is a token of the account demo with some rights.
func (s *shop) lends(rights ...int) string {
	s.t.Helper()
	code := s.gives(rights...)
	var info map[string]any
	s.asComponent(func() {
		m := s.ok("/cgi-bin/component/api_query_auth", componentBody(obj{"authorization_code": code}))
		info, _ = m["authorization_info"].(map[string]any)
	})
	return text(s.t, info, "authorizer_access_token")
}

// componentBody is the body of a call of the third-party platform.
func componentBody(change obj) obj {
	m := obj{"component_appid": "wxcomp"}
	maps.Copy(m, change)
	return m
}

// lentToken is where a third-party platform takes a code of another account.
const lentToken = "/sns/oauth2/component/access_token?grant_type=authorization_code&"

// wrongComponents are the wrong clients of third-party platforms.
func wrongComponents() []wrong {
	const family = "/cgi-bin/component/"
	token := func(change obj) func(*shop) (string, any) {
		return func(s *shop) (string, any) {
			m := obj{"component_appid": "wxcomp", "component_appsecret": "c-secret", "component_verify_ticket": s.codes().NewTicket(s.core)}
			maps.Copy(m, change)
			return "!" + family + "api_component_token", m
		}
	}
	given := func(s *shop) { s.gives(api.Rights()...) }
	about := func(change obj) obj {
		m := componentBody(obj{"authorizer_appid": "wxdemo"})
		maps.Copy(m, change)
		return m
	}
	return []wrong{
		{rule: "component-none", name: "an account's appid", make: token(obj{"component_appid": "wxdemo", "component_appsecret": "s3cret"})},
		{rule: "appid-missing", name: "no component_appid", make: token(obj{"component_appid": ""})},
		{rule: "appid-unknown", name: "unknown component_appid", make: token(obj{"component_appid": "wxno"})},
		{rule: "secret-missing", name: "no component_appsecret", make: token(obj{"component_appsecret": ""})},
		{rule: "secret-wrong", name: "guessed component_appsecret", make: token(obj{"component_appsecret": "guess"})},
		{rule: "secret-wrong", name: "tickets started with a guessed secret", path: "!" + family + "api_start_push_ticket", body: componentBody(obj{"component_secret": "guess"})},
		{rule: "component-ip", name: "third-party platform at an address that is not listed", make: token(obj{"component_appid": "wxguarded"})},
		{rule: "component-ticket", name: "invented ticket", make: token(obj{"component_verify_ticket": "ticket@@@x"})},
		{rule: "component-ticket-old", name: "ticket of 13 hours ago", make: func(s *shop) (string, any) {
			path, body := token(nil)(s)
			s.clock.advance(13 * day / 24)
			return path, body
		}},
		{rule: "component-plain", name: "third-party platform asks as an account", path: plainToken + "appid=wxcomp&secret=c-secret"},
		{rule: "component-plain", name: "third-party platform asks for a stable token", path: "!/cgi-bin/stable_token", body: obj{
			"grant_type": "client_credential", "appid": "wxcomp", "secret": "c-secret",
		}},
		{rule: "component-token", name: "an account's token for a third-party platform", path: family + "api_create_preauthcode", body: obj{"component_appid": "wxdemo"}},
		{rule: "account-token", name: "a third-party platform's token for an account", account: "comp", path: "/cgi-bin/user/get"},
		{rule: "component-other", name: "another third-party platform's appid", account: "comp", path: family + "api_create_preauthcode", body: obj{"component_appid": "wxguarded"}},
		{rule: "json", name: "code that is no JSON", account: "comp", path: family + "api_query_auth", body: "{"},
		{rule: "auth-code", name: "invented authorisation code", account: "comp", path: family + "api_query_auth", body: componentBody(obj{"authorization_code": "x"})},
		{rule: "auth-code-old", name: "authorisation code of two hours ago", account: "comp", make: func(s *shop) (string, any) {
			code := s.gives(1)
			s.clock.advance(2 * day / 24)
			return family + "api_query_auth", componentBody(obj{"authorization_code": code})
		}},
		{rule: "auth-code-used", name: "authorisation code again", account: "comp", make: func(s *shop) (string, any) {
			body := componentBody(obj{"authorization_code": s.gives(1)})
			s.ok(family+"api_query_auth", body)
			return family + "api_query_auth", body
		}},
		{rule: "authorizer", name: "authorisation code of an account that took its rights back", account: "comp", make: func(s *shop) (string, any) {
			code := s.gives(1)
			s.core.Named("demo").Unauthorize(s.core, "wxcomp")
			return family + "api_query_auth", componentBody(obj{"authorization_code": code})
		}},
		{rule: "authorizer", name: "account without rights", account: "comp", path: family + "api_get_authorizer_info", body: about(nil)},
		{rule: "authorizer", name: "account of another third-party platform", account: "comp", path: family + "api_get_authorizer_info", body: about(nil), before: func(s *shop) {
			guarded := s.core.Named("guarded")
			s.core.Named("demo").Authorize(s.core, guarded, platform.Part[platform.Tickets](guarded).NewPreAuth(s.core), []int{1})
		}},
		{rule: "component-refresh", name: "invented refresh token", account: "comp", path: family + "api_authorizer_token", body: about(obj{"authorizer_refresh_token": "x"}), before: given},
		{rule: "component-refresh", name: "refresh token from before the rights were given anew", account: "comp", make: func(s *shop) (string, any) {
			given(s)
			z, _ := s.core.Named("demo").Authorized()
			given(s)
			return family + "api_authorizer_token", about(obj{"authorizer_refresh_token": z.Refresh})
		}},
		{rule: "component-right", name: "menu without the right to menus", make: func(s *shop) (string, any) {
			return "!/cgi-bin/menu/create?access_token=" + s.lends(1, 2), menuOf(nil)
		}},
		{rule: "token-dead", name: "lent token after the rights were taken back", make: func(s *shop) (string, any) {
			lent := s.lends(2)
			s.core.Named("demo").Unauthorize(s.core, "wxcomp")
			return "!/cgi-bin/tags/get?access_token=" + lent, nil
		}},
		{rule: "component-other", name: "login for another third-party platform", account: "comp", path: lentToken + "component_appid=wxguarded&appid=wxdemo&code=x", before: given},
		{rule: "appid-missing", name: "login for no account", account: "comp", path: lentToken + "component_appid=wxcomp&code=x", before: given},
		{rule: "component-token", name: "login for another account with an account's token", path: lentToken + "component_appid=wxdemo&appid=wxother&code=x"},
		{rule: "component-right", name: "login without the right to pages", account: "comp", path: lentToken + "component_appid=wxcomp&appid=wxdemo&code=x", before: func(s *shop) { s.gives(1) }},
		{rule: "code-unknown", name: "an account's own code", account: "comp", before: given, make: func(s *shop) (string, any) {
			return lentToken + "component_appid=wxcomp&appid=wxdemo&code=" + s.core.Named("demo").NewCode(s.core, platform.Login{OpenID: fan, Scope: platform.ScopeBase}), nil
		}},
		{rule: "code-unknown", name: "a code for a third-party platform", make: func(s *shop) (string, any) {
			return webToken + s.core.Named("demo").NewCode(s.core, platform.Login{OpenID: fan, Scope: platform.ScopeBase, Component: "wxcomp"}), nil
		}},
		{rule: "refresh-unknown", name: "an account's own refresh token", account: "comp", before: given, make: func(s *shop) (string, any) {
			s.account = "demo"
			_, refresh := s.login(platform.ScopeBase)
			s.account = "comp"
			return "/sns/oauth2/component/refresh_token?grant_type=refresh_token&component_appid=wxcomp&appid=wxdemo&refresh_token=" + refresh, nil
		}},
		{rule: "component-other", name: "another third-party platform's quota", account: "comp", path: family + "clear_quota", body: obj{"component_appid": "wxguarded"}},
		{rule: "clear-month", name: "third-party platform's 11th in a month", account: "comp", path: family + "clear_quota", body: componentBody(nil), before: func(s *shop) {
			for range 10 {
				s.ok(family+"clear_quota", componentBody(nil))
			}
		}},
		{rule: "authorizer-page", name: "501 accounts", account: "comp", path: family + "api_get_authorizer_list", body: componentBody(obj{"offset": 0, "count": 501})},
		{rule: "authorizer-page", name: "page before the first", account: "comp", path: family + "api_get_authorizer_list", body: componentBody(obj{"offset": -1, "count": 1})},
		{rule: "option-name", name: "unknown option", account: "comp", path: family + "api_get_authorizer_option", body: about(obj{"option_name": "colour"}), before: given},
		{rule: "option-value", name: "value that the option cannot have", account: "comp", path: family + "api_set_authorizer_option", body: about(obj{"option_name": "voice_recognize", "option_value": "2"}), before: given},
	}
}

// componentState is what the platform shows of the rights and options of the account demo.
func (s *shop) componentState() map[string]string {
	s.t.Helper()
	all := map[string]string{}
	s.asComponent(func() {
		for path, body := range map[string]obj{
			"/cgi-bin/component/api_get_authorizer_list":   {"count": 10},
			"/cgi-bin/component/api_get_authorizer_option": {"authorizer_appid": "wxdemo", "option_name": "voice_recognize"},
		} {
			got := s.send(s.bearing(path), componentBody(body))
			all[path] = rid.ReplaceAllString(string(got.body), "")
		}
	})
	return all
}

// TestComponentStateShowsAChange as TestStateShowsAChange does.
func TestComponentStateShowsAChange(t *testing.T) {
	s := newShop(t, false)
	empty := s.componentState()
	s.gives(1)
	given := s.componentState()
	s.asComponent(func() {
		s.ok("/cgi-bin/component/api_set_authorizer_option", componentBody(obj{"authorizer_appid": "wxdemo", "option_name": "voice_recognize", "option_value": "1"}))
	})
	if set := s.componentState(); cmp.Equal(empty, given) || cmp.Equal(given, set) {
		t.Errorf("the state is the same: %v, %v, %v", empty, given, set)
	}
}
