package message

import (
	"bytes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// vector is one published encryption; the server's code is held to the same file.
type vector struct {
	ID           string `json:"id"`
	Token        string `json:"token"`
	AppID        string `json:"app_id"`
	Key          string `json:"key"`
	Timestamp    string `json:"timestamp"`
	Nonce        string `json:"nonce"`
	MsgSignature string `json:"msg_signature"`
	Signature    string `json:"signature"`
	Random       string `json:"random"`
	Signed       bool   `json:"signed"`
	Encrypt      string `json:"encrypt"`
	Plain        string `json:"plain"`
}

func vectors(tb testing.TB) []vector {
	tb.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", "vectors.json"))
	if err != nil {
		tb.Fatal(err)
	}
	var list []vector
	if err := json.Unmarshal(content, &list); err != nil || len(list) != 8 {
		tb.Fatalf("%d vectors, %v; want 8", len(list), err)
	}
	return list
}

func mustCrypt(tb testing.TB, key, appID string) *crypt {
	tb.Helper()
	c, err := newCrypt(key, appID)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func TestVectorsInBothDirections(t *testing.T) {
	signed := 0
	for _, v := range vectors(t) {
		c := mustCrypt(t, v.Key, v.AppID)
		if got, err := c.decrypt(v.Encrypt); err != nil || string(got) != v.Plain {
			t.Errorf("%s decrypts to %q, %v", v.ID, got, err)
		}
		if got := c.encrypt(v.Random, []byte(v.Plain)); got != v.Encrypt {
			t.Errorf("%s encrypts to\n%s\nwant\n%s", v.ID, got, v.Encrypt)
		}
		if v.Signature != "" && Signature(v.Token, v.Timestamp, v.Nonce) != v.Signature {
			t.Errorf("%s: plain signature differs", v.ID)
		}
		if v.MsgSignature == "" {
			continue
		}
		signed++
		if got := msgSignature(v.Token, v.Timestamp, v.Nonce, v.Encrypt); v.Signed != (got == v.MsgSignature) {
			t.Errorf("%s: msg_signature %s, published %s; it is said to be right: %v", v.ID, got, v.MsgSignature, v.Signed)
		}
		// As a whole answer, the way a server writes it.
		e := sealedEnvelope{crypt: c, token: v.Token}
		answer := "<xml><Encrypt>" + v.Encrypt + "</Encrypt><MsgSignature>" + v.MsgSignature + "</MsgSignature><TimeStamp>" +
			v.Timestamp + "</TimeStamp><Nonce>" + v.Nonce + "</Nonce></xml>"
		if got, err := e.Open([]byte(answer)); v.Signed != (err == nil) || err == nil && string(got) != v.Plain {
			t.Errorf("%s as an answer: %q, %v", v.ID, got, err)
		}
	}
	if signed != 7 {
		t.Errorf("%d vectors have a msg_signature, want 7", signed)
	}
}

func TestNewEncodingAESKey(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	seen := map[byte]bool{}
	for range 500 {
		key := NewEncodingAESKey(rng)
		if _, err := base64.StdEncoding.Strict().DecodeString(key + "="); err != nil || len(key) != 43 {
			t.Fatalf("%s: a strict decoder says %v", key, err)
		}
		if _, err := DecodeKey(key); err != nil {
			t.Fatal(err)
		}
		seen[key[42]] = true
	}
	if len(seen) != 16 {
		t.Errorf("the last letter is one of %d, want 16", len(seen))
	}
	if a, b := NewEncodingAESKey(rand.New(rand.NewPCG(3, 4))), NewEncodingAESKey(rand.New(rand.NewPCG(3, 4))); a != b {
		t.Error("one seed gives two keys")
	}
	for _, bad := range []string{"", "short", strings.Repeat("A", 42) + "+", strings.Repeat("A", 44), strings.Repeat("流", 14) + "A"} {
		if _, err := DecodeKey(bad); err == nil {
			t.Errorf("%q is a key", bad)
		}
	}
}

const (
	safeKey = "mNnY5GekpChwqhy2c4NBH90g3hND6GeI4gii2YCvKLY"
	safeID  = "wx669ef95216eef885"
)

// rawCrypt encrypts any bytes.
func rawCrypt(c *crypt, plain []byte) string {
	out := bytes.Clone(plain)
	cipher.NewCBCEncrypter(c.block, c.iv).CryptBlocks(out, out)
	return base64.StdEncoding.EncodeToString(out)
}

func sealedAnswer(token, encrypt string) string {
	return "<xml><Encrypt>" + encrypt + "</Encrypt><MsgSignature>" + msgSignature(token, "1", "2", encrypt) +
		"</MsgSignature><TimeStamp>1</TimeStamp><Nonce>2</Nonce></xml>"
}

func TestAnswersThatThePlatformReads(t *testing.T) {
	c := mustCrypt(t, safeKey, safeID)
	good := c.encrypt("0123456789abcdef", []byte("<xml>好</xml>"))
	sign := msgSignature("t", "1", "2", good)
	for name, body := range map[string]string{
		"text":        sealedAnswer("t", good),
		"other order": "\n<xml>\n <Nonce>2</Nonce>\n <TimeStamp><![CDATA[1]]></TimeStamp> <MsgSignature><![CDATA[" + sign + "]]></MsgSignature><Encrypt><![CDATA[" + good + "]]></Encrypt></xml>\n",
		"declaration": `<?xml version="1.0" encoding="UTF-8"?>` + sealedAnswer("t", good),
		"white space": strings.Replace(sealedAnswer("t", good), good, "\n"+good+"\n", 1),
		"more fields": strings.Replace(sealedAnswer("t", good), "<Nonce>", "<ToUserName>o</ToUserName><Nonce>", 1),
	} {
		for _, compatible := range []bool{true, false} {
			e := sealedEnvelope{crypt: c, token: "t", compatible: compatible}
			if got, err := e.Open([]byte(body)); err != nil || string(got) != "<xml>好</xml>" {
				t.Errorf("%s: %q, %v", name, got, err)
			}
		}
	}
	e := sealedEnvelope{crypt: c, token: "t"}
	for body, want := range map[string]string{
		"": "", " \n": " \n", "success": "success", "success\n": "success\n",
		sealedAnswer("t", c.encrypt("0123456789abcdef", nil)):               "",
		sealedAnswer("t", c.encrypt("0123456789abcdef", []byte("success"))): "success",
	} {
		got, err := e.Open([]byte(body))
		if err != nil || string(got) != want {
			t.Errorf("%q: %q, %v", body, got, err)
		}
		if reply, err := ReadReply(got, "o", "gh"); err != nil || reply.MsgType != "" {
			t.Errorf("%q: %+v, %v", body, reply, err)
		}
	}
	e.compatible = true
	if got, err := e.Open([]byte(textReply("好"))); err != nil || string(got) != textReply("好") {
		t.Errorf("a readable answer in compatible mode: %q, %v", got, err)
	}
}

func TestAnswersThatThePlatformRefuses(t *testing.T) {
	c := mustCrypt(t, safeKey, safeID)
	good := c.encrypt("0123456789abcdef", []byte("hello"))
	flipped := []byte(good)
	flipped[30] ^= 1
	plain := func(size uint32, id string, pad byte) []byte { // of 5 bytes
		b := binary.BigEndian.AppendUint32([]byte("0123456789abcdef"), size)
		b = append(b, "hello"+id...)
		return append(b, bytes.Repeat([]byte{pad}, 32-len(b)%32)...)
	}
	tests := []struct{ name, body, want string }{
		{"readable", textReply("好"), "no <Encrypt>"},
		{"JSON", `{"Encrypt":"` + good + `"}`, "element"},
		{"other root", strings.ReplaceAll(sealedAnswer("t", good), "xml>", "reply>"), "root element"},
		{"other token", sealedAnswer("u", good), "-40001"},
		{"flipped bit under the old signature", strings.Replace(sealedAnswer("t", good), good, string(flipped), 1), "-40001"},
		{"no MsgSignature", strings.Replace(sealedAnswer("t", good), "MsgSignature>", "Signature>", 2), "MsgSignature"},
		{"two Encrypts", strings.Replace(sealedAnswer("t", good), "<Nonce>", "<Encrypt>"+good+"</Encrypt><Nonce>", 1), "two <Encrypt>"},
		{"no base64", sealedAnswer("t", "!"+good), "-40010"},
		{"half a block", sealedAnswer("t", base64.StdEncoding.EncodeToString(make([]byte, 48))), "-40007"},
		{"other key", sealedAnswer("t", mustCrypt(t, strings.Repeat("A", 43), safeID).encrypt("0123456789abcdef", []byte("hello"))), "-40007"},
		{"wrong padding", sealedAnswer("t", rawCrypt(c, plain(5, safeID, 22))), "-40007"},
		{"no padding", sealedAnswer("t", rawCrypt(c, plain(5, safeID, 0))), "-40007"},
		{"destroyed length", sealedAnswer("t", rawCrypt(c, plain(1<<32-1, safeID, 21))), "-40008"},
		{"no length", sealedAnswer("t", rawCrypt(c, bytes.Repeat([]byte{32}, 32))), "-40008"},
		{"other appid", sealedAnswer("t", mustCrypt(t, safeKey, "wx0").encrypt("0123456789abcdef", []byte("hello"))), "-40005"},
		{"short length", sealedAnswer("t", rawCrypt(c, plain(4, safeID, 21))), "-40005"},
	}
	for _, test := range tests {
		e := sealedEnvelope{crypt: c, token: "t"}
		if got, err := e.Open([]byte(test.body)); err == nil || got != nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %q, %v; want an error with %s", test.name, got, err, test.want)
		}
	}
}

// FuzzOpenAnswer feeds the reader of encrypted answers with documents, and its
// decrypter with plaintexts of any shape.
func FuzzOpenAnswer(f *testing.F) {
	c := mustCrypt(f, safeKey, safeID)
	f.Add([]byte(sealedAnswer("t", c.encrypt("0123456789abcdef", []byte("hello")))), []byte("hello"))
	f.Add([]byte("success"), bytes.Repeat([]byte{32}, 32))
	for _, v := range vectors(f) {
		f.Add([]byte("<xml><Encrypt>"+v.Encrypt+"</Encrypt></xml>"), []byte(v.Plain))
	}
	f.Fuzz(func(t *testing.T, body, plain []byte) {
		e := sealedEnvelope{crypt: c, token: "t"}
		if got, err := e.Open(body); err != nil && got != nil {
			t.Fatal("an answer and an error")
		}
		if got, err := c.decrypt(c.encrypt("0123456789abcdef", plain)); err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("%q comes back as %q, %v", plain, got, err)
		}
		if rest := len(plain) % 32; rest != 0 {
			plain = append(plain, bytes.Repeat([]byte{byte(32 - rest)}, 32-rest)...)
		}
		got, err := c.decrypt(rawCrypt(c, plain))
		if err == nil && c.encrypt(string(plain[:16]), got) != rawCrypt(c, plain) {
			t.Fatalf("accepted %q, which is %q encrypted otherwise", plain, got)
		}
	})
}
