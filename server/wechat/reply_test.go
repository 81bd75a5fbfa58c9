package wechat_test

import (
	"encoding/xml"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"oalab/server/wechat"
)

func asker() *wechat.Message {
	return &wechat.Message{To: account, From: openid, CreateTime: 1414387151, Type: "text", ID: "1", Body: &wechat.Text{}}
}

func TestMarshalReply(t *testing.T) {
	t.Parallel()
	const head = "<xml><ToUserName><![CDATA[" + openid + "]]></ToUserName><FromUserName><![CDATA[" + account +
		"]]></FromUserName><CreateTime>1414387152</CreateTime>"
	tests := []struct {
		name  string
		reply wechat.Reply
		want  string
	}{
		{"text", wechat.TextReply{Content: "两\n行 <a href=\"x\">链接</a> & 😀"}, "<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[两\n行 <a href=\"x\">链接</a> & 😀]]></Content>"},
		{"text with the end mark", wechat.TextReply{Content: "a]]>b"}, "<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[a]]]]><![CDATA[>b]]></Content>"},
		{"text with control characters", wechat.TextReply{Content: "a\x02b\x00\uffffc"}, "<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[abc]]></Content>"},
		{"image", wechat.ImageReply{MediaID: "m"}, "<MsgType><![CDATA[image]]></MsgType><Image><MediaId><![CDATA[m]]></MediaId></Image>"},
		{"voice", wechat.VoiceReply{MediaID: "m"}, "<MsgType><![CDATA[voice]]></MsgType><Voice><MediaId><![CDATA[m]]></MediaId></Voice>"},
		{"video", wechat.VideoReply{MediaID: "m", Title: "t"}, "<MsgType><![CDATA[video]]></MsgType><Video><MediaId><![CDATA[m]]></MediaId><Title><![CDATA[t]]></Title></Video>"},
		{
			"music",
			wechat.MusicReply{Title: "t", Description: "d", URL: "u", HQURL: "h", ThumbMediaID: "m"},
			"<MsgType><![CDATA[music]]></MsgType><Music><Title><![CDATA[t]]></Title><Description><![CDATA[d]]></Description><MusicUrl><![CDATA[u]]></MusicUrl>" +
				"<HQMusicUrl><![CDATA[h]]></HQMusicUrl><ThumbMediaId><![CDATA[m]]></ThumbMediaId></Music>",
		},
		{
			"news",
			wechat.NewsReply{Articles: []wechat.Article{{Title: "t", Description: "d", PicURL: "p", URL: "u"}}},
			"<MsgType><![CDATA[news]]></MsgType><ArticleCount>1</ArticleCount><Articles><item><Title><![CDATA[t]]></Title><Description><![CDATA[d]]></Description>" +
				"<PicUrl><![CDATA[p]]></PicUrl><Url><![CDATA[u]]></Url></item></Articles>",
		},
		{"any agent", wechat.TransferReply{}, "<MsgType><![CDATA[transfer_customer_service]]></MsgType>"},
		{"one agent", wechat.TransferReply{Agent: "a@gh"}, "<MsgType><![CDATA[transfer_customer_service]]></MsgType><TransInfo><KfAccount><![CDATA[a@gh]]></KfAccount></TransInfo>"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := wechat.MarshalReply(asker(), 1414387152, test.reply)
			if err != nil {
				t.Fatal(err)
			}
			if want := head + test.want + "</xml>"; string(got) != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

func TestMarshalReplyRefuses(t *testing.T) {
	t.Parallel()
	for name, reply := range map[string]wechat.Reply{
		"empty text":         wechat.TextReply{},
		"long text":          wechat.TextReply{Content: strings.Repeat("x", wechat.MaxTextBytes+1)},
		"image without id":   wechat.ImageReply{},
		"voice without id":   wechat.VoiceReply{},
		"video without id":   wechat.VideoReply{Title: "t"},
		"music without id":   wechat.MusicReply{URL: "u"},
		"news without entry": wechat.NewsReply{},
		"news without title": wechat.NewsReply{Articles: []wechat.Article{{URL: "u"}}},
		"news with nine":     wechat.NewsReply{Articles: make([]wechat.Article, 9)},
	} {
		if got, err := wechat.MarshalReply(asker(), 1, reply); !errors.Is(err, wechat.ErrReply) {
			t.Errorf("%s: got %s, %v", name, got, err)
		}
	}
	if _, err := wechat.MarshalReply(&wechat.Message{}, 1, wechat.TextReply{Content: "x"}); !errors.Is(err, wechat.ErrReply) {
		t.Errorf("reply to nobody: %v", err)
	}
}

func TestClipText(t *testing.T) {
	t.Parallel()
	if got := wechat.ClipText("短"); got != "短" {
		t.Errorf("a short text became %q", got)
	}
	exact := strings.Repeat("x", wechat.MaxTextBytes)
	if got := wechat.ClipText(exact); got != exact {
		t.Error("a text of exactly the limit was cut")
	}
	for _, text := range []string{strings.Repeat("流", 1000), strings.Repeat("😀", 600), "a" + strings.Repeat("😀", 600)} {
		got := wechat.ClipText(text)
		if len(got) > wechat.MaxTextBytes || len(got) < wechat.MaxTextBytes-8 || !utf8.ValidString(got) || !strings.HasSuffix(got, "…") {
			t.Errorf("clipped to %d bytes, valid %v", len(got), utf8.ValidString(got))
		}
	}
}

// TestClipTextCutsBetweenCharacters: what people see as one character is not cut.
func TestClipTextCutsBetweenCharacters(t *testing.T) {
	t.Parallel()
	if wechat.MaxTextBytes != 2047 {
		t.Errorf("the limit is %d bytes: some sources say that the platform refuses 2 048", wechat.MaxTextBytes)
	}
	for name, one := range map[string]string{
		"a family":         "👨\u200d👩\u200d👧\u200d👦",
		"a flag":           "🇨🇳",
		"an accent":        "e\u0301\u0323",
		"a keycap":         "1\ufe0f\u20e3",
		"a line break":     "\r\n",
		"a skin tone":      "👍🏽",
		"a character":      "流",
		"a Hangul block":   "\u1112\u1161\u11ab",
		"one of four byte": "𠮷",
	} {
		for pad := range len(one) {
			got := wechat.ClipText(strings.Repeat("x", pad) + strings.Repeat(one, 1100))
			body, marked := strings.CutSuffix(got, "…")
			if body = body[pad:]; !marked || len(got) > wechat.MaxTextBytes || len(got) < wechat.MaxTextBytes-len(one)-2 ||
				strings.ReplaceAll(body, one, "") != "" {
				t.Errorf("%s behind %d: %d bytes, ends with %q", name, pad, len(got), body[max(0, len(body)-40):])
			}
		}
	}
	for _, text := range []string{"a\xffb", strings.Repeat("\xed\xa0\x80", 900), "e" + strings.Repeat("\u0301", 1500)} {
		if got := wechat.ClipText(text); !utf8.ValidString(got) || len(got) > wechat.MaxTextBytes {
			t.Errorf("%d bytes, valid %t", len(got), utf8.ValidString(got))
		}
	}
}

// FuzzTextReply reads the reply with the standard library's own structs: no
// text can make a reply that says something else or is not XML.
func FuzzTextReply(f *testing.F) {
	for _, seed := range []string{"", "]]>", "]]]>", "]]\x01>", "a]]>b]]>", "<![CDATA[", "&lt;", "\xff", "😀", "\r\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content string) {
		body, err := wechat.MarshalReply(asker(), 1, wechat.TextReply{Content: content})
		if err != nil {
			if content != "" && len(content) <= wechat.MaxTextBytes {
				t.Fatal(err)
			}
			return
		}
		var got struct {
			Content string `xml:"Content"`
			MsgType string `xml:"MsgType"`
		}
		if err := xml.Unmarshal(body, &got); err != nil {
			t.Fatalf("%v in %q", err, body)
		}
		if utf8.ValidString(content) {
			want := strings.Map(func(r rune) rune {
				if r < 0x20 && !strings.ContainsRune("\t\n\r", r) || r == 0xFFFE || r == 0xFFFF {
					return -1
				}
				return r
			}, content)
			// XML readers turn a carriage return into a line break.
			want = strings.ReplaceAll(strings.ReplaceAll(want, "\r\n", "\n"), "\r", "\n")
			if got.Content != want {
				t.Fatalf("reader sees %q, want %q", got.Content, want)
			}
		}
		if got.MsgType != "text" {
			t.Fatalf("type became %q", got.MsgType)
		}
	})
}

func BenchmarkTextReply(b *testing.B) {
	m := asker()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := wechat.MarshalReply(m, 1414387151, wechat.TextReply{Content: "您本月剩余流量 1.2GB，有效期至月底。回复 CXYE 查询话费余额。"}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNewsReply(b *testing.B) {
	m := asker()
	reply := wechat.NewsReply{Articles: []wechat.Article{{Title: "流量包", Description: "优惠", PicURL: "http://p/1.png", URL: "http://p/1"}}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := wechat.MarshalReply(m, 1414387151, reply); err != nil {
			b.Fatal(err)
		}
	}
}
