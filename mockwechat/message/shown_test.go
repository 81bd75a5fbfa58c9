package message

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestShowReply(t *testing.T) {
	const head = "<xml><ToUserName>o</ToUserName><FromUserName>g</FromUserName><CreateTime>1</CreateTime><MsgType>"
	for reply, want := range map[string]Shown{
		"text</MsgType><Content><![CDATA[<b>]]></Content></xml>":                                               {Kind: "text", Text: "<b>"},
		"image</MsgType><Image><MediaId>M</MediaId></Image></xml>":                                             {Kind: "image", Media: "M"},
		"voice</MsgType><Voice><MediaId>M</MediaId></Voice></xml>":                                             {Kind: "voice", Media: "M"},
		"video</MsgType><Video><MediaId>M</MediaId><Title>T</Title></Video></xml>":                             {Kind: "video", Media: "M", Title: "T"},
		"music</MsgType><Music><ThumbMediaId>M</ThumbMediaId><MusicUrl>http://m</MusicUrl></Music></xml>":      {Kind: "music", URL: "http://m"},
		"transfer_customer_service</MsgType></xml>":                                                            {Kind: "notice", Text: "已转接人工客服"},
		"news</MsgType><ArticleCount>1</ArticleCount><Articles><item><Title>T</Title></item></Articles></xml>": {Kind: "news", Items: []Article{{Title: "T"}}},
	} {
		if _, err := ReadReply([]byte(head+reply), "o", "g"); err != nil {
			t.Fatal(err)
		}
		got, ok := ShowReply(head + reply)
		if diff := cmp.Diff(want, got); diff != "" || !ok {
			t.Errorf("%s: %v (-want +got)\n%s", reply, ok, diff)
		}
	}
	for _, reply := range []string{"", "success", head + "other</MsgType></xml>", head + "news</MsgType></xml>"} {
		if got, ok := ShowReply(reply); ok {
			t.Errorf("%q shows %+v", reply, got)
		}
	}
}

func TestAReportIsNotShown(t *testing.T) {
	m := Message{OpenID: "o", MsgType: "event", Event: "TEMPLATESENDJOBFINISH"}
	if got, ok := m.Show(); ok {
		t.Errorf("%+v", got)
	}
}
