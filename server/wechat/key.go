package wechat

import (
	"encoding/base64"
	"fmt"
	"strings"
)

// keyLength is the length of an EncodingAESKey: 258 bits of text for 256 of key.
const keyLength = 43

// ParseKey returns the AES key of an EncodingAESKey. The two bits that are left
// over in the last character are ignored: the platform hands out keys with any
// value of them, and most published ones are. The error is ErrKey and quotes
// nothing of the key.
func ParseKey(encodingAESKey string) (key [32]byte, err error) {
	if len(encodingAESKey) != keyLength {
		return key, fmt.Errorf("%w: %d characters", ErrKey, len(encodingAESKey))
	}
	for _, c := range []byte(encodingAESKey) {
		if !alphanumeric(c) {
			return key, ErrKey
		}
	}
	var text [keyLength + 1]byte
	copy(text[:], encodingAESKey)
	text[keyLength] = '='
	var buf [33]byte // what base64 calls the decoded length of 44 characters
	n, err := base64.StdEncoding.Decode(buf[:], text[:])
	if err != nil || n != len(key) {
		return key, ErrKey
	}
	copy(key[:], buf[:])
	return key, nil
}

// CanonicalKey reports whether a key is good and the left-over bits of its last
// character are zero, so that strict base64 decoders accept it too. A key that
// one makes must be canonical; one that the platform made need not.
func CanonicalKey(encodingAESKey string) bool {
	if _, err := ParseKey(encodingAESKey); err != nil {
		return false
	}
	return strings.IndexByte("AEIMQUYcgkosw048", encodingAESKey[keyLength-1]) >= 0
}

func alphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}
