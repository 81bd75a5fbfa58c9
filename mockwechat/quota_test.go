package mockwechat

import (
	"testing"
	"time"
)

func TestShortKeysAndQuotas(t *testing.T) {
	s := newShop(t, false)
	key := text(t, s.ok("/cgi-bin/shorten/gen", obj{"long_data": "https://oa.example/活动", "expire_seconds": 60}), "short_key")
	if m := s.ok("/cgi-bin/shorten/fetch", obj{"short_key": key}); m["long_data"] != "https://oa.example/活动" || m["expire_seconds"] != 60.0 {
		t.Errorf("fetched %v", m)
	}
	s.ok("/cgi-bin/user/get", nil)
	quota := func() any {
		return s.ok("/cgi-bin/openapi/quota/get", obj{"cgi_path": "/cgi-bin/user/get"})["quota"]
	}
	same(t, "quota", any(map[string]any{"daily_limit": 500.0, "used": 1.0, "remain": 499.0}), quota())
	s.ok("/cgi-bin/clear_quota", obj{"appid": "wxdemo"})
	same(t, "cleared", any(map[string]any{"daily_limit": 500.0, "used": 0.0, "remain": 500.0}), quota())
	s.ok("!/cgi-bin/clear_quota/v2", "appid=wxdemo&appsecret=s3cret")
	for _, path := range []string{"/cgi-bin/getcallbackip", "/cgi-bin/get_api_domain_ip"} {
		if m := s.ok(path, nil); m["ip_list"] == nil {
			t.Errorf("%s: %v", path, m)
		}
	}
	if m := s.ok("/cgi-bin/callback/check", obj{"action": "all", "check_operator": "DEFAULT"}); m["dns"] == nil || m["ping"] == nil {
		t.Errorf("check %v", m)
	}
	s.clock.advance(time.Minute)
	if m := s.ask("/cgi-bin/shorten/fetch", obj{"short_key": key}); codeOf(m) != 40097 {
		t.Errorf("a key after its end: %v", m)
	}
}

func TestAResetForgetsEveryFamily(t *testing.T) {
	s := newShop(t, false)
	s.ok("/cgi-bin/menu/create", menuOf(nil))
	s.tag("a")
	s.agent("kf1@demo")
	if err := s.SetAccounts(shopAccounts()); err != nil {
		t.Fatal(err)
	}
	s.ok("/cgi-bin/menu/get", nil) // the same account under the same configuration
	if err := s.Reset(); err != nil {
		t.Fatal(err)
	}
	if m := s.ask("/cgi-bin/menu/get", nil); codeOf(m) != 46003 {
		t.Errorf("menu %v", m)
	}
	same(t, "tags", map[string]any{"tags": []any{}}, s.ok("/cgi-bin/tags/get", nil))
	same(t, "agents", map[string]any{"kf_list": []any{}}, s.ok("/customservice/getkflist", nil))
}
