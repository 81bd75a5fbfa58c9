package bind

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"math/big"
)

// rounds make the digest of a code slow.
const rounds = 20_000

// newCode draws a code, each as likely as any other.
func newCode() string {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		panic(err) // crypto/rand does not fail
	}
	return fmt.Sprintf("%06d", n)
}

// digest is what is kept of a code.
func digest(code string) (salt, sum []byte) {
	salt = make([]byte, 16)
	_, _ = rand.Read(salt) // it does not fail
	return salt, slow(code, salt)
}

func slow(code string, salt []byte) []byte {
	sum, err := pbkdf2.Key(sha256.New, code, salt, rounds, sha256.Size)
	if err != nil {
		panic(err) // the lengths are constants that it takes
	}
	return sum
}

// matches reports whether a code is the one of which a digest is kept.
func matches(code string, salt, sum []byte) bool {
	return len(sum) > 0 && subtle.ConstantTimeCompare(slow(code, salt), sum) == 1
}

// newSerial names the sending of a code at the carrier.
func newSerial() string { return "V" + rand.Text()[:20] }
