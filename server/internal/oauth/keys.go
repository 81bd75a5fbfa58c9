package oauth

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// Keyring has what is derived from the keys of the configuration: it seals what leaves the
// server or is kept at rest (AES-256-GCM), and signs tokens for the API (Ed25519). It is
// safe for concurrent use.
type Keyring struct {
	current *key
	byID    map[string]*key
}

type key struct {
	id      string // names the key in rows and tokens; says nothing about it
	seal    cipher.AEAD
	session []byte
	sign    ed25519.PrivateKey
}

// ErrSeal says that something was not sealed by a key of the ring, or for another purpose.
var ErrSeal = errors.New("the seal is broken, or of an unknown key")

// NewKeyring derives the keys; previous may be empty.
func NewKeyring(current, previous string) (*Keyring, error) {
	r := &Keyring{byID: make(map[string]*key)}
	for _, text := range []string{previous, current} { // the last one is in use
		if text == "" {
			continue
		}
		k, err := derive(text)
		if err != nil {
			return nil, fmt.Errorf("derive keys of the login: %w", err)
		}
		r.current, r.byID[k.id] = k, k
	}
	if current == "" {
		return nil, errors.New("the login has no key")
	}
	return r, nil
}

// derive makes a key for each purpose, so that one says nothing about another.
func derive(text string) (*key, error) {
	part := func(purpose string, size int) []byte {
		out, err := hkdf.Key(sha256.New, []byte(text), nil, "oalab login "+purpose, size)
		if err != nil {
			panic(err) // the sizes are constants
		}
		return out
	}
	block, err := aes.NewCipher(part("seal", 32))
	if err != nil {
		return nil, err
	}
	k := &key{id: hex.EncodeToString(part("id", 8)), session: part("session", 32), sign: ed25519.NewKeyFromSeed(part("sign", ed25519.SeedSize))}
	k.seal, err = cipher.NewGCM(block)
	return k, err
}

// Seal seals under the key in use, bound to a purpose; it returns the key's id.
func (r *Keyring) Seal(plain []byte, purpose string) (id string, sealed []byte) {
	nonce := make([]byte, r.current.seal.NonceSize())
	_, _ = rand.Read(nonce) // never fails: it ends the program first
	return r.current.id, r.current.seal.Seal(nonce, nonce, plain, []byte(purpose))
}

// Open opens what Seal has sealed for the same purpose.
func (r *Keyring) Open(id string, sealed []byte, purpose string) ([]byte, error) {
	k, known := r.byID[id]
	if !known || len(sealed) < k.seal.NonceSize() {
		return nil, ErrSeal
	}
	nonce, rest := sealed[:k.seal.NonceSize()], sealed[k.seal.NonceSize():]
	plain, err := k.seal.Open(nil, nonce, rest, []byte(purpose))
	if err != nil {
		return nil, ErrSeal
	}
	return plain, nil
}

// sealText is Seal in a form for cookies.
func (r *Keyring) sealText(plain []byte, purpose string) string {
	id, sealed := r.Seal(plain, purpose)
	return id + "." + base64.RawURLEncoding.EncodeToString(sealed)
}

// openText is Open of what sealText has made.
func (r *Keyring) openText(text, purpose string) ([]byte, error) {
	id, encoded, _ := strings.Cut(text, ".")
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return nil, ErrSeal
	}
	return r.Open(id, sealed, purpose)
}

// sessionToken is the secret of the session that a login ends in. It follows from the state
// of the login, which is new each time: a repeat of the callback gives the same session, and
// no browser can choose one beforehand.
func (r *Keyring) sessionToken(account, state string) string {
	mac := hmac.New(sha256.New, r.current.session)
	mac.Write([]byte(account + "\x00" + state))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// digest is what a secret is called where it is kept.
func digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
