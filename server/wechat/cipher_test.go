package wechat_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"oalab/server/wechat"
)

const (
	appID  = "wx669ef95216eef885"
	aesKey = "mNnY5GekpChwqhy2c4NBH90g3hND6GeI4gii2YCvKLY"
	oldKey = "YTJkZmVjMzQ5NDU5NDY3MDhiZWI0NTdiMjFiY2I5MmU"
)

func random16() [16]byte { return [16]byte([]byte("0123456789abcdef")) }

func newCipher(t testing.TB, key, appID string) *wechat.Cipher {
	t.Helper()
	c, err := wechat.NewCipher(key, appID)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// raw encrypts any bytes, padded or not, with the library alone.
func raw(t testing.TB, plain []byte) string {
	t.Helper()
	key, err := base64.StdEncoding.DecodeString(aesKey + "=")
	if err != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	out := bytes.Clone(plain)
	cipher.NewCBCEncrypter(block, key[:aes.BlockSize]).CryptBlocks(out, out)
	return base64.StdEncoding.EncodeToString(out)
}

// plaintext is what Open sees of the message hello under the encryption, with any length field, id
// and padding of one value.
func plaintext(size uint32, id string, padding byte, n int) []byte {
	b := []byte("0123456789abcdef")
	b = binary.BigEndian.AppendUint32(b, size)
	b = append(b, "hello"+id...)
	return append(b, bytes.Repeat([]byte{padding}, n)...)
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	good := string(newCipher(t, aesKey, appID).AppendSeal(nil, random16(), []byte("hello")))
	// 20 + 5 + 18 bytes of plaintext: 21 of padding.
	mixed := plaintext(5, appID, 21, 21)
	mixed[len(mixed)-5] = 20
	tests := map[string]struct {
		encrypted string
		want      error
	}{
		"nothing":                  {"", wechat.ErrDecrypt},
		"no base64":                {"!" + good[1:], wechat.ErrBase64},
		"torn base64":              {good[:len(good)-1], wechat.ErrBase64},
		"base64 with line breaks":  {good[:40] + "\n" + good[40:], wechat.ErrBase64},
		"URL alphabet":             {"____" + good[4:], wechat.ErrBase64},
		"one AES block":            {raw(t, make([]byte, 16)), wechat.ErrDecrypt},
		"half a block":             {base64.StdEncoding.EncodeToString(make([]byte, 40)), wechat.ErrDecrypt},
		"three AES blocks":         {raw(t, plaintext(5, "wx0", 20, 20)), wechat.ErrDecrypt},
		"no padding":               {raw(t, plaintext(5, appID, 0, 21)), wechat.ErrDecrypt},
		"padding of 33":            {raw(t, plaintext(5, appID, 33, 21)), wechat.ErrDecrypt},
		"padding of 255":           {raw(t, plaintext(5, appID, 255, 21)), wechat.ErrDecrypt},
		"padding of two values":    {raw(t, mixed), wechat.ErrDecrypt},
		"other key":                {string(newCipher(t, oldKey, appID).AppendSeal(nil, random16(), []byte("hello"))), wechat.ErrDecrypt},
		"nothing but padding":      {raw(t, bytes.Repeat([]byte{32}, 32)), wechat.ErrBuffer},
		"head is cut":              {raw(t, append(make([]byte, 19), bytes.Repeat([]byte{13}, 13)...)), wechat.ErrBuffer},
		"length of one too many":   {raw(t, plaintext(24, appID, 21, 21)), wechat.ErrBuffer},
		"length with the sign bit": {raw(t, plaintext(1<<31, appID, 21, 21)), wechat.ErrBuffer},
		"greatest length":          {raw(t, plaintext(1<<32-1, appID, 21, 21)), wechat.ErrBuffer},
		"length swallows the id":   {raw(t, plaintext(23, appID, 21, 21)), wechat.ErrAppID},
		"length is short":          {raw(t, plaintext(4, appID, 21, 21)), wechat.ErrAppID},
		"other id":                 {string(newCipher(t, aesKey, "wx669ef95216eef886").AppendSeal(nil, random16(), []byte("hello"))), wechat.ErrAppID},
		"no id":                    {string(newCipher(t, aesKey, "").AppendSeal(nil, random16(), []byte("hello"))), wechat.ErrAppID},
		"id in upper case":         {string(newCipher(t, aesKey, strings.ToUpper(appID)).AppendSeal(nil, random16(), []byte("hello"))), wechat.ErrAppID},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			message, random, err := newCipher(t, aesKey, appID).Open(test.encrypted)
			if !errors.Is(err, test.want) || message != nil || random != nil {
				t.Errorf("Open = %q, %q, %v; want %v", message, random, err, test.want)
			}
		})
	}
}

func TestSealAndOpenAtEveryLength(t *testing.T) {
	t.Parallel()
	c := newCipher(t, aesKey, appID)
	for size := range 200 {
		message := bytes.Repeat([]byte{'x'}, size)
		sealed := string(c.AppendSeal([]byte("before"), random16(), message))
		text, ok := strings.CutPrefix(sealed, "before")
		if !ok {
			t.Fatalf("what stood before is gone: %q", sealed)
		}
		got, random, err := c.Open(text)
		if err != nil || !bytes.Equal(got, message) || [16]byte(random) != random16() {
			t.Fatalf("%d bytes came back as %q, %q, %v", size, got, random, err)
		}
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		key             string
		good, canonical bool
	}{
		"captured":              {aesKey, true, true},
		"left-over bits":        {"jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", true, false},
		"one short":             {aesKey[:42], false, false},
		"one long":              {aesKey + "A", false, false},
		"with its padding":      {aesKey[:42] + "=", false, false},
		"sign of base64":        {"+" + aesKey[1:], false, false},
		"letter of three bytes": {"流" + aesKey[3:], false, false},
		"nothing":               {"", false, false},
	}
	for name, test := range tests {
		_, err := wechat.ParseKey(test.key)
		if test.good != (err == nil) || err != nil && !errors.Is(err, wechat.ErrKey) {
			t.Errorf("%s: ParseKey = %v", name, err)
		}
		if err != nil && test.key != "" && strings.Contains(err.Error(), test.key) {
			t.Errorf("%s: the error shows the key: %v", name, err)
		}
		if got := wechat.CanonicalKey(test.key); got != test.canonical {
			t.Errorf("%s: CanonicalKey = %v", name, got)
		}
		if _, err := wechat.NewCipher(test.key, appID); test.good != (err == nil) {
			t.Errorf("%s: NewCipher = %v", name, err)
		}
	}
	// The left-over bits change nothing.
	a, _ := wechat.ParseKey("jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C")
	b, _ := wechat.ParseKey("jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2A")
	if a != b {
		t.Error("two keys that differ in the left-over bits give different AES keys")
	}
}

func TestKeyring(t *testing.T) {
	t.Parallel()
	seal := func(key, id string) string {
		return string(newCipher(t, key, id).AppendSeal(nil, random16(), []byte("hello")))
	}
	single, err := wechat.NewKeyring(appID, aesKey, "")
	if err != nil {
		t.Fatal(err)
	}
	both, err := wechat.NewKeyring(appID, aesKey, oldKey)
	if err != nil {
		t.Fatal(err)
	}
	third := "aNnY5GekpChwqhy2c4NBH90g3hND6GeI4gii2YCvKLY"
	tests := map[string]struct {
		ring      *wechat.Keyring
		encrypted string
		key       string // that was used
		want      error
	}{
		"current":                   {both, seal(aesKey, appID), aesKey, nil},
		"previous":                  {both, seal(oldKey, appID), oldKey, nil},
		"neither":                   {both, seal(third, appID), "", wechat.ErrDecrypt},
		"no previous":               {single, seal(oldKey, appID), "", wechat.ErrDecrypt},
		"current, other account":    {both, seal(aesKey, "wx0"), "", wechat.ErrAppID},
		"previous, other account":   {both, seal(oldKey, "wx0"), "", wechat.ErrAppID},
		"no base64 under any of it": {both, "?", "", wechat.ErrBase64},
	}
	for name, test := range tests {
		message, used, err := test.ring.Open(test.encrypted)
		if !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
			continue
		}
		if test.want != nil {
			if used != nil || message != nil {
				t.Errorf("%s: a message and an error", name)
			}
			continue
		}
		if string(message) != "hello" || string(used.AppendSeal(nil, random16(), []byte("x"))) !=
			string(newCipher(t, test.key, appID).AppendSeal(nil, random16(), []byte("x"))) {
			t.Errorf("%s: message %q, or another key would be used for the reply", name, message)
		}
	}
	for _, keys := range [][2]string{{"short", ""}, {aesKey, "short"}, {"", ""}} {
		if _, err := wechat.NewKeyring(appID, keys[0], keys[1]); !errors.Is(err, wechat.ErrKey) {
			t.Errorf("NewKeyring(%q) = %v", keys, err)
		}
	}
}

func TestCodes(t *testing.T) {
	t.Parallel()
	for err, code := range map[wechat.CryptError]int{
		wechat.ErrMsgSignature: -40001, wechat.ErrEnvelope: -40002, wechat.ErrKey: -40004, wechat.ErrAppID: -40005,
		wechat.ErrDecrypt: -40007, wechat.ErrBuffer: -40008, wechat.ErrBase64: -40010,
	} {
		if err.Code() != code || !strings.Contains(err.Error(), "("+"-400") {
			t.Errorf("%v: code %d, want %d", err, err.Code(), code)
		}
	}
}

// FuzzOpen feeds the decrypter with ciphertexts, and with plaintexts of any shape
// under the right key, which a signature alone would let through.
func FuzzOpen(f *testing.F) {
	f.Add([]byte("hello"), appID, true)
	f.Add(plaintext(5, appID, 21, 21), appID, false)
	f.Add(plaintext(1<<32-1, appID, 21, 21), appID, false)
	f.Add(bytes.Repeat([]byte{32}, 64), "", false)
	c := newCipher(f, aesKey, appID)
	f.Fuzz(func(t *testing.T, plain []byte, text string, whole bool) {
		if whole {
			sealed := string(c.AppendSeal(nil, random16(), plain))
			got, _, err := c.Open(sealed)
			if err != nil || !bytes.Equal(got, plain) {
				t.Fatalf("%q came back as %q, %v", plain, got, err)
			}
		}
		_, _, _ = c.Open(text) // must not panic
		if rest := len(plain) % 32; rest != 0 {
			plain = append(plain, bytes.Repeat([]byte{byte(32 - rest)}, 32-rest)...)
		}
		message, random, err := c.Open(raw(t, plain))
		if err != nil {
			if message != nil || random != nil {
				t.Fatal("a message and an error")
			}
			return
		}
		// What was accepted is exactly what sealing it again gives.
		if got := string(c.AppendSeal(nil, [16]byte(random), message)); got != raw(t, plain) {
			t.Fatalf("accepted %q, which is %q sealed otherwise", plain, message)
		}
	})
}
