package callback

import (
	"crypto/rand"
	"encoding/base64"
	"net/url"
	"time"

	"oalab/server/wechat"
)

// Account is what the callback knows of one official account. Name and Token
// must not be empty.
type Account struct {
	Name, Token string
	// Mode is how the platform speaks with the account; empty means plain.
	Mode wechat.Mode
	// Keys decrypt messages; nil in plain mode only.
	Keys *wechat.Keyring
}

func (a *Account) plain() bool { return a.Mode == "" || a.Mode == wechat.ModePlain }

// admit says what is wrong with a push in the form it came in, "" for nothing.
// In compatible mode both forms are good: a server that cannot decrypt reads the other.
func (a *Account) admit(encrypted bool) (reason, detail string) {
	switch {
	case encrypted && a.plain():
		return refusedEncrypted, "account is in plaintext mode, the message is encrypted"
	case !encrypted && a.Mode == wechat.ModeSafe:
		return refusedPlaintext, "account is in safe mode, the message is not encrypted"
	default:
		return "", ""
	}
}

// message reads a push and, when it came encrypted, says which cipher is for the
// reply. Only msg_signature vouches for a ciphertext, so it is judged first; the
// plain elements beside it are not read. Neither the outer ToUserName nor the age
// of the timestamp is judged.
func (a *Account) message(body []byte, query url.Values, encrypted bool) (*wechat.Message, *wechat.Cipher, error) {
	if !encrypted {
		m, err := wechat.ParseMessage(body)
		return m, nil, err
	}
	envelope, err := wechat.ParseEnvelope(body)
	if err != nil {
		return nil, nil, err
	}
	if err := envelope.Verify(query.Get("msg_signature"), a.Token, query.Get("timestamp"), query.Get("nonce")); err != nil {
		return nil, nil, err
	}
	plain, cipher, err := a.Keys.Open(envelope.Encrypt)
	if err != nil {
		return nil, nil, err
	}
	m, err := wechat.ParseMessage(plain)
	return m, cipher, err
}

// seal encrypts a reply with the key of its message.
func (a *Account) seal(reply []byte, cipher *wechat.Cipher, query url.Values, now time.Time) []byte {
	return cipher.SealReply(a.Token, now.Unix(), query.Get("nonce"), random(), reply)
}

// random is 96 random bits in 16 printable characters, as some receivers take
// them for text.
func random() (out [wechat.RandomSize]byte) {
	var raw [12]byte
	_, _ = rand.Read(raw[:]) // never fails: the program would have ended
	base64.RawURLEncoding.Encode(out[:], raw[:])
	return out
}
