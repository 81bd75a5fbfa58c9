package mockwechat

import (
	"fmt"
	"testing"
)

func TestCustomerServiceDesk(t *testing.T) {
	s := newShop(t, false)
	s.agent("kf1@demo")
	same(t, "no agent online", map[string]any{"kf_online_list": []any{}}, s.ok("/customservice/getonlinekflist", nil))
	s.ok("/customservice/kfaccount/update", obj{"kf_account": "kf1@demo", "nickname": "小王"})
	s.ok("/customservice/kfaccount/inviteworker", obj{"kf_account": "kf1@demo", "invite_wx": "wang"})
	s.ok("/customservice/kfaccount/uploadheadimg?kf_account=kf1@demo", upload{field: "media", name: "a.jpg", content: "x"})
	list, _ := s.ok("/cgi-bin/customservice/getkflist", nil)["kf_list"].([]any)
	one, _ := list[0].(map[string]any)
	if one["kf_nick"] != "小王" || one["kf_id"] != 1001.0 || one["kf_wx"] != "wang" {
		t.Errorf("agent %v", one)
	}
	s.writes(fan)
	s.core.Named("demo").Transferred(fan, s.core.Now())
	if m := s.ok("/customservice/kfsession/getwaitcase", nil); m["count"] != 1.0 {
		t.Errorf("waiting %v", m)
	}
	s.ok("/customservice/kfsession/create", obj{"kf_account": "kf1@demo", "openid": fan, "text": "您好"})
	if m := s.ok("/customservice/kfsession/getsession?openid="+fan, nil); m["kf_account"] != "kf1@demo" {
		t.Errorf("session %v", m)
	}
	if m := s.ok("/customservice/kfsession/getwaitcase", nil); m["count"] != 0.0 {
		t.Errorf("waiting %v", m)
	}
	if m := s.ok("/customservice/kfsession/getsessionlist?kf_account=kf1@demo", nil); len(m["sessionlist"].([]any)) != 1 {
		t.Errorf("sessions %v", m)
	}
	s.ok("/customservice/kfsession/close", obj{"kf_account": "kf1@demo", "openid": fan})
	if m := s.ok("/customservice/kfsession/getsession?openid="+fan, nil); m["kf_account"] != "" {
		t.Errorf("session %v", m)
	}
	now := s.core.Now().Unix()
	records := s.ok("/customservice/msgrecord/getmsglist", obj{"starttime": now - 60, "endtime": now + 60, "msgid": 1, "number": 10})
	if records["number"] != 1.0 || records["msgid"] != 2.0 {
		t.Errorf("records %v", records)
	}
	if rest := s.ok("/customservice/msgrecord/getmsglist", obj{"starttime": now - 60, "endtime": now + 60, "msgid": 2, "number": 10}); len(rest["recordlist"].([]any)) != 0 {
		t.Errorf("records %v", rest)
	}
	s.ok("/customservice/kfaccount/del?kf_account=kf1@demo", nil)
	same(t, "no agent", map[string]any{"kf_list": []any{}}, s.ok("/cgi-bin/customservice/getkflist", nil))
}

// TestATransferredMessageWaits: a follower whose message the back end hands to customer service
// waits for an agent.
func TestATransferredMessageWaits(t *testing.T) {
	s := newShop(t, false)
	reply := "<xml><ToUserName>" + fan + "</ToUserName><FromUserName>" + demoAccount().OriginalID + "</FromUserName><CreateTime>1</CreateTime><MsgType>%s</MsgType>%s</xml>"
	for _, test := range []struct {
		kind, rest string
		waiting    float64
	}{
		{"text", "<Content>a</Content>", 0},
		{"transfer_customer_service", "", 1},
	} {
		pu, err := s.Pusher("demo", PusherConfig{CallbackURL: "http://server/", Transport: answering{fmt.Sprintf(reply, test.kind, test.rest)}, Record: discard})
		if err != nil {
			t.Fatal(err)
		}
		if o, err := pu.Push(t.Context(), Message{OpenID: fan, Content: "人工"}); err != nil || !o.OK {
			t.Fatalf("%s: %+v, %v", test.kind, o, err)
		}
		pu.Close()
		if m := s.ok("/customservice/kfsession/getwaitcase", nil); m["count"] != test.waiting {
			t.Errorf("%s: waiting %v", test.kind, m)
		}
	}
}
