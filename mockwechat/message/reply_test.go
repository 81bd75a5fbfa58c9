package message

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	replyTo   = "oAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	replyFrom = "gh_0123456789ab"
	replyHead = "<ToUserName><![CDATA[" + replyTo + "]]></ToUserName><FromUserName><![CDATA[" + replyFrom +
		"]]></FromUserName><CreateTime>1700000000</CreateTime>"
)

func textReply(content string) string {
	return "<xml>" + replyHead + "<MsgType><![CDATA[text]]></MsgType><Content>" + content + "</Content></xml>"
}

func newsReply(count string, items int) string {
	return "<xml>" + replyHead + "<MsgType>news</MsgType><Articles>" +
		strings.Repeat("<item><Title>a</Title><Description>b</Description><Url>http://c</Url></item>", items) +
		"</Articles><ArticleCount>" + count + "</ArticleCount></xml>"
}

func kindReply(msgType, rest string) string {
	return "<xml>" + replyHead + "<MsgType>" + msgType + "</MsgType>" + rest + "</xml>"
}

func TestReadReplyAccepts(t *testing.T) {
	tests := []struct {
		name string
		body string
		want Reply // Plain is the body unless it says otherwise
	}{
		{"success", "success", Reply{Plain: "success"}},
		{"success with white space", " success\r\n", Reply{Plain: "success"}},
		{"nothing", "", Reply{}},
		{"white space", "\n", Reply{}},
		{"text", textReply("<![CDATA[你好]]>"), Reply{MsgType: "text", Content: "你好"}},
		{"escaped text", textReply("1 &lt; 2 &amp;&#38; &#x4f60;&quot;&apos;&gt;"), Reply{MsgType: "text", Content: `1 < 2 && 你"'>`}},
		{"split CDATA", textReply("<![CDATA[a]]]]><![CDATA[>b]]>"), Reply{MsgType: "text", Content: "a]]>b"}},
		{"emoji and newline", textReply("<![CDATA[😀\nb]]>"), Reply{MsgType: "text", Content: "😀\nb"}},
		{"a bracket", textReply("a]b]]c"), Reply{MsgType: "text", Content: "a]b]]c"}},
		{"declaration and newline", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + textReply("a"), Reply{MsgType: "text", Content: "a"}},
		{"byte order mark", "\ufeff" + textReply("a"), Reply{MsgType: "text", Content: "a"}},
		{"leading newline", "\n" + textReply("a") + "\n", Reply{MsgType: "text", Content: "a"}},
		{"attribute and comment", "<xml a='1'><!-- x -->" + replyHead + "<MsgType b=\"2\">text</MsgType><Content>a</Content></xml >", Reply{MsgType: "text", Content: "a"}},
		{
			"other order, quoted date as CreateTime",
			"<xml><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[a]]></Content><CreateTime><![CDATA[\"2026-11-21T09:00:00Z\"]]></CreateTime>" +
				"<FromUserName>" + replyFrom + "</FromUserName>\n<ToUserName> " + replyTo + " </ToUserName></xml>",
			Reply{MsgType: "text", Content: "a"},
		},
		{"unknown element", kindReply("text", "<Content>a</Content><FuncFlag>0</FuncFlag>"), Reply{MsgType: "text", Content: "a"}},
		{"the longest text", textReply(strings.Repeat("a", 2047)), Reply{MsgType: "text", Content: strings.Repeat("a", 2047)}},
		{"image", kindReply("image", "<Image><MediaId>m</MediaId></Image>"), Reply{MsgType: "image"}},
		{"voice", kindReply("voice", "<Voice><MediaId>m</MediaId></Voice>"), Reply{MsgType: "voice"}},
		{"video", kindReply("video", "<Video><MediaId>m</MediaId><Title/></Video>"), Reply{MsgType: "video"}},
		{"music", kindReply("music", "<Music><ThumbMediaId>m</ThumbMediaId></Music>"), Reply{MsgType: "music"}},
		{"news, count behind", newsReply("8", 8), Reply{MsgType: "news"}},
		{"transfer", kindReply("transfer_customer_service", ""), Reply{MsgType: "transfer_customer_service"}},
		{"transfer to one", kindReply("transfer_customer_service", "<TransInfo><KfAccount>a@b</KfAccount></TransInfo>"), Reply{MsgType: "transfer_customer_service"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.want.MsgType != "" {
				test.want.Plain = test.body
			}
			got, err := ReadReply([]byte(test.body), replyTo, replyFrom)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestReadReplyRefuses(t *testing.T) {
	good := textReply("a")
	tests := []struct{ name, body string }{
		{"JSON", `{"errcode":0}`},
		{"HTML", "<html><body>502</body></html>"},
		{"words", "successful"},
		{"quoted success", `"success"`},
		{"other root", strings.ReplaceAll(good, "xml>", "reply>")},
		{"two documents", good + good},
		{"words behind", good + "ok"},
		{"cut off", good[:len(good)-3]},
		{"cut in CDATA", good[:40]},
		{"crossed tags", "<xml>" + replyHead + "<MsgType>text</Content><Content>a</MsgType></xml>"},
		{"other follower", strings.Replace(good, replyTo, "oBBBBBBBBBBBBBBBBBBBBBBBBBBB", 1)},
		{"other account", strings.Replace(good, replyFrom, "gh_ba9876543210", 1)},
		{"names swapped", strings.NewReplacer(replyTo, replyFrom, replyFrom, replyTo).Replace(good)},
		{"no ToUserName", strings.Replace(good, "ToUserName", "To", 2)},
		{"no CreateTime", strings.ReplaceAll(good, "CreateTime", "Created")},
		{"no MsgType", strings.ReplaceAll(good, "MsgType", "Type")},
		{"unknown type", kindReply("telepathy", "")},
		{"empty text", textReply(" ")},
		{"no Content", kindReply("text", "")},
		{"two Contents", kindReply("text", "<Content>a</Content><Content>b</Content>")},
		{"elements as text", textReply("<b>a</b>")},
		{"text of 2 048 bytes, which sources disagree about", textReply(strings.Repeat("a", 2048))},
		{"image without wrapper", kindReply("image", "<MediaId>m</MediaId>")},
		{"image without media", kindReply("image", "<Image/>")},
		{"music without thumb", kindReply("music", "<Music><Title>a</Title></Music>")},
		{"nine articles", newsReply("9", 9)},
		{"wrong count", newsReply("2", 1)},
		{"count in words", newsReply("one", 1)},
		{"no articles", newsReply("0", 0)},
		{"transfer to nobody", kindReply("transfer_customer_service", "<TransInfo/>")},
		{"envelope in plain mode", "<xml><Encrypt>AAAA</Encrypt></xml>"},
		{"doctype", `<!DOCTYPE xml [<!ENTITY e "x">]>` + textReply("&e;")},
		{"declaration of another version", `<?xml version="1.1"?>` + good},
		{"declaration without version", `<?xml encoding="UTF-8"?>` + good},
		{"declaration in GBK", `<?xml version="1.0" encoding="GBK"?>` + good},
		{"own entity", textReply("&e;")},
		{"lone ampersand", textReply("a & b")},
		{"open CDATA end", textReply("a]]>b")},
		{"control character", textReply("<![CDATA[a\x02b]]>")},
		{"control character by reference", textReply("&#2;")},
		{"surrogate by reference", textReply("&#xD800;")},
		{"not UTF-8", textReply("\xc4\xe3")},
		{"GBK declared", `<?xml version="1.0" encoding="GBK"?>` + good},
		{"deep", strings.Repeat("<xml>", 9) + strings.Repeat("</xml>", 9)},
		{"bulk", "<xml>" + strings.Repeat("<a/>", maxNodes) + "</xml>"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := ReadReply([]byte(test.body), replyTo, replyFrom)
			if !errors.Is(err, errXML) {
				t.Errorf("got %+v, %v; want a refusal", got, err)
			}
			if got.Plain != test.body {
				t.Errorf("plain %q is not the body", got.Plain)
			}
		})
	}
}

// flat is all names and texts of a document, as the standard library reads them.
func flat(in string) (string, error) {
	d := xml.NewDecoder(strings.NewReader(strings.TrimPrefix(in, "\ufeff")))
	var out strings.Builder
	for depth := 0; ; {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return out.String(), nil
		}
		if err != nil {
			return "", err
		}
		switch v := token.(type) {
		case xml.StartElement:
			depth++
			out.WriteString("<" + v.Name.Local + ">")
		case xml.EndElement:
			depth--
			out.WriteString("</" + v.Name.Local + ">")
		case xml.CharData:
			if depth > 0 {
				out.WriteString(strings.TrimSpace(string(v)))
			}
		}
	}
}

// names is the elements of a tree in the order of their start tags.
func (n *node) names(out *strings.Builder) {
	out.WriteString("<" + n.name + ">")
	for i := range n.children {
		n.children[i].names(out)
	}
	out.WriteString("</" + n.name + ">")
}

// FuzzReadReply holds the reader against the standard library: what the reader
// takes for well-formed must be so there too, with the same elements, and the
// content of an accepted text must be the same.
func FuzzReadReply(f *testing.F) {
	for _, seed := range []string{
		"success", "", textReply("<![CDATA[a]]]]><![CDATA[>b]]>"), textReply("&lt;&#65;"), newsReply("1", 1),
		"<?xml version=\"1.0\"?><xml a='b'><!-- c --></xml>", "<xml><a/><b></b ></xml>", "<!DOCTYPE x>" + textReply("a"),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		reply, err := ReadReply(body, replyTo, replyFrom)
		if err == nil && reply.MsgType == "text" {
			var ref struct {
				Content string `xml:"Content"`
			}
			if err := xml.Unmarshal([]byte(strings.TrimPrefix(strings.TrimSpace(string(body)), "\ufeff")), &ref); err != nil {
				t.Fatalf("accepted %q, but %v", body, err)
			}
			normal := strings.NewReplacer("\r\n", "\n", "\r", "\n")
			if normal.Replace(ref.Content) != normal.Replace(reply.Content) {
				t.Fatalf("content %q, the standard library reads %q", reply.Content, ref.Content)
			}
		}
		root, err := parseXML(body)
		if err != nil {
			return
		}
		ref, err := flat(string(body))
		if err != nil {
			t.Fatalf("parsed %q, but %v", body, err)
		}
		var names, own strings.Builder
		root.names(&own)
		for i, part := range strings.Split(ref, "<") {
			if i > 0 {
				names.WriteString("<" + part[:strings.IndexByte(part, '>')+1])
			}
		}
		if !strings.Contains(string(body), "&") && !strings.Contains(string(body), "CDATA") && names.String() != own.String() {
			t.Fatalf("elements %q, the standard library reads %q", own.String(), names.String())
		}
	})
}
