package business

import (
	"crypto/rand"
	"crypto/sha256"
	"time"
)

// serialLength is the length of a serial: 9 characters of time, so that new
// rows go to the end of the index, and 15 random ones (75 bits).
const serialLength = 24

const serialDigits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// NewSerial makes a serial number for an order: unique, of [0-9A-Z].
func NewSerial(now time.Time) string {
	var s [serialLength]byte
	ms := uint64(now.UnixMilli())
	for i := 8; i >= 0; i-- {
		s[i] = serialDigits[ms%32]
		ms /= 32
	}
	var random [serialLength - 9]byte
	_, _ = rand.Read(random[:]) // never fails (documented)
	for i, b := range random {
		s[9+i] = serialDigits[b%32]
	}
	return string(s[:])
}

// serialOf is a serial number for the job with this key, the same each time: the carrier
// swallows a repeat.
func serialOf(key string) string {
	sum := sha256.Sum256([]byte(key))
	s := sum[:serialLength]
	for i, b := range s {
		s[i] = serialDigits[b%32]
	}
	return string(s)
}
