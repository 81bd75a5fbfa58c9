// Package filestore owns where the files are that the servers of a system share: what operators
// upload for answers, and what followers send (MSG-14). A Store is a folder of one server, or
// an S3-compatible store of several.
package filestore

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// MaxSize is the size of the largest file, in bytes. A file is in memory as a whole while it
// is written or read.
const MaxSize = 20 << 20

// The errors that callers tell apart; each comes wrapped, with the key.
var (
	// ErrNotFound says that there is no file under a key.
	ErrNotFound = errors.New("no such file")
	// ErrFull says that the store has no room: it is to be freed or enlarged.
	ErrFull = errors.New("the file store is full")
	// ErrRefused says that a key or a file can never be stored.
	ErrRefused = errors.New("the file store does not take this")
)

// Store keeps files. A file is whole or not there: a Put that was cut off leaves what was
// under the key before. The methods are safe for concurrent use, and by several processes at
// once, and return soon after ctx ends.
type Store interface {
	// Put stores a file that is not empty, in place of one under the same key. It may be repeated.
	Put(ctx context.Context, key string, content []byte) error
	// Get returns a file, or ErrNotFound.
	Get(ctx context.Context, key string) ([]byte, error)
	// Delete removes a file. That there is none is no error.
	Delete(ctx context.Context, key string) error
	// Check returns nil when the store can be reached.
	Check(ctx context.Context) error
}

// maxKey is the longest key, in bytes.
const maxKey = 200

// CheckKey refuses a key that not every store can hold: it is of segments of ASCII letters,
// digits, "-", "_" and "." with "/" between, and no segment begins with ".".
func CheckKey(key string) error {
	if len(key) > maxKey {
		return fmt.Errorf("%w: a key of %d bytes, limit %d", ErrRefused, len(key), maxKey)
	}
	for segment := range strings.SplitSeq(key, "/") {
		if segment == "" || segment[0] == '.' || strings.ContainsFunc(segment, odd) {
			return fmt.Errorf("%w: the key %q is not of letters, digits, - and _", ErrRefused, key)
		}
	}
	return nil
}

func odd(r rune) bool {
	letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	return !letter && (r < '0' || r > '9') && r != '-' && r != '_' && r != '.'
}

// CheckFile refuses what Put must not be asked for.
func CheckFile(key string, content []byte) error {
	if len(content) == 0 || len(content) > MaxSize {
		return fmt.Errorf("%w: %s has %d bytes, want 1 to %d", ErrRefused, key, len(content), MaxSize)
	}
	return CheckKey(key)
}
