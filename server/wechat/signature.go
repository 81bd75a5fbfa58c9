package wechat

import (
	"crypto/sha1" // the protocol prescribes it
	"crypto/subtle"
	"encoding/hex"
	"slices"
)

// Sign returns the platform's signature over the parts: the lower-case
// hexadecimal SHA-1 of the parts in byte order, joined without a separator. A
// plain call signs token, timestamp and nonce (MSG-1).
func Sign(parts ...string) string {
	sorted := slices.Clone(parts)
	slices.Sort(sorted)
	digest := sha1.New()
	for _, part := range sorted {
		// A hash never returns an error.
		_, _ = digest.Write([]byte(part))
	}
	return hex.EncodeToString(digest.Sum(nil))
}

// SignatureMatches reports whether signature is what Sign returns for the
// parts. The comparison takes the same time wherever the first difference is,
// so that an attacker cannot find a signature byte by byte. An empty token
// signs nothing: the caller must not have one.
func SignatureMatches(signature string, parts ...string) bool {
	return subtle.ConstantTimeCompare([]byte(signature), []byte(Sign(parts...))) == 1
}
