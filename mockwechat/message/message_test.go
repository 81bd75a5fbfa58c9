package message

import (
	"encoding/xml"
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The vectors are public: the first from the platform's own documentation, the
// others from captures in the tests of open SDKs (sheet 1.8: O1, C1, C4).
func TestSignatureVectors(t *testing.T) {
	tests := []struct{ token, timestamp, nonce, want string }{
		{"AAAAA", "1714112445", "415670741", "6c5c811b55cc85e0e1b54100749188c20beb3f5d"},
		{"weixin", "1414387151", "917222494", "e3203b6433eb554dd2fcba78fa48cb948fcb4801"},
		{"weixin", "1570075722", "863153744", "330ed3b64e363dc876f35e54a79e59b48739f567"},
	}
	for _, test := range tests {
		if got := Signature(test.token, test.timestamp, test.nonce); got != test.want {
			t.Errorf("signature(%s, %s, %s) = %s, want %s", test.token, test.timestamp, test.nonce, got, test.want)
		}
		// The order of the arguments does not count: they are sorted.
		if got := Signature(test.nonce, test.token, test.timestamp); got != test.want {
			t.Errorf("sorted otherwise: %s, want %s", got, test.want)
		}
	}
}

func TestMessageXML(t *testing.T) {
	openID := replyTo
	text := Message{OpenID: openID, MsgID: "7", Content: "流量 ]]> <&> 😀", CreateTime: 1700000000}
	if err := text.Complete(1, func() string { return "no" }); err != nil {
		t.Fatal(err)
	}
	want := "<xml><ToUserName><![CDATA[gh_1]]></ToUserName>\n<FromUserName><![CDATA[" + openID + "]]></FromUserName>\n" +
		"<CreateTime>1700000000</CreateTime>\n<MsgType><![CDATA[text]]></MsgType>\n" +
		"<Content><![CDATA[流量 ]]]]><![CDATA[> <&> 😀]]></Content>\n<MsgId>7</MsgId>\n</xml>"
	got := string(text.AppendXML(nil, "gh_1"))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	var read struct {
		Content string
		MsgID   string `xml:"MsgId"`
	}
	if err := xml.Unmarshal([]byte(got), &read); err != nil || read.Content != text.Content || read.MsgID != "7" {
		t.Errorf("read back %+v, %v", read, err)
	}
}

func TestEventXML(t *testing.T) {
	m := Message{
		OpenID: replyTo, Event: "scancode_push", EventKey: "K",
		Fields: []Field{{Name: "ScanCodeInfo", Fields: []Field{{Name: "ScanType", Value: "qrcode"}, {Name: "ScanResult", Value: "1"}}}},
	}
	if err := m.Complete(1700000000, nil); err != nil {
		t.Fatal(err)
	}
	if want := m.OpenID + "|1700000000|scancode_push|K|qrcode|1"; m.MsgID != want || m.EventID() != want {
		t.Errorf("id %q, want %q", m.MsgID, want)
	}
	type scan struct{ ScanType, ScanResult string }
	type read struct {
		MsgType, Event, EventKey string
		MsgID                    string `xml:"MsgId"`
		CreateTime               int64
		ScanCodeInfo             scan
	}
	var got read
	if err := xml.Unmarshal(m.AppendXML(nil, "gh_1"), &got); err != nil {
		t.Fatal(err)
	}
	want := read{MsgType: "event", Event: "scancode_push", EventKey: "K", CreateTime: 1700000000, ScanCodeInfo: scan{"qrcode", "1"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestEventsAreToldApart: what two events of one follower and second differ in stands in
// their ids; the platform numbers its reports.
func TestEventsAreToldApart(t *testing.T) {
	next := 0
	id := func(m Message) string {
		m.OpenID, m.CreateTime = "oA", 1700000000
		if err := m.Complete(0, func() string { next++; return strconv.Itoa(900 + next) }); err != nil {
			t.Fatal(err)
		}
		return m.MsgID
	}
	of := func(event string, fields ...Field) Message { return Message{Event: event, Fields: fields} }
	in := func(outer, name, value string) Field {
		return Field{Name: outer, Fields: []Field{{Name: "List", Fields: []Field{{Name: name, Value: value}}}}}
	}
	for _, test := range []struct{ one, other Message }{
		{of("TEMPLATESENDJOBFINISH", Field{Name: "MsgID", Value: "1"}), of("TEMPLATESENDJOBFINISH", Field{Name: "MsgID", Value: "2"})},
		{Message{Event: "TEMPLATESENDJOBFINISH", MsgID: "1"}, Message{Event: "TEMPLATESENDJOBFINISH", MsgID: "2"}},
		{Message{Event: "MASSSENDJOBFINISH", MsgID: "1"}, Message{Event: "MASSSENDJOBFINISH", MsgID: "2"}},
		{of("user_get_card", Field{Name: "UserCardCode", Value: "1"}), of("user_get_card", Field{Name: "UserCardCode", Value: "2"})},
		{of("LOCATION", Field{Name: "Latitude", Value: "1"}), of("LOCATION", Field{Name: "Latitude", Value: "2"})},
		{of("kf_create_session", Field{Name: "KfAccount", Value: "a@x"}), of("kf_create_session", Field{Name: "KfAccount", Value: "b@x"})},
		{of("kf_create_session", Field{Name: "KfAccount", Value: "a@x"}), of("kf_close_session", Field{Name: "KfAccount", Value: "a@x"})},
		{
			of("kf_switch_session", Field{Name: "FromKfAccount", Value: "a"}, Field{Name: "ToKfAccount", Value: "b"}),
			of("kf_switch_session", Field{Name: "FromKfAccount", Value: "b"}, Field{Name: "ToKfAccount", Value: "a"}),
		},
		{Message{Event: "CLICK", EventKey: "A"}, Message{Event: "CLICK", EventKey: "B"}},
		{Message{Event: "CLICK", EventKey: "A"}, Message{Event: "VIEW", EventKey: "A"}},
		{Message{Event: "subscribe"}, Message{Event: "unsubscribe"}},
		{Message{Event: "subscribe"}, Message{Event: "subscribe", EventKey: "qrscene_1"}},
		{Message{Event: "subscribe", EventKey: "last_trade_no_1"}, Message{Event: "subscribe", EventKey: "last_trade_no_2"}},
		{Message{Event: "SCAN", EventKey: "1"}, Message{Event: "SCAN", EventKey: "2"}},
		{of("SCAN", Field{Name: "Ticket", Value: "1"}), of("SCAN", Field{Name: "Ticket", Value: "2"})},
		{of("view_miniprogram", Field{Name: "MenuId", Value: "1"}), of("view_miniprogram", Field{Name: "MenuId", Value: "2"})},
		{of("scancode_waitmsg", in("ScanCodeInfo", "ScanResult", "1")), of("scancode_waitmsg", in("ScanCodeInfo", "ScanResult", "2"))},
		{of("pic_weixin", in("SendPicsInfo", "PicMd5Sum", "1")), of("pic_weixin", in("SendPicsInfo", "PicMd5Sum", "2"))},
		{of("location_select", in("SendLocationInfo", "Label", "1")), of("location_select", in("SendLocationInfo", "Label", "2"))},
		{of("PUBLISHJOBFINISH", in("PublishEventInfo", "publish_id", "1")), of("PUBLISHJOBFINISH", in("PublishEventInfo", "publish_id", "2"))},
		{of("user_pay_from_pay_cell", Field{Name: "TransId", Value: "1"}), of("user_pay_from_pay_cell", Field{Name: "TransId", Value: "2"})},
		{of("subscribe_msg_popup_event", in("SubscribeMsgPopupEvent", "TemplateId", "1")), of("subscribe_msg_popup_event", in("SubscribeMsgPopupEvent", "TemplateId", "2"))},
		{of("subscribe_msg_sent_event", in("SubscribeMsgSentEvent", "MsgID", "1")), of("subscribe_msg_sent_event", in("SubscribeMsgSentEvent", "MsgID", "2"))},
		{of("user_authorization_revoke", Field{Name: "RevokeInfo", Value: "1"}), of("user_authorization_revoke", Field{Name: "RevokeInfo", Value: "2"})},
		// Bars and backslashes within values.
		{of("x", Field{Name: "A", Value: "a|"}, Field{Name: "B", Value: "b"}), of("x", Field{Name: "A", Value: "a"}, Field{Name: "B", Value: "|b"})},
		{of("x", Field{Name: "A", Value: `a\`}, Field{Name: "B", Value: "b"}), of("x", Field{Name: "A", Value: `a\|b`})},
		{Message{Event: "x", EventKey: "a|b"}, Message{Event: "x", EventKey: "a", Fields: []Field{{Name: "A", Value: "b"}}}},
		// Notices to a third-party platform.
		{Message{Info: "authorized", Fields: []Field{{Name: "AuthorizerAppid", Value: "a"}}}, Message{Info: "authorized", Fields: []Field{{Name: "AuthorizerAppid", Value: "b"}}}},
		{Message{Info: "authorized", Fields: []Field{{Name: "AuthorizerAppid", Value: "a"}}}, Message{Info: "unauthorized", Fields: []Field{{Name: "AuthorizerAppid", Value: "a"}}}},
		{Message{Info: "component_verify_ticket", Fields: []Field{{Name: "T", Value: "1"}}}, Message{Info: "component_verify_ticket", Fields: []Field{{Name: "T", Value: "2"}}}},
	} {
		if id(test.one) == id(test.other) {
			t.Errorf("%+v and %+v are both %s", test.one, test.other, id(test.one))
		}
		if first, again := id(test.one), id(test.one); first != again {
			t.Errorf("%+v is two events, %s and %s", test.one, first, again)
		}
	}
	secret := Message{Info: "component_verify_ticket", Fields: []Field{{Name: "ComponentVerifyTicket", Value: "ticket@@@secret"}}}
	if got := id(secret); strings.Contains(got, "secret") {
		t.Errorf("a notice shows its ticket in %s", got)
	}
	if a, b := id(of("MASSSENDJOBFINISH")), id(of("MASSSENDJOBFINISH")); a == b {
		t.Errorf("two reports without a number are both %s", a)
	}
	report := Message{OpenID: "oA", Event: "TEMPLATESENDJOBFINISH", MsgID: "77", CreateTime: 1}
	if err := report.Complete(0, nil); err != nil {
		t.Fatal(err)
	}
	if sent := string(report.AppendXML(nil, "gh_1")); !strings.Contains(sent, "<MsgID><![CDATA[77]]></MsgID>") || strings.Contains(sent, "<MsgId>") {
		t.Errorf("the number of a report is not in %s", sent)
	}
}

func TestIncompleteMessages(t *testing.T) {
	tests := []struct {
		name string
		m    Message
	}{
		{"no receiver", Message{Content: "x"}},
		{"event without event", Message{OpenID: "o", MsgType: "event"}},
		{"field without name", Message{OpenID: "o", Fields: []Field{{Value: "x"}}}},
		{"field that breaks out", Message{OpenID: "o", Fields: []Field{{Name: "a><b"}}}},
		{"inner field that breaks out", Message{OpenID: "o", Fields: []Field{{Name: "a", Fields: []Field{{Name: "é"}}}}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if err := test.m.Complete(1, func() string { return "1" }); !errors.Is(err, ErrMessage) {
				t.Errorf("error %v, want %v", err, ErrMessage)
			}
		})
	}
}
