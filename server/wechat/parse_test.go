package wechat_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"oalab/server/wechat"
)

const (
	openid  = "olPjZjsXuQPJoV0HlruZkNzKc91E"
	account = "gh_a96a4a619366"
)

// document writes a push the way the platform does: no line break after <xml>,
// one after every element.
func document(fields ...string) string {
	return "<xml><ToUserName><![CDATA[" + account + "]]></ToUserName>\n<FromUserName><![CDATA[" + openid +
		"]]></FromUserName>\n<CreateTime>1414387151</CreateTime>\n" + strings.Join(fields, "\n") + "\n</xml>"
}

func message(kind, fields string) string {
	return document("<MsgType><![CDATA["+kind+"]]></MsgType>", fields, "<MsgId>6074746557628292943</MsgId>")
}

func event(name, key, fields string) string {
	return document("<MsgType><![CDATA[event]]></MsgType>", "<Event><![CDATA["+name+"]]></Event>",
		"<EventKey><![CDATA["+key+"]]></EventKey>", fields)
}

func TestParseMessages(t *testing.T) {
	t.Parallel()
	tests := []struct {
		kind, fields string
		want         wechat.Body
		words        string
	}{
		{"text", "<Content><![CDATA[你好]]></Content>", &wechat.Text{Content: "你好"}, "你好"},
		{"text", "<Content>a &lt;b&gt; &amp;</Content><bizmsgmenuid>101</bizmsgmenuid>", &wechat.Text{Content: "a <b> &", MenuItem: "101"}, "a <b> &"},
		{"text", "<Content><![CDATA[x]]]]><![CDATA[>y]]></Content>", &wechat.Text{Content: "x]]>y"}, "x]]>y"},
		{"text", "<Content><![CDATA[a\x02b\x1d\x00c\uffff😀]]></Content>", &wechat.Text{Content: "abc😀"}, "abc😀"},
		{"text", "<Content></Content>", &wechat.Text{}, ""},
		{"image", "<PicUrl><![CDATA[http://p/1]]></PicUrl><MediaId><![CDATA[m1]]></MediaId>", &wechat.Image{PicURL: "http://p/1", MediaID: "m1"}, ""},
		{"voice", "<MediaId>m2</MediaId><Format>amr</Format><Recognition><![CDATA[查流量]]></Recognition>", &wechat.Voice{MediaID: "m2", Format: "amr", Recognition: "查流量"}, "查流量"},
		{"voice", "<MediaId>m2</MediaId><Format>speex</Format>", &wechat.Voice{MediaID: "m2", Format: "speex"}, ""},
		{"video", "<MediaId>m3</MediaId><ThumbMediaId>t3</ThumbMediaId>", &wechat.Video{MediaID: "m3", ThumbMediaID: "t3"}, ""},
		{"shortvideo", "<MediaId>m4</MediaId><ThumbMediaId>t4</ThumbMediaId>", &wechat.Video{MediaID: "m4", ThumbMediaID: "t4", Short: true}, ""},
		{
			"location", "<Location_X>23.134521</Location_X><Location_Y>113.358803</Location_Y><Scale>20</Scale><Label><![CDATA[位置]]></Label>",
			&wechat.Location{Latitude: 23.134521, Longitude: 113.358803, Scale: 20, Label: "位置"}, "",
		},
		{"link", "<Title>t</Title><Description>d</Description><Url>http://u</Url>", &wechat.Link{Title: "t", Description: "d", URL: "http://u"}, ""},
	}
	for _, test := range tests {
		t.Run(test.kind, func(t *testing.T) {
			t.Parallel()
			got, err := wechat.ParseMessage([]byte(message(test.kind, test.fields)))
			if err != nil {
				t.Fatal(err)
			}
			want := &wechat.Message{
				To: account, From: openid, CreateTime: 1414387151, Type: test.kind, ID: "6074746557628292943", Body: test.want,
			}
			if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(wechat.Message{}, "Extra")); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			if got.Key() != "6074746557628292943" {
				t.Errorf("Key = %q, want the MsgId", got.Key())
			}
			if got.Words() != test.words {
				t.Errorf("Words = %q, want %q", got.Words(), test.words)
			}
			if !got.AllowsReply() {
				t.Error("a message allows a reply")
			}
		})
	}
}

func TestParseEvents(t *testing.T) {
	t.Parallel()
	tests := []struct {
		event, key, fields string
		want               wechat.Body
		reply              bool
	}{
		{"subscribe", "", "", &wechat.Subscribe{}, true},
		{"subscribe", "qrscene_123", "<Ticket>T</Ticket>", &wechat.Subscribe{Scene: "123", Ticket: "T"}, true},
		{"subscribe", "last_trade_no_42", "", &wechat.Subscribe{}, true},
		{"unsubscribe", "", "", &wechat.Unsubscribe{}, false},
		{"SCAN", "scene-7", "<Ticket>T</Ticket>", &wechat.Scan{Scene: "scene-7", Ticket: "T"}, true},
		{"LOCATION", "", "<Latitude>23.1</Latitude><Longitude>113.3</Longitude><Precision>119.3</Precision>", &wechat.Position{Latitude: 23.1, Longitude: 113.3, Precision: 119.3}, false},
		{"CLICK", "Q_DATA", "", &wechat.Click{Key: "Q_DATA"}, true},
		{"VIEW", "http://x/?a=1|2", "<MenuId>5</MenuId>", &wechat.View{URL: "http://x/?a=1|2", MenuID: "5"}, false},
		{"view_miniprogram", "pages/a", "", &wechat.View{URL: "pages/a", MiniProgram: true}, false},
		{
			"scancode_push", "k", "<ScanCodeInfo><ScanType>qrcode</ScanType><ScanResult>1</ScanResult></ScanCodeInfo>",
			&wechat.MenuScan{Key: "k", ScanType: "qrcode", Result: "1"}, true,
		},
		{
			"scancode_waitmsg", "k", "<ScanCodeInfo><ScanType>barcode</ScanType><ScanResult>EAN_13,69</ScanResult></ScanCodeInfo>",
			&wechat.MenuScan{Key: "k", ScanType: "barcode", Result: "EAN_13,69", Wait: true}, true,
		},
		{
			"pic_sysphoto", "k", "<SendPicsInfo><Count>2</Count><PicList><item><PicMd5Sum>a</PicMd5Sum></item><item><PicMd5Sum>b</PicMd5Sum></item></PicList></SendPicsInfo>",
			&wechat.MenuPictures{Key: "k", Source: "pic_sysphoto", Count: 2, MD5Sums: []string{"a", "b"}}, false,
		},
		{"pic_photo_or_album", "k", "", &wechat.MenuPictures{Key: "k", Source: "pic_photo_or_album"}, false},
		{"pic_weixin", "k", "", &wechat.MenuPictures{Key: "k", Source: "pic_weixin"}, false},
		{
			"location_select", "k", "<SendLocationInfo><Location_X>23</Location_X><Location_Y>113</Location_Y><Scale>15</Scale><Label>l</Label><Poiname>p</Poiname></SendLocationInfo>",
			&wechat.MenuLocation{Key: "k", Location: wechat.Location{Latitude: 23, Longitude: 113, Scale: 15, Label: "l"}, POI: "p"}, false,
		},
		{"TEMPLATESENDJOBFINISH", "", "<MsgID>200163836</MsgID><Status>failed:user block</Status>", &wechat.TemplateSent{MsgID: "200163836", Status: "failed:user block"}, false},
		{
			"MASSSENDJOBFINISH", "",
			"<MsgID>1</MsgID><Status>send success</Status><TotalCount>10</TotalCount><FilterCount>9</FilterCount><SentCount>8</SentCount><ErrorCount>1</ErrorCount>" +
				"<CopyrightCheckResult><Count>1</Count><ResultList><item><ArticleIdx>1</ArticleIdx></item></ResultList><CheckState>2</CheckState></CopyrightCheckResult>" +
				"<ArticleUrlResult><Count>1</Count><ResultList><item><ArticleIdx>1</ArticleIdx><ArticleUrl>http://a</ArticleUrl></item></ResultList></ArticleUrlResult>",
			&wechat.MassSent{MsgID: "1", Status: "send success", Total: 10, Filtered: 9, Sent: 8, Error: 1, CopyrightState: 2, ArticleURLs: []string{"http://a"}}, false,
		},
		{"kf_create_session", "", "<KfAccount>a@x</KfAccount>", &wechat.AgentSession{Change: "create", Agent: "a@x"}, false},
		{"kf_close_session", "", "<KfAccount>a@x</KfAccount>", &wechat.AgentSession{Change: "close", Agent: "a@x"}, false},
		{"kf_switch_session", "", "<FromKfAccount>a@x</FromKfAccount><ToKfAccount>b@x</ToKfAccount>", &wechat.AgentSession{Change: "switch", Agent: "b@x", From: "a@x"}, false},
	}
	for _, test := range tests {
		t.Run(test.event+"/"+test.key, func(t *testing.T) {
			t.Parallel()
			got, err := wechat.ParseMessage([]byte(event(test.event, test.key, test.fields)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got.Body); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			if want := openid + "|1414387151|" + test.event + "|" + test.key; !strings.HasPrefix(got.Key(), want) || test.fields == "" && got.Key() != want {
				t.Errorf("Key = %q, want %q", got.Key(), want)
			}
			if got.AllowsReply() != test.reply {
				t.Errorf("AllowsReply = %v, want %v", got.AllowsReply(), test.reply)
			}
			if got.Words() != "" {
				t.Errorf("an event says nothing, got %q", got.Words())
			}
		})
	}
}

func TestUnknownTypesAreNotErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body, child, text string
		reply                   bool
	}{
		{"file message", message("file", "<FileKey>k</FileKey>"), "FileKey", "k", true},
		{"new event", event("brand_new_event", "", "<Thing><Inner>v</Inner></Thing>"), "Thing", "", true},
		{"published", event("PUBLISHJOBFINISH", "", "<PublishEventInfo><publish_id>1</publish_id></PublishEventInfo>"), "PublishEventInfo", "", false},
		{"subscription", event("subscribe_msg_sent_event", "", "<SubscribeMsgSentEvent/>"), "SubscribeMsgSentEvent", "", false},
		{"card", event("card_pass_check", "", "<CardId>c</CardId>"), "CardId", "c", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := wechat.ParseMessage([]byte(test.body))
			if err != nil {
				t.Fatal(err)
			}
			unknown, ok := got.Body.(*wechat.Unknown)
			if !ok {
				t.Fatalf("body is a %T", got.Body)
			}
			if unknown.Root.Child(test.child) == nil || unknown.Root.ChildText(test.child) != test.text {
				t.Errorf("%s = %q, want %q", test.child, unknown.Root.ChildText(test.child), test.text)
			}
			if got.AllowsReply() != test.reply {
				t.Errorf("AllowsReply = %v, want %v", got.AllowsReply(), test.reply)
			}
		})
	}
}

func TestUnknownMessageWithoutIDHasAKey(t *testing.T) {
	t.Parallel()
	got, err := wechat.ParseMessage([]byte(document("<MsgType>hologram</MsgType>")))
	if err != nil {
		t.Fatal(err)
	}
	if want := openid + "|1414387151|hologram|"; got.Key() != want {
		t.Errorf("Key = %q, want %q", got.Key(), want)
	}
}

// nested returns a document whose innermost element is depth deep.
func nested(depth int) string {
	return strings.Repeat("<xml>", depth) + strings.Repeat("</xml>", depth)
}

func hostile() map[string]struct {
	body string
	want error
} {
	type c = struct {
		body string
		want error
	}
	text := "<Content>x</Content>"
	return map[string]c{
		"nothing":               {"", wechat.ErrMalformed},
		"spaces":                {" \n", wechat.ErrMalformed},
		"JSON":                  {`{"ToUserName":"x"}`, wechat.ErrMalformed},
		"not closed":            {"<xml><ToUserName>", wechat.ErrMalformed},
		"closed crosswise":      {"<xml><a></xml></a>", wechat.ErrMalformed},
		"two roots":             {message("text", text) + "<xml/>", wechat.ErrMalformed},
		"other root":            {"<message/>", wechat.ErrMalformed},
		"text after":            {message("text", text) + "x", wechat.ErrMalformed},
		"unknown entity":        {message("text", "<Content>&who;</Content>"), wechat.ErrMalformed},
		"unknown encoding":      {`<?xml version="1.0" encoding="klingon"?>` + message("text", text), wechat.ErrMalformed},
		"lone ampersand":        {message("text", "<Content>R&D</Content>"), wechat.ErrMalformed},
		"DOCTYPE":               {`<!DOCTYPE xml [<!ENTITY a "b">]>` + message("text", "<Content>&a;</Content>"), wechat.ErrForbidden},
		"DOCTYPE inside":        {message("text", `<!DOCTYPE x>`+text), wechat.ErrForbidden},
		"instruction":           {message("text", `<?php x ?>`+text), wechat.ErrForbidden},
		"stylesheet":            {`<?xml-stylesheet href="x"?>` + message("text", text), wechat.ErrForbidden},
		"too deep":              {nested(9), wechat.ErrTooComplex},
		"very deep":             {nested(4000), wechat.ErrTooComplex},
		"too many elements":     {message("text", strings.Repeat("<a/>", 600)), wechat.ErrTooComplex},
		"huge text":             {message("text", "<Content>"+strings.Repeat("x", 17<<10)+"</Content>"), wechat.ErrTooLarge},
		"huge document":         {message("text", strings.Repeat(" ", 65<<10)), wechat.ErrTooLarge},
		"huge event key":        {event("VIEW", strings.Repeat("x", 3000), ""), wechat.ErrTooLarge},
		"empty root":            {"<xml/>", wechat.ErrField},
		"bar in the account":    {"<xml><ToUserName>a|b</ToUserName><FromUserName>a</FromUserName><CreateTime>1</CreateTime><MsgType>text</MsgType></xml>", wechat.ErrField},
		"no sender":             {"<xml><ToUserName>a</ToUserName><CreateTime>1</CreateTime><MsgType>text</MsgType></xml>", wechat.ErrField},
		"no type":               {document(text), wechat.ErrField},
		"two senders":           {message("text", "<FromUserName>oOther</FromUserName>"), wechat.ErrField},
		"two contents":          {message("text", text+text), wechat.ErrField},
		"time is a word":        {"<xml><CreateTime>soon</CreateTime></xml>", wechat.ErrField},
		"time is negative":      {"<xml><CreateTime>-1</CreateTime></xml>", wechat.ErrField},
		"id is a word":          {document("<MsgType>text</MsgType>", "<MsgId>abc</MsgId>"), wechat.ErrField},
		"id is too long":        {document("<MsgType>text</MsgType>", "<MsgId>"+strings.Repeat("1", 21)+"</MsgId>"), wechat.ErrField},
		"bar in the event":      {event("a|b", "", ""), wechat.ErrField},
		"event without name":    {document("<MsgType>event</MsgType>"), wechat.ErrField},
		"place is a word":       {message("location", "<Location_X>north</Location_X>"), wechat.ErrField},
		"place is not a number": {message("location", "<Location_X>NaN</Location_X>"), wechat.ErrField},
		"scale is a word":       {message("location", "<Scale>big</Scale>"), wechat.ErrField},
	}
}

func TestHostileInputIsRefused(t *testing.T) {
	t.Parallel()
	for name, test := range hostile() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := wechat.ParseMessage([]byte(test.body))
			if !errors.Is(err, test.want) {
				t.Errorf("got %+v, %v, want %v", got, err, test.want)
			}
		})
	}
}

func TestErrorsQuoteNothingOfTheInput(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		"<xml><Content>13800138000</Contant></xml>",
		message("text", "<Content>&13800138000;</Content>"),
		"<xml><CreateTime>13800138000x</CreateTime></xml>",
	} {
		_, err := wechat.ParseMessage([]byte(body))
		if err == nil || strings.Contains(err.Error(), "13800138000") {
			t.Errorf("error is %v", err)
		}
	}
}

func FuzzParseMessage(f *testing.F) {
	for _, test := range hostile() {
		f.Add([]byte(test.body))
	}
	f.Add([]byte(message("text", "<Content><![CDATA[x]]]]><![CDATA[>\x02y😀]]></Content>")))
	f.Add([]byte(message("location", "<Location_X>23.1</Location_X><Scale>2</Scale>")))
	f.Add([]byte(event("CLICK", "Q_DATA", "")))
	f.Add([]byte(event("MASSSENDJOBFINISH", "", "<ArticleUrlResult><ResultList><item><ArticleUrl>u</ArticleUrl></item></ResultList></ArticleUrlResult>")))
	f.Fuzz(func(t *testing.T, body []byte) {
		compareReaders(t, body)
		m, err := wechat.ParseMessage(body)
		if err != nil {
			if m != nil {
				t.Fatal("a message and an error")
			}
			return
		}
		if m.Body == nil || m.From == "" || m.CreateTime <= 0 || m.Key() == "" {
			t.Fatalf("incomplete message %+v", m)
		}
		if m.Words() == "" {
			return
		}
		// What can be read can be answered, and the answer can be read.
		reply, err := wechat.MarshalReply(m, m.CreateTime, wechat.TextReply{Content: wechat.ClipText(m.Words())})
		if err != nil {
			t.Fatal(err)
		}
		if m.To == "" {
			return
		}
		back, err := wechat.ParseMessage(reply)
		if err != nil {
			t.Fatalf("%v in reply %q", err, reply)
		}
		if back.From != m.To || back.To != m.From {
			t.Fatalf("reply goes from %s to %s", back.From, back.To)
		}
	})
}

func BenchmarkParseText(b *testing.B) {
	body := []byte(message("text", "<Content><![CDATA[我想查一下这个月的流量还剩多少]]></Content>"))
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if _, err := wechat.ParseMessage(body); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseClick(b *testing.B) {
	body := []byte(event("CLICK", "Q_DATA", ""))
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if _, err := wechat.ParseMessage(body); err != nil {
			b.Fatal(err)
		}
	}
}

func TestMessageWithoutTheAccountsOriginalID(t *testing.T) {
	t.Parallel()
	m, err := wechat.ParseMessage([]byte("<xml><FromUserName>a</FromUserName><CreateTime>1</CreateTime><MsgType>text</MsgType><Content>x</Content></xml>"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := wechat.MarshalReply(m, 1, wechat.TextReply{Content: "y"}); err != nil {
		t.Error(err)
	}
}
