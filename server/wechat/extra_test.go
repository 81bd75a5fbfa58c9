package wechat_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"oalab/server/wechat"
)

func parsed(t *testing.T, document string) *wechat.Message {
	t.Helper()
	m, err := wechat.ParseMessage([]byte(document))
	if err != nil {
		t.Fatalf("%s: %v", document, err)
	}
	return m
}

// TestKeysTellEventsApart: events of one follower, second and kind are one event only when
// they are equal in all that they say.
func TestKeysTellEventsApart(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, event, key string
		one, other       string // fields
		distinct         string // of one, when it is short
	}{
		{"template report", "TEMPLATESENDJOBFINISH", "", "<MsgID>200163836</MsgID><Status>success</Status>", "<MsgID>200163837</MsgID><Status>success</Status>", "200163836|success"},
		{"template status", "TEMPLATESENDJOBFINISH", "", "<MsgID>1</MsgID><Status>success</Status>", "<MsgID>1</MsgID><Status>failed: system failed</Status>", "1|success"},
		{"report with MsgId", "TEMPLATESENDJOBFINISH", "", "<MsgId>1</MsgId><Status>success</Status>", "<MsgId>2</MsgId><Status>success</Status>", "1|success"},
		{"mass report", "MASSSENDJOBFINISH", "", "<MsgID>1</MsgID><Status>send success</Status><SentCount>5</SentCount>", "<MsgID>2</MsgID><Status>send success</Status><SentCount>5</SentCount>", "1|send success|5"},
		{"card", "user_get_card", "", "<CardId>p1</CardId><UserCardCode>12312312</UserCardCode>", "<CardId>p1</CardId><UserCardCode>12312313</UserCardCode>", "p1|12312312"},
		{"scan result", "scancode_waitmsg", "k", "<ScanCodeInfo><ScanType>barcode</ScanType><ScanResult>EAN_13,1</ScanResult></ScanCodeInfo>", "<ScanCodeInfo><ScanType>barcode</ScanType><ScanResult>EAN_13,2</ScanResult></ScanCodeInfo>", "barcode|EAN_13,1"},
		{"position", "LOCATION", "", "<Latitude>23.1</Latitude><Longitude>113.3</Longitude><Precision>119</Precision>", "<Latitude>23.2</Latitude><Longitude>113.3</Longitude><Precision>119</Precision>", "23.1|113.3|119"},
		{"agent", "kf_create_session", "", "<KfAccount>a@x</KfAccount>", "<KfAccount>b@x</KfAccount>", "a@x"},
		{"switch", "kf_switch_session", "", "<FromKfAccount>a@x</FromKfAccount><ToKfAccount>b@x</ToKfAccount>", "<FromKfAccount>b@x</FromKfAccount><ToKfAccount>a@x</ToKfAccount>", "a@x|b@x"},
		{"ticket", "SCAN", "7", "<Ticket>T1</Ticket>", "<Ticket>T2</Ticket>", "T1"},
		{"menu", "VIEW", "http://x", "<MenuId>1</MenuId>", "<MenuId>2</MenuId>", "1"},
		{"pictures", "pic_weixin", "k", "<SendPicsInfo><Count>1</Count><PicList><item><PicMd5Sum>a</PicMd5Sum></item></PicList></SendPicsInfo>", "<SendPicsInfo><Count>1</Count><PicList><item><PicMd5Sum>b</PicMd5Sum></item></PicList></SendPicsInfo>", "1|a"},
		{"subscription", "subscribe_msg_sent_event", "", "<SubscribeMsgSentEvent><List><MsgID>1</MsgID></List></SubscribeMsgSentEvent>", "<SubscribeMsgSentEvent><List><MsgID>2</MsgID></List></SubscribeMsgSentEvent>", "1"},
		{"never heard of", "brand_new_event", "", "<Thing>1</Thing>", "<Thing>2</Thing>", "1"},
		{"long", "brand_new_event", "", "<Thing>" + strings.Repeat("a", 100) + "1</Thing>", "<Thing>" + strings.Repeat("a", 100) + "2</Thing>", ""},
		{"characters", "location_select", "", "<SendLocationInfo><Label>广州</Label></SendLocationInfo>", "<SendLocationInfo><Label>深圳</Label></SendLocationInfo>", ""},
		{"scene", "SCAN", "7", "", "<Ticket>T2</Ticket>", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			one, again, other := parsed(t, event(test.event, test.key, test.one)), parsed(t, event(test.event, test.key, test.one)), parsed(t, event(test.event, test.key, test.other))
			if one.Key() == other.Key() {
				t.Errorf("two events are one: %s", one.Key())
			}
			if one.Key() != again.Key() {
				t.Errorf("one event is two: %s and %s", one.Key(), again.Key())
			}
			if test.distinct != "" && one.Distinct != test.distinct {
				t.Errorf("Distinct = %q, want %q", one.Distinct, test.distinct)
			}
			if len(one.Distinct) > 64 {
				t.Errorf("Distinct has %d bytes", len(one.Distinct))
			}
		})
	}
	// A message without an id of its own is told apart by what it says, too.
	noID := func(content string) string {
		return strings.NewReplacer("<MsgId>6074746557628292943</MsgId>", "").Replace(message("text", "<Content>"+content+"</Content>"))
	}
	if a, b := parsed(t, noID("a")), parsed(t, noID("b")); a.ID != "" || a.Key() == b.Key() || a.Key() != parsed(t, noID("a")).Key() {
		t.Errorf("%q and %q", a.Key(), b.Key())
	}
}

func TestAppendJSON(t *testing.T) {
	t.Parallel()
	m := parsed(t, event("pic_weixin", "k", "<A>1 &lt; &amp; \"2\"</A><L><item><X>a</X></item><item><X>b</X></item></L><N></N>"))
	const want = `{"A":"1 < & \"2\"","L":{"item":[{"X":"a"},{"X":"b"}]},"N":""}`
	if diff := cmp.Diff(want, string(wechat.AppendJSON(nil, m.Extra))); diff != "" {
		t.Error(diff)
	}
}
