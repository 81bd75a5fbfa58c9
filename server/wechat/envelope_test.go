package wechat_test

import (
	"encoding/xml"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"oalab/server/wechat"
)

func TestParseEnvelopeRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body string
		want error
	}{
		"plain message":    {message("text", "<Content>x</Content>"), wechat.ErrEnvelope},
		"empty Encrypt":    {"<xml><Encrypt></Encrypt></xml>", wechat.ErrEnvelope},
		"two Encrypts":     {"<xml><Encrypt>a</Encrypt><Encrypt>b</Encrypt></xml>", wechat.ErrEnvelope},
		"nested Encrypt":   {"<xml><a><Encrypt>a</Encrypt></a></xml>", wechat.ErrEnvelope},
		"Encrypt of parts": {"<xml><Encrypt>a<b>c</b></Encrypt></xml>", wechat.ErrEnvelope},
		"lower case":       {"<xml><encrypt>a</encrypt></xml>", wechat.ErrEnvelope},
		"nothing":          {"", wechat.ErrMalformed},
		"JSON":             {`{"Encrypt":"a"}`, wechat.ErrMalformed},
		"torn":             {"<xml><Encrypt>aaaa", wechat.ErrMalformed},
		"DOCTYPE":          {"<!DOCTYPE xml><xml><Encrypt>a</Encrypt></xml>", wechat.ErrForbidden},
		"very deep":        {nested(4000), wechat.ErrTooComplex},
		"too large":        {"<xml><Encrypt>" + strings.Repeat("a", 64<<10) + "</Encrypt></xml>", wechat.ErrTooLarge},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if e, err := wechat.ParseEnvelope([]byte(test.body)); !errors.Is(err, test.want) || e != (wechat.Envelope{}) {
				t.Errorf("%+v, %v, want %v", e, err, test.want)
			}
		})
	}
}

func TestParseEnvelopeOfALargeMessage(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 60<<10)
	e, err := wechat.ParseEnvelope([]byte("<?xml version=\"1.0\"?>\r\n<xml><Encrypt>" + long + "</Encrypt></xml>"))
	if err != nil || e.Encrypt != long {
		t.Errorf("%d bytes, %v", len(e.Encrypt), err)
	}
}

// sealed is what a platform reads of an encrypted reply.
type sealed struct {
	Encrypt, MsgSignature, Nonce string
	TimeStamp                    int64
}

func TestSealReply(t *testing.T) {
	t.Parallel()
	c := newCipher(t, aesKey, appID)
	for nonce, want := range map[string]string{
		"415670741": "415670741", "": "1713424427", "]]>": "1713424427", "a b": "1713424427", strings.Repeat("1", 200): "1713424427",
	} {
		got := c.SealReply("weixin", 1713424427, nonce, random16(), []byte("<xml>你好</xml>"))
		var s sealed
		if err := xml.Unmarshal(got, &s); err != nil {
			t.Fatalf("%v in %s", err, got)
		}
		if s.Nonce != want || s.TimeStamp != 1713424427 {
			t.Errorf("nonce %q became %q, TimeStamp %d", nonce, s.Nonce, s.TimeStamp)
		}
		if s.MsgSignature != wechat.Sign("weixin", "1713424427", s.Nonce, s.Encrypt) {
			t.Errorf("MsgSignature %s does not match", s.MsgSignature)
		}
		if reply, _, err := c.Open(s.Encrypt); err != nil || string(reply) != "<xml>你好</xml>" {
			t.Errorf("the platform reads %q, %v", reply, err)
		}
	}
}

// TestSealReplyOfTheDocumentation is vector O2 as a whole document.
func TestSealReplyOfTheDocumentation(t *testing.T) {
	t.Parallel()
	v := vectors(t)[1]
	c := newCipher(t, v.Key, v.AppID)
	want := "<xml><Encrypt><![CDATA[" + v.Encrypt + "]]></Encrypt><MsgSignature><![CDATA[" + v.MsgSignature +
		"]]></MsgSignature><TimeStamp>1713424427</TimeStamp><Nonce><![CDATA[415670741]]></Nonce></xml>"
	if diff := cmp.Diff(want, string(c.SealReply(v.Token, 1713424427, v.Nonce, [16]byte([]byte(v.Random)), []byte(v.Plain)))); v.ID != "O2" || diff != "" {
		t.Errorf("%s: -want +got\n%s", v.ID, diff)
	}
}

// FuzzParseEnvelope holds the purpose-made reader against encoding/xml: what it
// accepts the other reads the same, and what the platform writes it accepts.
func FuzzParseEnvelope(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add([]byte("<xml>\n    <ToUserName><![CDATA[gh_a96a4a619366]]></ToUserName>\n    <Encrypt><![CDATA[" + v.Encrypt + "]]></Encrypt>\n</xml>\n"))
	}
	f.Add([]byte(message("text", "<Encrypt><![CDATA[a]]>b</Encrypt>")))
	f.Add([]byte("<xml><a>x]]></a></xml>"))
	for _, test := range hostile() {
		f.Add([]byte(test.body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		compareReaders(t, body)
		e, err := wechat.ParseEnvelope(body)
		if err != nil {
			if e != (wechat.Envelope{}) {
				t.Fatal("an envelope and an error")
			}
			return
		}
		// As the standard library sees it, where it ends at the same document.
		var s struct {
			To      []string `xml:"ToUserName"`
			Encrypt []string `xml:"Encrypt"`
		}
		if xml.Unmarshal(body, &s) == nil && (len(s.Encrypt) != 1 || s.Encrypt[0] != e.Encrypt || len(s.To) > 0 && e.To != s.To[0]) {
			t.Fatalf("encoding/xml reads %q, we %q in %q", s, e, body)
		}
	})
}

func compareReaders(t *testing.T, body []byte) {
	t.Helper()
	for _, limit := range []int{wechat.TextLimit, 20} {
		quick := wechat.QuickXML(body, limit)
		if quick == nil {
			continue
		}
		full, err := wechat.FullXML(body, limit)
		if err != nil {
			t.Fatalf("quick accepts %q, encoding/xml says %v", body, err)
		}
		if !reflect.DeepEqual(full, quick) { // cmp is too slow for a fuzz target
			t.Fatalf("%q: -encoding/xml +quick\n%s", body, cmp.Diff(full, quick))
		}
	}
}

// TestQuickReadsWhatThePlatformWrites keeps the fast path fast: a document that
// falls to encoding/xml costs ten times as much.
func TestQuickReadsWhatThePlatformWrites(t *testing.T) {
	t.Parallel()
	documents := []string{
		message("text", "<Content><![CDATA[a & b < c ]] 你好😀\n]]></Content>"), message("text", "<Content></Content>"),
		message("location", "<Location_X>23.1</Location_X><Scale>2</Scale>"), event("CLICK", "Q_DATA", ""),
		event("MASSSENDJOBFINISH", "", "<ArticleUrlResult><ResultList>\n<item><ArticleUrl>u</ArticleUrl></item>\n</ResultList></ArticleUrlResult>"),
	}
	for _, v := range vectors(t) {
		documents = append(documents, "<xml>\n    <ToUserName><![CDATA[gh]]></ToUserName>\n    <Encrypt><![CDATA["+v.Encrypt+"]]></Encrypt>\n</xml>\n")
	}
	for _, body := range documents {
		if wechat.QuickXML([]byte(body), wechat.TextLimit) == nil {
			t.Errorf("left to encoding/xml: %s", body)
		}
		compareReaders(t, []byte(body))
	}
}
