package wechat_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"oalab/mockwechat"
	"oalab/server/wechat"
)

// foreign are pushes as other tools write them, and the text that is read of them.
func foreign(tb testing.TB) map[string]struct{ body, content string } {
	tb.Helper()
	text := func(content string) string { return message("text", "<Content>"+content+"</Content>") }
	in := func(charset encoding.Encoding, s string) string {
		raw, err := charset.NewEncoder().String(s)
		if err != nil {
			tb.Fatal(err)
		}
		return raw
	}
	const bad = "\uFFFD"
	return map[string]struct{ body, content string }{
		"byte order mark":            {"\ufeff" + text("查流量"), "查流量"},
		"mark and declaration":       {"\ufeff" + `<?xml version="1.0" encoding="utf-8"?>` + "\r\n" + text("查流量"), "查流量"},
		"UTF-16":                     {in(unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), `<?xml version="1.0" encoding="utf-16"?>`+text("查流量")), "查流量"},
		"says UTF-16, and is not":    {`<?xml version="1.0" encoding="utf-16"?>` + text("查流量"), "查流量"},
		"GBK":                        {in(simplifiedchinese.GBK, `<?xml version="1.0" encoding="GBK"?>`+text("查流量")), "查流量"},
		"GB18030":                    {in(simplifiedchinese.GB18030, `<?xml version="1.0" encoding="gb18030"?>`+text("查😀")), "查😀"},
		"cut inside a character":     {text("<![CDATA[查流\xe9\x87]]>"), "查流" + bad},
		"CESU-8 pair":                {text("<![CDATA[\xed\xa0\xbd\xed\xb8\x80]]>"), strings.Repeat(bad, 6)},
		"lone FF":                    {text("查\xff"), "查" + bad},
		"lone FF in CDATA":           {text("<![CDATA[\xff]]>"), bad},
		"reference to a control":     {text("查&#x1d;流量&#0;"), "查流量"},
		"reference to a surrogate":   {text("&#xD83D;"), bad},
		"reference to no character":  {text("查&#xFFFE;&#x110000;"), "查" + bad},
		"reference in CDATA is text": {text("<![CDATA[&#x1d;]]>"), "&#x1d;"},
		"all at once":                {"\ufeff" + `<?xml version="1.0"?>` + text("\xff&#1;\x02<![CDATA[&#1;\xe6\xb5]]>"), bad + "&#1;" + bad},
	}
}

func TestXMLOfOtherTools(t *testing.T) {
	t.Parallel()
	for name, tt := range foreign(t) {
		m, err := wechat.ParseMessage([]byte(tt.body))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := m.Words(); got != tt.content {
			t.Errorf("%s: read %q, want %q", name, got, tt.content)
		}
	}
	// A link whose title was cut to a number of bytes.
	m, err := wechat.ParseMessage([]byte(message("link", "<Title><![CDATA[中国移\xe5\x8a]]></Title><Url><![CDATA[http://a/]]></Url>")))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("中国移\uFFFD", m.Body.(*wechat.Link).Title); diff != "" {
		t.Error(diff)
	}
	// The envelope of safe mode: its signature is over the text of Encrypt alone.
	for name, lead := range map[string]string{"mark": "\ufeff", "declaration": `<?xml version="1.0" encoding="GBK"?><!-- ` + "\xd6\xd0 -->"} {
		v, body := captured(t)
		e, err := wechat.ParseEnvelope([]byte(lead + string(body)))
		if err == nil {
			err = e.Verify(v.MsgSignature, v.Token, v.Timestamp, v.Nonce)
		}
		if err != nil {
			t.Errorf("an envelope with a %s: %v", name, err)
		}
	}
}

// TestRefusalsSayWhere: the byte is that of the document as it came.
func TestRefusalsSayWhere(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ body, want string }{
		"unknown encoding":      {`<?xml version="1.0" encoding="SECRET"?><xml/>`, "byte 30: the encoding that the declaration names is not known"},
		"entity":                {"<xml><a>&SECRET;</a></xml>", "byte 16: a reference to no known entity, or a lone &"},
		"behind a mark":         {"\ufeff<xml><a>&SECRET;</a></xml>", "byte 19: a reference"},
		"behind bad bytes":      {"<xml><a>\xff\xff&#1;\x01&SECRET;</a></xml>", "byte 23: a reference"},
		"behind GBK":            {`<?xml version="1.0" encoding="GBK"?><xml><a>` + "\xd6\xd0\xb9\xfa&SECRET;</a></xml>", "byte 56: a reference"},
		"end tag":               {"<xml><SECRET></xml>", "byte 19: an end tag that does not belong to the last start tag"},
		"cut short":             {"<xml><a>SECRET", "byte 14: the document ends too early"},
		"DOCTYPE":               {"<!DOCTYPE SECRET><xml/>", "byte 17: DOCTYPE"},
		"text behind":           {"<xml/>SECRET", "byte 12: text outside the root element"},
		"nothing":               {"", "byte 0: no root element"},
		"an element too deep":   {strings.Repeat("<xml>", 9), "byte 45: more than 512 elements or 8 levels"},
		"a text that is longer": {"<xml><SECRET>" + strings.Repeat("x", 17<<10) + "</SECRET></xml>", "byte 17421: a text of more than 16384 bytes"},
	} {
		_, err := wechat.ParseMessage([]byte(tt.body))
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
	if _, err := wechat.ParseMessage([]byte(`<?xml version="1.0" encoding="SECRET"?><xml/>`)); !errors.Is(err, wechat.ErrMalformed) {
		t.Errorf("an unknown encoding is %v", err)
	}
}

// FuzzMockReadsTheSame holds the mock platform's reader against the server's two: what the
// mock accepts as a reply the server's readers read alike.
func FuzzMockReadsTheSame(f *testing.F) {
	for _, tt := range foreign(f) {
		f.Add([]byte(tt.body))
	}
	for _, test := range hostile() {
		f.Add([]byte(test.body))
	}
	f.Add([]byte(message("text", "<Content>a\r\nb\r<![CDATA[c\r\n]]>&#13;</Content>")))
	f.Add([]byte(message("text", "<Content>&#x1F600;<!-- c -->&lt;]]&gt;</Content>")))
	f.Fuzz(func(t *testing.T, body []byte) {
		compareReaders(t, body)
		reply, err := mockwechat.ReadReply(body, "", "")
		if err != nil || reply.MsgType != "text" || len(body) > wechat.MaxMessageBytes {
			return
		}
		root, err := wechat.FullXML(body, wechat.TextLimit)
		if err != nil {
			t.Fatalf("the mock reads %q, and the server says %v", body, err)
		}
		if got := root.ChildText("Content"); got != reply.Content {
			t.Fatalf("the mock reads %q, the server %q in %q", reply.Content, got, body)
		}
	})
}
