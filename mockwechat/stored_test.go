package mockwechat

import (
	"maps"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// rid is what differs between two equal errors.
var rid = regexp.MustCompile(` rid: [0-9a-f-]+`)

// state is what the platform shows of the account over the socket, by call.
func (s *shop) state() map[string]string {
	s.t.Helper()
	now := s.core.Now().Unix()
	all := map[string]string{}
	for _, read := range []struct {
		path string
		body any
	}{
		{"/cgi-bin/menu/get", nil},
		{"/cgi-bin/get_current_selfmenu_info", nil},
		{"/cgi-bin/tags/get", nil},
		{"/cgi-bin/tags/getidlist", obj{"openid": fan}},
		{"/cgi-bin/user/info?openid=" + fan, nil},
		{"/cgi-bin/tags/members/getblacklist", obj{"begin_openid": ""}},
		{"/cgi-bin/template/get_industry", nil},
		{"/cgi-bin/template/get_all_private_template", nil},
		{"/cgi-bin/material/get_materialcount", nil},
		{"/cgi-bin/material/batchget_material", obj{"type": "image", "offset": 0, "count": 20}},
		{"/cgi-bin/draft/count", nil},
		{"/cgi-bin/message/mass/speed/get", obj{}},
		{"/cgi-bin/customservice/getkflist", nil},
		{"/customservice/kfsession/getsession?openid=" + fan, nil},
		{"/customservice/kfsession/getwaitcase", nil},
		{"/customservice/msgrecord/getmsglist", obj{"starttime": now - 3600, "endtime": now + 3600, "msgid": 1, "number": 1000}},
	} {
		got := s.send(s.bearing(read.path), read.body)
		all[read.path] = rid.ReplaceAllString(string(got.body), "")
	}
	maps.Copy(all, s.componentState())
	return all
}

// TestRefusedCallsStoreNothing: what the platform shows is the same before and after the
// call of every wrong client, over a real socket (MOCKW-5).
func TestRefusedCallsStoreNothing(t *testing.T) {
	for _, w := range wrongClients() {
		t.Run(w.rule+"/"+w.name, func(t *testing.T) {
			s := newShop(t, false)
			path, body := w.ready(s)
			before := s.state()
			if got := s.ask("!"+path, body); codeOf(got) == 0 {
				t.Fatalf("not refused: %v", got)
			}
			if diff := cmp.Diff(before, s.state()); diff != "" {
				t.Errorf("the refused call has changed (-before +after)\n%s", diff)
			}
		})
	}
}

// TestStateShowsAChange: each call that writes shows in what TestRefusedCallsStoreNothing
// compares. Otherwise that test could not fail.
func TestStateShowsAChange(t *testing.T) {
	for name, write := range map[string]func(*shop){
		"menu":     func(s *shop) { s.ok("/cgi-bin/menu/create", menuOf(nil)) },
		"tag":      func(s *shop) { s.tag("a") },
		"remark":   func(s *shop) { s.ok("/cgi-bin/user/info/updateremark", obj{"openid": fan, "remark": "a"}) },
		"black":    func(s *shop) { s.ok("/cgi-bin/tags/members/batchblacklist", obj{"openid_list": []string{fan}}) },
		"template": func(s *shop) { s.ok("/cgi-bin/template/api_add_template", obj{"template_id_short": "TM00015"}) },
		"material": func(s *shop) { s.material() },
		"agent":    func(s *shop) { s.agent("kf1@demo") },
		"speed":    func(s *shop) { s.ok("/cgi-bin/message/mass/speed/set", obj{"speed": 2}) },
		"industry": func(s *shop) {
			s.ok("/cgi-bin/template/api_set_industry", obj{"industry_id1": "1", "industry_id2": "4"})
		},
		"draft": func(s *shop) { s.ok("/cgi-bin/draft/add", article(obj{"thumb_media_id": s.material()})) },
		"session": func(s *shop) {
			s.agent("kf1@demo")
			s.ok("/customservice/kfsession/create", obj{"kf_account": "kf1@demo", "openid": fan})
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t, false)
			before := s.state()
			write(s)
			if cmp.Equal(before, s.state()) {
				t.Error("the state is the same")
			}
		})
	}
}
