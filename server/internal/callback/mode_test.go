package callback_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"encoding/xml"
	"net/http/httptest"
	"strings"
	"testing"

	"oalab/server/internal/callback"
	"oalab/server/internal/message"
	"oalab/server/wechat"
)

const (
	appID       = "wx669ef95216eef885"
	aesKey      = "mNnY5GekpChwqhy2c4NBH90g3hND6GeI4gii2YCvKLY"
	previousKey = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
)

// encrypt is a message's ciphertext under any key and id.
func encrypt(t testing.TB, key, id, message string) string {
	t.Helper()
	c, err := wechat.NewCipher(key, id)
	if err != nil {
		t.Fatal(err)
	}
	return string(c.AppendSeal(nil, [16]byte([]byte("0123456789abcdef")), []byte(message)))
}

// safeBody is a push in safe mode, bothBody one in compatible mode.
func safeBody(encrypted string) string {
	return "<xml>\n    <ToUserName><![CDATA[gh_a96a4a619366]]></ToUserName>\n    <Encrypt><![CDATA[" + encrypted + "]]></Encrypt>\n</xml>\n"
}

func bothBody(plain, encrypted string) string {
	return strings.TrimSuffix(plain, "</xml>") + "<Encrypt><![CDATA[" + encrypted + "]]></Encrypt>\n</xml>"
}

// signedSafe is the address of an encrypted push, with both signatures.
func signedSafe(account, nonce, encrypted string) string {
	return signed(account, token, nonce, "encrypt_type", "aes", "msg_signature", wechat.Sign(token, "1414387151", nonce, encrypted))
}

// unseal reads an encrypted reply as the platform does.
func unseal(t *testing.T, body, key string) string {
	t.Helper()
	var s struct{ Encrypt, MsgSignature, TimeStamp, Nonce string }
	if err := xml.Unmarshal([]byte(body), &s); err != nil {
		t.Fatalf("%v in %q", err, body)
	}
	if s.MsgSignature != wechat.Sign(token, s.TimeStamp, s.Nonce, s.Encrypt) {
		t.Errorf("MsgSignature does not match in %q", body)
	}
	c, err := wechat.NewCipher(key, appID)
	if err != nil {
		t.Fatal(err)
	}
	plain, _, err := c.Open(s.Encrypt)
	if err != nil {
		t.Fatalf("%v in %q", err, body)
	}
	return string(plain)
}

func TestModes(t *testing.T) {
	t.Parallel()
	unknown := callback.Texts{Default: "没有答案"}
	b := newRig(t, callback.Config{Answers: callback.Answers(callback.Fixed(map[string]callback.Texts{"demo": unknown, "other": unknown, "both": unknown, "safe": unknown}))})
	b.business.do = func(_ context.Context, c command) (message.Reply, bool, error) {
		if c.Text == "慢查" {
			return message.Reply{Later: true}, true, nil
		}
		return message.Text("剩余 1GB"), c.Text == "CXLL", nil
	}
	asked, slow, view := text("1", "CXLL"), text("2", "慢查"), event("VIEW", "http://x")
	tests := []struct {
		name, account, message, key, body string // key "": the push is not encrypted
		want                              string // "": success
	}{
		{"plain", "demo", asked, "", asked, "剩余 1GB"},
		{"compatible, encrypted", "both", asked, aesKey, "", "剩余 1GB"},
		{"compatible, readable", "both", asked, "", asked, "剩余 1GB"},
		{"safe", "safe", asked, aesKey, "", "剩余 1GB"},
		{"safe, previous key", "safe", asked, previousKey, "", "剩余 1GB"},
		{"safe, no hit", "safe", text("3", "天气"), aesKey, "", "没有答案"},
		{"safe, handed over", "safe", slow, aesKey, "", ""},
		{"safe, no reply", "safe", view, aesKey, "", ""},
		{"compatible, no reply", "both", view, aesKey, "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			target, body := signed(test.account, token, "n"), test.body
			if test.key != "" {
				encrypted := encrypt(t, test.key, appID, test.message)
				target, body = signedSafe(test.account, "n", encrypted), safeBody(encrypted)
				if test.account == "both" {
					// What stands beside the ciphertext is not signed.
					body = bothBody(text("9", "KT10"), encrypted)
				}
			}
			w := b.post(t, target, body)
			reply := w.Body.String()
			if w.Code != 200 {
				t.Fatalf("%d %q", w.Code, reply)
			}
			if test.key != "" && test.want != "" {
				if strings.Contains(reply, "剩余") {
					t.Errorf("reply is readable: %q", reply)
				}
				reply = unseal(t, reply, test.key)
			}
			if got := content(t, reply); got != test.want {
				t.Errorf("follower reads %q, want %q", got, test.want)
			}
		})
	}
	for _, c := range b.business.seen() {
		if c.Text == "KT10" {
			t.Error("the readable part of an encrypted message was believed")
		}
	}
}

func TestTheDecryptedReplyIsTheSameOnEveryTry(t *testing.T) {
	t.Parallel()
	b := newRig(t, callback.Config{})
	encrypted := encrypt(t, aesKey, appID, text("6074746557628292943", "资费"))
	first := b.post(t, signedSafe("safe", "1", encrypted), safeBody(encrypted)).Body.String()
	again := b.post(t, signedSafe("safe", "2", encrypted), safeBody(encrypted)).Body.String()
	if first == again {
		t.Error("two encryptions used the same random bytes")
	}
	if a, b := unseal(t, first, aesKey), unseal(t, again, aesKey); a != b {
		t.Errorf("%q, then %q", a, b)
	}
}

func TestWhatIsNotJudged(t *testing.T) {
	t.Parallel()
	unknown := callback.Texts{Default: "没有答案"}
	b := newRig(t, callback.Config{Answers: callback.Answers(callback.Fixed(map[string]callback.Texts{"demo": unknown, "other": unknown, "both": unknown, "safe": unknown}))})
	encrypted := encrypt(t, aesKey, appID, text("1", "天气"))
	for name, body := range map[string]string{
		"outer ToUserName of another account": strings.Replace(safeBody(encrypted), "gh_a96a4a619366", "gh_000000000000", 1),
		"no outer ToUserName":                 "<xml><Encrypt>" + encrypted + "</Encrypt></xml>",
	} { // the timestamp is of the year 2014 in all tests
		if w := b.post(t, signedSafe("safe", "n", encrypted), body); w.Code != 200 || content(t, unseal(t, w.Body.String(), aesKey)) != "没有答案" {
			t.Errorf("%s: %d %q", name, w.Code, w.Body)
		}
	}
}

// crafted encrypts bytes that no honest platform makes.
func crafted(t *testing.T, size uint32, message string, padding byte) string {
	t.Helper()
	key, err := base64.RawStdEncoding.DecodeString(aesKey)
	if err != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	b := binary.BigEndian.AppendUint32([]byte("0123456789abcdef"), size)
	b = append(b, message+appID...)
	b = append(b, bytes.Repeat([]byte{padding}, 32-len(b)%32)...)
	cipher.NewCBCEncrypter(block, key[:16]).CryptBlocks(b, b)
	return base64.StdEncoding.EncodeToString(b)
}

// hostilePush is a push that has to be refused. Its signatures are good, unless
// it says otherwise: it stands for a sender that knows the token.
type hostilePush struct {
	account, target, body string
	status                int
	reason                string
}

func hostilePushes(t *testing.T) map[string]hostilePush {
	t.Helper()
	order := text("1", "KT10")
	good := encrypt(t, aesKey, appID, order)
	flipped := []byte(good)
	flipped[100] ^= 1
	both := func(name, reason string, status int, encrypted string) hostilePush {
		return hostilePush{name, signedSafe(name, "n", encrypted), safeBody(encrypted), status, reason}
	}
	safe := func(reason string, encrypted string) hostilePush { return both("safe", reason, 400, encrypted) }
	unsigned := signed("safe", token, "n", "encrypt_type", "aes")
	pushes := map[string]hostilePush{
		"readable":                             {"safe", signed("safe", token, "n"), order, 400, "plaintext"},
		"readable, called raw":                 {"safe", signed("safe", token, "n", "encrypt_type", "raw"), order, 400, "plaintext"},
		"encrypted, to a plain account":        {"demo", signedSafe("demo", "n", good), safeBody(good), 400, "encrypted"},
		"no plain signature":                   {"safe", strings.Replace(signedSafe("safe", "n", good), "&signature=", "&x=", 1), safeBody(good), 403, "signature"},
		"no msg_signature":                     {"safe", unsigned, safeBody(good), 403, "msg_signature"},
		"plain signature as msg_signature":     {"safe", unsigned + "&msg_signature=" + wechat.Sign(token, "1414387151", "n"), safeBody(good), 403, "msg_signature"},
		"flipped bit under the old signature":  {"safe", signedSafe("safe", "n", good), safeBody(string(flipped)), 403, "msg_signature"},
		"flipped bit in compatible mode":       {"both", signedSafe("both", "n", good), bothBody(order, string(flipped)), 403, "msg_signature"},
		"cut under a new signature":            safe("decrypt", good[:128]),
		"nonce of another push":                {"safe", strings.Replace(signedSafe("safe", "n", good), "nonce=n&", "nonce=m&", 1), safeBody(good), 403, "signature"},
		"other key":                            safe("decrypt", encrypt(t, strings.Repeat("A", 43), appID, order)),
		"other account":                        safe("appid", encrypt(t, aesKey, "wx669ef95216eef886", order)),
		"no appid":                             safe("appid", encrypt(t, aesKey, "", order)),
		"other account under the previous key": safe("appid", encrypt(t, previousKey, "wx0", order)),
		"no base64":                            safe("base64", good[:50]+"*"+good[51:]),
		"URL alphabet":                         safe("base64", strings.Repeat("-_", 32)),
		"not a multiple of the block":          safe("decrypt", base64.StdEncoding.EncodeToString(make([]byte, 40))),
		"one AES block":                        safe("decrypt", base64.StdEncoding.EncodeToString(make([]byte, 16))),
		"no Encrypt":                           {"safe", unsigned, order, 400, "envelope"},
		"empty Encrypt":                        {"safe", unsigned, safeBody(""), 400, "envelope"},
		"two Encrypts":                         {"safe", signedSafe("safe", "n", good), bothBody(strings.TrimSpace(safeBody(good)), good), 400, "envelope"},
		"not XML":                              {"safe", unsigned, `{"Encrypt":"a"}`, 400, "malformed"},
		"DOCTYPE outside":                      {"safe", signedSafe("safe", "n", good), "<!DOCTYPE xml>" + safeBody(good), 400, "forbidden"},
		"deep nesting outside":                 {"safe", unsigned, strings.Repeat("<xml>", 5000) + strings.Repeat("</xml>", 5000), 400, "complex"},
		"huge body":                            {"safe", unsigned, safeBody(strings.Repeat("a", 70<<10)), 413, "too_large"},
		"nothing inside":                       safe("malformed", encrypt(t, aesKey, appID, "")),
		"no XML inside":                        safe("malformed", encrypt(t, aesKey, appID, "hello")),
		"unknown encoding inside":              safe("malformed", encrypt(t, aesKey, appID, `<?xml version="1.0" encoding="klingon"?>`+text("1", "x"))),
		"DOCTYPE inside":                       safe("forbidden", encrypt(t, aesKey, appID, `<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/passwd">]>`+order)),
		"deep nesting inside":                  safe("complex", encrypt(t, aesKey, appID, strings.Repeat("<xml>", 2000)+strings.Repeat("</xml>", 2000))),
		"huge field inside":                    both("both", "too_large", 413, encrypt(t, aesKey, appID, text("1", strings.Repeat("x", 20<<10)))),
		"no sender inside":                     safe("field", encrypt(t, aesKey, appID, "<xml><MsgType>text</MsgType></xml>")),
		"an envelope inside":                   safe("field", encrypt(t, aesKey, appID, safeBody(good))),
	}
	for padding, name := range map[byte]string{0: "padding of 0", 33: "padding of 33", 255: "padding of 255"} {
		// 20 + 21 + 18 bytes and 5 of padding, which all are wrong.
		pushes[name] = safe("decrypt", crafted(t, 21, strings.Repeat("x", 21), padding))
	}
	length, pad := uint32(len(order)), 32-(20+len(order)+len(appID))%32
	pushes["length swallows the id"] = safe("appid", crafted(t, length+uint32(len(appID)), order, byte(pad)))
	pushes["length is short"] = safe("appid", crafted(t, length-1, order, byte(pad)))
	pushes["destroyed length"] = safe("buffer", crafted(t, 1<<32-1, order, byte(pad)))
	return pushes
}

func TestHostilePushesInSafeMode(t *testing.T) {
	t.Parallel()
	for name, push := range hostilePushes(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newRig(t, callback.Config{})
			w := b.post(t, push.target, push.body)
			if w.Code != push.status {
				t.Errorf("status %d, want %d; body %q", w.Code, push.status, w.Body)
			}
			if got := b.counter(t, `oalab_callback_refused_total{reason="`+push.reason+`"}`); got != "1" {
				t.Errorf("counter %s = %s; body %q", push.reason, got, w.Body)
			}
			if len(b.business.seen()) != 0 {
				t.Error("business was asked")
			}
			if w.Body.Len() > 200 || strings.Contains(w.Body.String(), "KT10") || push.status != 403 && w.Body.Len() == 0 {
				t.Errorf("body %q", w.Body)
			}
			if strings.Contains(b.log.String(), "KT10") || strings.Contains(b.log.String(), aesKey) {
				t.Errorf("log shows the message or the key:\n%s", b.log.String())
			}
		})
	}
}

// TestPublishedPushes sends the captured pushes of the vectors that are messages.
func TestPublishedPushes(t *testing.T) {
	t.Parallel()
	const encrypted = "wVQjGs46yqw0j5IhISmROAFui9lgiZB3VM1rYd73dYMzYJSvRbYQe0f+K+mo/4iGgrqnQA0FucnRBj/FNY7PIku/s4FZ+jC5kK/LXCgsdN/57w9qcatKvvRLDaPrLiUZ+AFBkFjSqkRUZWAgVbBk8tpwtt8R22m0BoNqLcV1n2gRjX05b/Lw+fEm//7tX+yu2f66PNN2GiRFGKbvMasVHXKdqIRqW4224C3p0G7YxPEHLSTH1AWMjl9mDvIbtgCIMQ/yZf+Cm27B+pscDD9ocPl5ruc92yRGTtcjYmd0bQxW1eBAJJiIpA9TzZKjIxwIyoJ3jK56GUu25iC6KuBIQi357JhygGLSaoC6TlWMlJFEIxtd2JKHVEzGNJ+LuQrU5jgnMLLhSxsq5u8r/VMbyKroXGpWNvu9irPrcMhC4L0="
	keys, err := wechat.NewKeyring(appID, "YTJkZmVjMzQ5NDU5NDY3MDhiZWI0NTdiMjFiY2I5MmU", "")
	if err != nil {
		t.Fatal(err)
	}
	b := newRig(t, callback.Config{}, callback.Account{Name: "captured", Token: "weixin", Mode: wechat.ModeSafe, Keys: keys})
	w := httptest.NewRecorder()
	b.router.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "POST",
		"/wechat/captured?signature=330ed3b64e363dc876f35e54a79e59b48739f567&timestamp=1570075722&nonce=863153744&encrypt_type=aes&msg_signature=71dc359205a4660bc3b3046b643452c994b5897d",
		strings.NewReader(safeBody(encrypted))))
	if w.Code != 200 {
		t.Fatalf("%d %q", w.Code, w.Body)
	}
	if got := b.business.seen(); len(got) != 1 || got[0].Text != "11" || got[0].Key != "22478079132150902" || got[0].OpenID != openid {
		t.Errorf("business was asked %+v", got)
	}
}
