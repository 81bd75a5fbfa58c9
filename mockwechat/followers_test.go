package mockwechat

import (
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFollowersTagsAndBlackList(t *testing.T) {
	s := newShop(t, false)
	if u := s.ok("/cgi-bin/user/info?openid="+fan, nil); u["subscribe"] != 1.0 || u["openid"] != fan {
		t.Errorf("user %v", u)
	}
	s.leaves(crowd.OpenID(2))
	same(t, "one that has left", map[string]any{"subscribe": 0.0, "openid": crowd.OpenID(2)}, s.ok("/cgi-bin/user/info?openid="+crowd.OpenID(2), nil))
	id := s.tag("广东")
	s.ok("/cgi-bin/tags/update", obj{"tag": obj{"id": id, "name": "广州"}})
	s.ok("/cgi-bin/tags/members/batchtagging", obj{"openid_list": []string{fan, crowd.OpenID(3)}, "tagid": id})
	s.ok("/cgi-bin/tags/members/batchuntagging", obj{"openid_list": []string{crowd.OpenID(3)}, "tagid": id})
	s.ok("/cgi-bin/user/info/updateremark", obj{"openid": fan, "remark": "老客户"})
	u := s.ok("/cgi-bin/user/info/batchget", obj{"user_list": []obj{{"openid": fan, "lang": "zh_CN"}}})
	list, _ := u["user_info_list"].([]any)
	first, _ := list[0].(map[string]any)
	if first["remark"] != "老客户" || !cmp.Equal(first["tagid_list"], []any{float64(id)}) {
		t.Errorf("user %v", first)
	}
	same(t, "tags", map[string]any{"tags": []any{map[string]any{"id": float64(id), "name": "广州", "count": 1.0}}}, s.ok("/cgi-bin/tags/get", nil))
	same(t, "tags of one", map[string]any{"tagid_list": []any{float64(id)}}, s.ok("/cgi-bin/tags/getidlist", obj{"openid": fan}))
	same(t, "tagged", map[string]any{"count": 1.0, "next_openid": fan, "data": map[string]any{"openid": []any{fan}}}, s.ok("/cgi-bin/user/tag/get", obj{"tagid": id}))
	same(t, "past the end", map[string]any{"count": 0.0, "next_openid": ""}, s.ok("/cgi-bin/user/tag/get", obj{"tagid": id, "next_openid": fan}))
	s.ok("/cgi-bin/tags/delete", obj{"tag": obj{"id": strconv.Itoa(id)}}) // as PowerWeChat writes ids
	s.ok("/cgi-bin/tags/members/batchblacklist", obj{"openid_list": []string{fan}})
	black := s.ok("/cgi-bin/tags/members/getblacklist", obj{"begin_openid": ""})
	if black["total"] != 1.0 {
		t.Errorf("black list %v", black)
	}
	s.ok("/cgi-bin/tags/members/batchunblacklist", obj{"openid_list": []string{fan}})
	if black := s.ok("/cgi-bin/tags/members/getblacklist", obj{}); black["total"] != 0.0 {
		t.Errorf("black list %v", black)
	}
}

// TestNamesOfBothAges: since 2021-12-27 the calls about followers tell no names.
func TestNamesOfBothAges(t *testing.T) {
	s := newShop(t, false)
	list, _ := s.ok("/cgi-bin/user/info/batchget", obj{"user_list": []obj{{"openid": fan}}})["user_info_list"].([]any)
	today, _ := list[0].(map[string]any)
	if today["nickname"] != "" || today["headimgurl"] != "" || today["subscribe_time"] == 0.0 {
		t.Errorf("today %v", today)
	}
	accounts := shopAccounts()
	accounts[0].NamesShown = true
	if err := s.SetAccounts(accounts); err != nil {
		t.Fatal(err)
	}
	if u := s.ok("/cgi-bin/user/info?openid="+fan, nil); u["nickname"] == "" || u["headimgurl"] == "" {
		t.Errorf("before 2021-12-27 %v", u)
	}
}

func TestMenus(t *testing.T) {
	s := newShop(t, false)
	everyone := obj{"button": []obj{
		{"type": "click", "name": "查询", "key": "Q"},
		{"name": "更多", "sub_button": []obj{{"type": "view", "name": "营业厅", "url": "https://oa.example/"}, {"type": "scancode_push", "name": "扫一扫", "key": "S"}}},
	}}
	s.ok("/cgi-bin/menu/create", everyone)
	id := s.tag("VIP")
	made := s.ok("/cgi-bin/menu/addconditional", obj{"button": menuOf(obj{"name": "贵宾"})["button"], "matchrule": obj{"tag_id": id}})
	menuid := text(t, made, "menuid")
	name := func(openID string) string {
		m := s.ok("/cgi-bin/menu/trymatch", obj{"user_id": openID})
		bare, _ := m["button"].([]any)
		wrapped, _ := m["menu"].(map[string]any)
		if !cmp.Equal(m["button"], wrapped["button"]) { // sheet 0.3, rule 21
			t.Errorf("two forms: %v", m)
		}
		first, _ := bare[0].(map[string]any)
		return text(t, first, "name")
	}
	if got := name(fan); got != "查询" {
		t.Errorf("menu %s before the tag", got)
	}
	s.ok("/cgi-bin/tags/members/batchtagging", obj{"openid_list": []string{fan}, "tagid": id})
	if a, b := name(fan), name(crowd.OpenID(4)); a != "贵宾" || b != "查询" {
		t.Errorf("menus %s and %s", a, b)
	}
	got := s.ok("/cgi-bin/menu/get", nil)
	conditional, _ := got["conditionalmenu"].([]any)
	rule, _ := conditional[0].(map[string]any)
	if _, ok := rule["matchrule"].(map[string]any)["tag_id"].(string); !ok { // rule 8
		t.Errorf("matchrule %v is not in texts", rule["matchrule"])
	}
	if self := s.ok("/cgi-bin/get_current_selfmenu_info", nil); self["is_menu_open"] != 1.0 {
		t.Errorf("self menu %v", self)
	}
	s.ok("/cgi-bin/menu/delconditional", obj{"menuid": menuid})
	if got := name(fan); got != "查询" {
		t.Errorf("menu %s after it was deleted", got)
	}
	s.ok("/cgi-bin/menu/delete", nil)
	if m := s.ask("/cgi-bin/menu/get", nil); codeOf(m) != 46003 {
		t.Errorf("menu %v", m)
	}
}
