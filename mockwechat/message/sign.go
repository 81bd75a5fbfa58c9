package message

import (
	"crypto/sha1"
	"encoding/hex"
)

// Signature is the platform's: the SHA-1, in hex, of the three strings put in
// byte order and joined. It is written here a second time, apart from the
// server's, so that the two cannot share a mistake.
func Signature(token, timestamp, nonce string) string {
	a, b, c := token, timestamp, nonce
	if b < a {
		a, b = b, a
	}
	if c < b {
		b, c = c, b
	}
	if b < a {
		a, b = b, a
	}
	var buf [128]byte
	in := append(append(append(buf[:0], a...), b...), c...)
	sum := sha1.Sum(in)
	var out [2 * sha1.Size]byte
	hex.Encode(out[:], sum[:])
	return string(out[:])
}
