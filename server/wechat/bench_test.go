package wechat_test

import (
	"encoding/xml"
	"testing"

	"oalab/server/wechat"
)

// captured is the push of vector C4 as it came over the wire.
func captured(tb testing.TB) (vector, []byte) {
	tb.Helper()
	for _, v := range vectors(tb) {
		if v.ID == "C4" {
			return v, []byte("<xml>\n    <ToUserName><![CDATA[gh_a96a4a619366]]></ToUserName>\n    <Encrypt><![CDATA[" +
				v.Encrypt + "]]></Encrypt>\n</xml>\n")
		}
	}
	tb.Fatal("no vector C4")
	return vector{}, nil
}

const answer = "您本月剩余流量 1.2GB，有效期至月底。回复 CXYE 查询话费余额。"

func open(tb testing.TB, ring *wechat.Keyring, v vector, body []byte) (*wechat.Message, *wechat.Cipher) {
	tb.Helper()
	e, err := wechat.ParseEnvelope(body)
	if err != nil {
		tb.Fatal(err)
	}
	if err := e.Verify(v.MsgSignature, v.Token, v.Timestamp, v.Nonce); err != nil {
		tb.Fatal(err)
	}
	plain, used, err := ring.Open(e.Encrypt)
	if err != nil {
		tb.Fatal(err)
	}
	m, err := wechat.ParseMessage(plain)
	if err != nil {
		tb.Fatal(err)
	}
	return m, used
}

func ring(tb testing.TB, v vector) *wechat.Keyring {
	tb.Helper()
	k, err := wechat.NewKeyring(v.AppID, v.Key, "")
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

// BenchmarkOpenPush is one encrypted push from its bytes to its message:
// envelope, msg_signature, decryption, parsing.
func BenchmarkOpenPush(b *testing.B) {
	v, body := captured(b)
	keys := ring(b, v)
	b.ReportAllocs()
	for b.Loop() {
		open(b, keys, v, body)
	}
}

// BenchmarkWholePath adds what else the protocol asks of a server: the plain
// signature before, the reply's XML, its encryption and its envelope after.
func BenchmarkWholePath(b *testing.B) {
	v, body := captured(b)
	keys := ring(b, v)
	b.ReportAllocs()
	for b.Loop() {
		if !wechat.SignatureMatches(v.Signature, v.Token, v.Timestamp, v.Nonce) {
			b.Fatal("signature")
		}
		m, used := open(b, keys, v, body)
		reply, err := wechat.MarshalReply(m, m.CreateTime, wechat.TextReply{Content: answer})
		if err != nil {
			b.Fatal(err)
		}
		used.SealReply(v.Token, m.CreateTime, v.Nonce, random16(), reply)
	}
}

func BenchmarkParseEnvelope(b *testing.B) {
	_, body := captured(b)
	b.Run("quick", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := wechat.ParseEnvelope(body); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("tree over encoding-xml", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := wechat.FullXML(body, wechat.MaxMessageBytes); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding-xml", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var e struct{ ToUserName, Encrypt string }
			if err := xml.Unmarshal(body, &e); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkDecrypt(b *testing.B) {
	v, _ := captured(b)
	c := newCipher(b, v.Key, v.AppID)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := c.Open(v.Encrypt); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSealReply(b *testing.B) {
	v, _ := captured(b)
	c := newCipher(b, v.Key, v.AppID)
	reply, err := wechat.MarshalReply(asker(), 1, wechat.TextReply{Content: answer})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		c.SealReply(v.Token, 1713424427, v.Nonce, random16(), reply)
	}
}

func BenchmarkMsgSignature(b *testing.B) {
	v, _ := captured(b)
	e := wechat.Envelope{Encrypt: v.Encrypt}
	b.ReportAllocs()
	for b.Loop() {
		if err := e.Verify(v.MsgSignature, v.Token, v.Timestamp, v.Nonce); err != nil {
			b.Fatal(err)
		}
	}
}
