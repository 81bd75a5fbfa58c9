package platform

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
)

// Followers says which openids follow an account. The first of the three ways
// that is set counts; the zero value means every openid that has sent something.
type Followers struct {
	// Is decides by itself. It must be safe for concurrent use.
	Is func(openID string) bool
	// List names them all.
	List []string
	// Count of a generated crowd: OpenID(0) to OpenID(Count-1). It takes no memory.
	Count int
	// Seed of the generated crowd.
	Seed uint64
}

const (
	openIDLen   = 28
	indexDigits = 6 // of 64: room for 6.8e10 followers
)

const indexAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// OpenID is the i-th follower of a generated crowd: "o", a digest, and the
// index, so that membership can be told without a table.
func (f Followers) OpenID(i int) string {
	var in [16]byte
	binary.BigEndian.PutUint64(in[:], f.Seed)
	binary.BigEndian.PutUint64(in[8:], uint64(i))
	sum := sha256.Sum256(in[:])
	var out [openIDLen]byte
	out[0] = 'o'
	base64.RawURLEncoding.Encode(out[1:], sum[:15]) // 20 characters
	out[21] = indexAlphabet[sum[31]&63]
	for k, n := openIDLen-1, uint64(i); k >= openIDLen-indexDigits; k-- {
		out[k] = indexAlphabet[n&63]
		n >>= 6
	}
	return string(out[:])
}

func (f Followers) generated(openID string) bool {
	if len(openID) != openIDLen {
		return false
	}
	n := 0
	for _, c := range []byte(openID[openIDLen-indexDigits:]) {
		v := indexValue(c)
		if v < 0 {
			return false
		}
		n = n<<6 | v
	}
	return n < f.Count && f.OpenID(n) == openID
}

// TokenLetters says whether a text has only the letters of an access token.
func TokenLetters(text string) bool {
	for i := range len(text) {
		if indexValue(text[i]) < 0 {
			return false
		}
	}
	return true
}

func indexValue(c byte) int {
	switch {
	case c >= 'A' && c <= 'Z':
		return int(c - 'A')
	case c >= 'a' && c <= 'z':
		return int(c-'a') + 26
	case c >= '0' && c <= '9':
		return int(c-'0') + 52
	case c == '-':
		return 62
	case c == '_':
		return 63
	}
	return -1
}

// matcher returns how to tell a follower, and nil when only those who have sent
// something are known.
func (f Followers) matcher() func(string) bool {
	switch {
	case f.Is != nil:
		return f.Is
	case len(f.List) > 0:
		set := make(map[string]struct{}, len(f.List))
		for _, id := range f.List {
			set[id] = struct{}{}
		}
		return func(id string) bool { _, ok := set[id]; return ok }
	case f.Count > 0:
		return f.generated
	}
	return nil
}

// Pick returns the n-th follower, wrapping around, and false when the account
// knows none by name.
func (f Followers) Pick(n uint64) (string, bool) {
	switch {
	case len(f.List) > 0:
		return f.List[n%uint64(len(f.List))], true
	case f.Count > 0:
		return f.OpenID(int(n % uint64(f.Count))), true
	}
	return "", false
}

// CookieOpenID is the cookie that tells the consent page whose phone the browser is.
const CookieOpenID = "phone_openid"

// WellFormed says whether a string looks like an openid at all.
func WellFormed(openID string) bool {
	if len(openID) != openIDLen || openID[0] != 'o' {
		return false
	}
	for i := range len(openID) {
		if indexValue(openID[i]) < 0 {
			return false
		}
	}
	return true
}
