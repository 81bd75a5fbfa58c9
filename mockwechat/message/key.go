package message

import (
	"encoding/base64"
	"errors"
	"math/rand/v2"
	"strings"
)

const (
	keyLength = 43
	keyLetter = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	// keyLast are the letters whose two low bits, which belong to no key, are zero.
	keyLast = "AEIMQUYcgkosw048"
)

// NewEncodingAESKey makes a key as the platform's console does. It is canonical:
// the bits of its text that are not of the key are zero, so that strict decoders
// read it too (sheet 1.4).
func NewEncodingAESKey(rng *rand.Rand) string {
	b := make([]byte, keyLength)
	for i := range b {
		b[i] = keyLetter[rng.IntN(len(keyLetter))]
	}
	b[keyLength-1] = keyLast[rng.IntN(len(keyLast))]
	return string(b)
}

var errKey = errors.New("encoding_aes_key: want 43 letters and digits")

// DecodeKey returns the 32 bytes of a key, canonical or not.
func DecodeKey(text string) ([]byte, error) {
	if len(text) != keyLength || strings.Trim(text, keyLetter) != "" {
		return nil, errKey
	}
	key, err := base64.StdEncoding.DecodeString(text + "=")
	if err != nil {
		return nil, errKey
	}
	return key, nil
}
