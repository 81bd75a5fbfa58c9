package wechat

import (
	"crypto/sha1" // the protocol prescribes it
	"crypto/subtle"
	"encoding/hex"
)

// signatureSize is the length of a signature in hexadecimal.
const signatureSize = 2 * sha1.Size

// Sign returns the platform's signature over the parts: the lower-case
// hexadecimal SHA-1 of the parts in byte order, joined without a separator. A
// plain call signs token, timestamp and nonce (MSG-1); msg_signature signs the
// text of Encrypt too (MSG-2).
func Sign(parts ...string) string {
	sum := digest(parts...)
	return string(sum[:])
}

// SignatureMatches reports whether signature is what Sign returns for the
// parts. The comparison takes the same time wherever the first difference is,
// so that an attacker cannot find a signature byte by byte. An empty token
// signs nothing: the caller must not have one.
func SignatureMatches(signature string, parts ...string) bool {
	sum := digest(parts...)
	return subtle.ConstantTimeCompare([]byte(signature), sum[:]) == 1
}

// digest is the signature over the parts. It works on the stack for up to four
// parts of a usual message and leaves the caller's slice as it is.
func digest[T ~string | ~[]byte](parts ...T) (sum [signatureSize]byte) {
	var few [4]T
	sorted := append(few[:0], parts...)
	for i := range sorted {
		for j := i; j > 0 && string(sorted[j]) < string(sorted[j-1]); j-- {
			sorted[j], sorted[j-1] = sorted[j-1], sorted[j]
		}
	}
	var room [1024]byte
	joined := room[:0]
	for _, part := range sorted {
		joined = append(joined, part...)
	}
	raw := sha1.Sum(joined)
	hex.Encode(sum[:], raw[:])
	return sum
}
