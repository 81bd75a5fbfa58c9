package userlog

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"oalab/server/internal/message"
)

// Message is one message or event of a follower, and how it was answered.
type Message struct {
	Account string `json:"account"`
	OpenID  string `json:"openid"`
	// Key identifies the message among those of its account, the same for all
	// tries (MSG-6).
	Key string `json:"key"`
	// Type is the message type, such as text or event.
	Type string `json:"type"`
	// Event and EventKey are "" for what is not an event.
	Event    string `json:"event,omitempty"`
	EventKey string `json:"event_key,omitempty"`
	// Content is what the follower said, and the further fields of the message as JSON.
	Content string `json:"content,omitempty"`
	// Answer says how the message was answered: reply, default, handed_over, success.
	Answer string `json:"answer"`
	// SentAt is the message's own time, in seconds since 1970, the same for all
	// tries; ReceivedAt is when the try came that was logged, in milliseconds.
	SentAt     int64 `json:"sent_at"`
	ReceivedAt int64 `json:"received_at"`
	// TookMicros is how long it took until the answer was known, in microseconds.
	TookMicros int64 `json:"took_us,omitempty"`
}

// row is the form in which a message is kept.
func row(e message.Entry) Message {
	return Message{
		Account: e.Account, OpenID: e.OpenID, Key: e.Key, Type: e.Type, Event: e.Event, EventKey: e.EventKey,
		Content: e.Content, Answer: e.Answer, SentAt: e.Sent.Unix(), ReceivedAt: e.Received.UnixMilli(),
		TookMicros: e.Took.Microseconds(),
	}
}

// ErrRefused is wrapped by a Store's error when the database answered and will
// never take the rows, because of what one of them holds.
var ErrRefused = errors.New("the database refuses a row")

// Store keeps messages. It is safe for concurrent use, by several processes.
type Store interface {
	// AppendMessages stores rows, all or none. A row whose account, key and time are
	// stored already is left as it is, so that after an error, of which the outcome
	// may be unknown, the same rows may be appended again.
	AppendMessages(ctx context.Context, rows []Message) error
	// First returns when the try came, in milliseconds, that a row tells of; false when
	// there is no row of the account, the key and the message's own time.
	First(ctx context.Context, account, key string, sentAt int64) (receivedAt int64, found bool, err error)
	// Maintain makes the tables when they are missing, makes room for the months to
	// come and drops those that are older than so many full months before the current
	// one, by the store's own clock, and never the newest ones that hold rows. It is
	// idempotent, and several servers may run it at once.
	Maintain(ctx context.Context, months int) error
}

// Filter chooses messages of an account: of one follower, or of one type.
type Filter struct {
	Account string
	// OpenID or Type must be set; with both, OpenID counts and Type is not used.
	OpenID, Type string
	// From and To bound the messages' own times; From is in, To is not.
	From, To time.Time
	// Limit bounds the answer to the latest messages; 0 means 100.
	Limit int
}

// What a row has room for: bytes for keys, which must stay unique, characters for
// what people read.
const (
	maxKey      = 160
	maxName     = 64
	maxType     = 32
	maxEvent    = 64
	maxEventKey = 255
	maxContent  = 4096
)

// fit makes a message one that every database takes.
func (m Message) fit() Message {
	m.Account, m.OpenID = clip(m.Account, maxName), clip(m.OpenID, maxName)
	m.Type, m.Event, m.EventKey = clip(m.Type, maxType), clip(m.Event, maxEvent), clip(m.EventKey, maxEventKey)
	m.Content = clip(m.Content, maxContent)
	m.Key = fitKey(m.Key)
	return m
}

// fitKey is the form in which a key is stored.
func fitKey(key string) string {
	if len(key) <= maxKey && utf8.ValidString(key) {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// clip bounds a text by characters and makes it valid.
func clip(s string, limit int) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	if len(s) <= limit { // no more characters than bytes
		return s
	}
	n := 0
	for i := range s {
		if n == limit {
			return s[:i]
		}
		n++
	}
	return s
}
