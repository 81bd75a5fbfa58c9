package message

import (
	"bytes"
	"cmp"
	"fmt"
)

// The modes of an account, as set in the platform's console.
const (
	modePlain      = "plain" // and ""
	modeCompatible = "compatible"
	ModeSafe       = "safe"
)

// Envelope turns a message into a body and the query that the mode adds, and a
// body that was answered back into plaintext. Plain mode leaves both as they are.
type Envelope interface {
	// Seal gets 16 random characters for the head of the plaintext.
	Seal(plain []byte, timestamp, nonce, random string) (body []byte, query string)
	Open(body []byte) ([]byte, error)
}

// Keys are what an account and the platform share about the form of a push. The zero
// value is plain mode.
type Keys struct {
	Mode           string // plain (or empty), compatible or safe; the last two need the key
	EncodingAESKey string
	AppID          string
	Token          string // signs
	OriginalID     string // ToUserName outside of the ciphertext
	// Outer is the name of the element outside of the ciphertext; empty means ToUserName.
	Outer string
}

// NewEnvelope makes the envelope of an account. It fails for a key or a mode that
// is not one.
func NewEnvelope(k Keys) (Envelope, error) {
	switch k.Mode {
	case "", modePlain:
		return plainEnvelope{}, nil
	case modeCompatible, ModeSafe:
		c, err := newCrypt(k.EncodingAESKey, k.AppID)
		if err != nil {
			return nil, fmt.Errorf("mode %s needs a key: %w", k.Mode, err)
		}
		return &sealedEnvelope{crypt: c, token: k.Token, outer: cmp.Or(k.Outer, "ToUserName"), originalID: k.OriginalID, compatible: k.Mode == modeCompatible}, nil
	}
	return nil, fmt.Errorf("mode %q is none of plain, compatible, safe", k.Mode)
}

type plainEnvelope struct{}

func (plainEnvelope) Seal(plain []byte, _, _, _ string) ([]byte, string) { return plain, "" }
func (plainEnvelope) Open(body []byte) ([]byte, error)                   { return body, nil }

type sealedEnvelope struct {
	*crypt
	token      string
	outer      string // name of the element beside the ciphertext
	originalID string // its text
	compatible bool
}

// Seal writes only the outer element beside the ciphertext in safe mode, and the whole
// message in compatible mode.
func (e *sealedEnvelope) Seal(plain []byte, timestamp, nonce, random string) ([]byte, string) {
	encrypt := e.encrypt(random, plain)
	b := make([]byte, 0, len(encrypt)+len(plain)+160)
	if e.compatible {
		b = append(b, bytes.TrimSuffix(plain, []byte("</xml>"))...)
		b = append(b, "<Encrypt><![CDATA["+encrypt+"]]></Encrypt>\n</xml>"...)
	} else {
		b = append(b, "<xml>\n    <"+e.outer+"><![CDATA["+e.originalID+"]]></"+e.outer+">\n    <Encrypt><![CDATA["...)
		b = append(append(b, encrypt...), "]]></Encrypt>\n</xml>\n"...)
	}
	return b, "&encrypt_type=aes&msg_signature=" + msgSignature(e.token, timestamp, nonce, encrypt)
}

// Open reads an answer: "success" and nothing are plaintext in every mode; a
// reply is encrypted, but in compatible mode it may be readable. What it decrypts
// to may be empty: one SDK says nothing in that way (sheet 1.3, 1.7).
func (e *sealedEnvelope) Open(body []byte) ([]byte, error) {
	trimmed := bytes.TrimSpace(body)
	if len(trimmed) == 0 || string(trimmed) == "success" {
		return body, nil
	}
	root, err := parseXML(body)
	if err != nil {
		return nil, err
	}
	if e.compatible && !root.has("Encrypt") {
		return body, nil
	}
	if root.name != "xml" {
		return nil, fmt.Errorf("%w: root element is <%s>, want <xml>", errXML, root.name)
	}
	var fields [4]string
	for i, name := range []string{"Encrypt", "MsgSignature", "TimeStamp", "Nonce"} {
		if fields[i], err = nonEmpty(root, name); err != nil {
			return nil, err
		}
	}
	if want := msgSignature(e.token, fields[2], fields[3], fields[0]); fields[1] != want {
		return nil, fmt.Errorf("%w: MsgSignature does not match (-40001)", errXML)
	}
	return e.decrypt(fields[0])
}
