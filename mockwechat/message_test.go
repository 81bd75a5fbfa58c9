package mockwechat

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
		if got := signature(test.token, test.timestamp, test.nonce); got != test.want {
			t.Errorf("signature(%s, %s, %s) = %s, want %s", test.token, test.timestamp, test.nonce, got, test.want)
		}
		// The order of the arguments does not count: they are sorted.
		if got := signature(test.nonce, test.token, test.timestamp); got != test.want {
			t.Errorf("sorted otherwise: %s, want %s", got, test.want)
		}
	}
}

func TestMessageXML(t *testing.T) {
	openID := crowd.OpenID(0)
	text := Message{OpenID: openID, MsgID: "7", Content: "流量 ]]> <&> 😀", CreateTime: 1700000000}
	if err := text.complete(1, func() string { return "no" }); err != nil {
		t.Fatal(err)
	}
	want := "<xml><ToUserName><![CDATA[gh_1]]></ToUserName>\n<FromUserName><![CDATA[" + openID + "]]></FromUserName>\n" +
		"<CreateTime>1700000000</CreateTime>\n<MsgType><![CDATA[text]]></MsgType>\n" +
		"<Content><![CDATA[流量 ]]]]><![CDATA[> <&> 😀]]></Content>\n<MsgId>7</MsgId>\n</xml>"
	got := string(text.appendXML(nil, "gh_1"))
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
		OpenID: crowd.OpenID(0), Event: "scancode_push", EventKey: "K",
		Fields: []Field{{Name: "ScanCodeInfo", Fields: []Field{{Name: "ScanType", Value: "qrcode"}, {Name: "ScanResult", Value: "1"}}}},
	}
	if err := m.complete(1700000000, nil); err != nil {
		t.Fatal(err)
	}
	if want := m.OpenID + "|1700000000|scancode_push|K"; m.MsgID != want || m.EventID() != want {
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
	if err := xml.Unmarshal(m.appendXML(nil, "gh_1"), &got); err != nil {
		t.Fatal(err)
	}
	want := read{MsgType: "event", Event: "scancode_push", EventKey: "K", CreateTime: 1700000000, ScanCodeInfo: scan{"qrcode", "1"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestIncompleteMessages(t *testing.T) {
	tests := []struct {
		name string
		m    Message
	}{
		{"nobody", Message{Content: "x"}},
		{"event without event", Message{OpenID: "o", MsgType: "event"}},
		{"field without name", Message{OpenID: "o", Fields: []Field{{Value: "x"}}}},
		{"field that breaks out", Message{OpenID: "o", Fields: []Field{{Name: "a><b"}}}},
		{"inner field that breaks out", Message{OpenID: "o", Fields: []Field{{Name: "a", Fields: []Field{{Name: "é"}}}}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if err := test.m.complete(1, func() string { return "1" }); !errors.Is(err, ErrMessage) {
				t.Errorf("error %v, want %v", err, ErrMessage)
			}
		})
	}
}

func TestGeneratedFollowers(t *testing.T) {
	f := Followers{Count: 1_000_000, Seed: 3}
	is := f.matcher()
	seen := map[string]bool{}
	for _, i := range []int{0, 1, 63, 64, 4095, 999_999} {
		id := f.OpenID(i)
		if !wellFormed(id) || !is(id) || seen[id] || f.OpenID(i) != id {
			t.Errorf("openid %d is %q: well formed %v, follows %v", i, id, wellFormed(id), is(id))
		}
		seen[id] = true
	}
	for _, id := range []string{f.OpenID(1_000_000), Followers{Count: 9, Seed: 4}.OpenID(1), "", "o", "o" + strings.Repeat("~", 27), "x" + f.OpenID(0)[1:]} {
		if is(id) {
			t.Errorf("%q follows, want a stranger", id)
		}
	}
	if id, ok := f.pick(uint64(f.Count) + 1); !ok || id != f.OpenID(1) {
		t.Errorf("pick %s, %v", id, ok)
	}
	list := Followers{List: []string{"a", "b"}}
	if !list.matcher()("b") || list.matcher()("c") {
		t.Error("a list says otherwise than it reads: " + strconv.Quote(strings.Join(list.List, " ")))
	}
}
