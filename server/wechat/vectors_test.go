package wechat_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"oalab/server/wechat"
)

// vector is one published encryption: by the platform's documentation or by the
// tests of a public SDK. The mock platform's own code is held to the same ones.
type vector struct {
	ID           string `json:"id"`
	Source       string `json:"source"`
	Token        string `json:"token"`
	AppID        string `json:"app_id"`
	Key          string `json:"key"`
	Canonical    bool   `json:"canonical"`
	Timestamp    string `json:"timestamp"`
	Nonce        string `json:"nonce"`
	MsgSignature string `json:"msg_signature"`
	Signature    string `json:"signature"`
	Random       string `json:"random"`
	Pad          int    `json:"pad"`
	Signed       bool   `json:"signed"` // its msg_signature is right
	Encrypt      string `json:"encrypt"`
	Plain        string `json:"plain"`
}

func vectors(t testing.TB) []vector {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", "vectors.json"))
	if err != nil {
		t.Fatal(err)
	}
	var list []vector
	if err := json.Unmarshal(content, &list); err != nil {
		t.Fatal(err)
	}
	if len(list) != 8 {
		t.Fatalf("%d vectors, want 8", len(list))
	}
	return list
}

func TestVectorsInBothDirections(t *testing.T) {
	t.Parallel()
	for _, v := range vectors(t) {
		t.Run(v.ID, func(t *testing.T) {
			t.Parallel()
			c, err := wechat.NewCipher(v.Key, v.AppID)
			if err != nil {
				t.Fatal(err)
			}
			message, random, err := c.Open(v.Encrypt)
			if err != nil || string(message) != v.Plain || string(random) != v.Random {
				t.Errorf("%s: Open = %q, random %q, %v", v.Source, message, random, err)
			}
			if got := string(c.AppendSeal(nil, [16]byte([]byte(v.Random)), []byte(v.Plain))); got != v.Encrypt {
				t.Errorf("%s: sealed again\n%s\nwant\n%s", v.Source, got, v.Encrypt)
			}
			if pad := 32 - (20+len(v.Plain)+len(v.AppID))%32; pad != v.Pad {
				t.Errorf("padding of %d bytes, the vector says %d", pad, v.Pad)
			}
			if got := wechat.CanonicalKey(v.Key); got != v.Canonical {
				t.Errorf("CanonicalKey = %v, want %v", got, v.Canonical)
			}
		})
	}
}

func TestVectorSignatures(t *testing.T) {
	t.Parallel()
	checked := 0
	for _, v := range vectors(t) {
		if v.Signature != "" {
			if got := wechat.Sign(v.Token, v.Timestamp, v.Nonce); got != v.Signature {
				t.Errorf("%s: signature %s, want %s", v.ID, got, v.Signature)
			}
			checked++
		}
		if v.MsgSignature == "" {
			continue
		}
		checked++
		envelope := wechat.Envelope{Encrypt: v.Encrypt}
		err := envelope.Verify(v.MsgSignature, v.Token, v.Timestamp, v.Nonce)
		if v.Signed && err != nil || !v.Signed && !errors.Is(err, wechat.ErrMsgSignature) {
			t.Errorf("%s: Verify = %v; it is signed: %v", v.ID, err, v.Signed)
		}
	}
	if checked != 10 {
		t.Errorf("%d signatures were checked, want 10", checked)
	}
}

func TestVectorsInTheirEnvelopes(t *testing.T) {
	t.Parallel()
	for _, v := range vectors(t) {
		safe := "<xml>\n    <ToUserName><![CDATA[gh_a96a4a619366]]></ToUserName>\n    <Encrypt><![CDATA[" + v.Encrypt + "]]></Encrypt>\n</xml>\n"
		bodies := map[string]string{
			"safe": safe, "without CDATA": "<xml><Encrypt>" + v.Encrypt + "</Encrypt><ToUserName>gh_a96a4a619366</ToUserName></xml>",
		}
		if head, ok := bytes.CutSuffix([]byte(v.Plain), []byte("</xml>")); ok {
			bodies["compatible"] = string(head) + "<Encrypt><![CDATA[" + v.Encrypt + "]]></Encrypt>\n</xml>"
		}
		for mode, body := range bodies {
			e, err := wechat.ParseEnvelope([]byte(body))
			if err != nil || e.Encrypt != v.Encrypt || e.To == "" {
				t.Errorf("%s, %s: %+v, %v", v.ID, mode, e, err)
			}
		}
	}
}
