// Package support owns the smart answer: the keyword table of an account, how a
// follower's words hit it, and which of the answers is given (SVC-1). The choice
// is a function of the message alone, so every server, and every delivery of one
// message, gives the same answer (MSG-6).
package support

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"oalab/server/internal/message"
)

// Match says how an entry's keyword meets a message.
type Match string

// The ways to match. Both sides are compared without surrounding space and
// without regard to upper and lower case.
const (
	// MatchEqual hits when the message is the keyword.
	MatchEqual Match = "equal"
	// MatchMessageContains hits when the message contains the keyword.
	MatchMessageContains Match = "message_contains"
	// MatchKeywordContains hits when the keyword contains the message: "流量"
	// hits the keyword "流量查询".
	MatchKeywordContains Match = "keyword_contains"
)

// Valid reports whether m is one of the ways to match.
func (m Match) Valid() bool {
	switch m {
	case MatchEqual, MatchMessageContains, MatchKeywordContains:
		return true
	}
	return false
}

// Remembered is for how long a table that was replaced answers the tries of messages that
// are older than its end: the platform's three tries take 15 s.
const Remembered = 60 * time.Second

// Replaced is an entry as it was until a change, which is At by the clock of the database,
// so that all servers agree. Existed is false for an entry that the change added; of Entry
// only Keyword and Match count then.
type Replaced struct {
	At      time.Time
	Existed bool
	Entry   Entry
}

// Keywords are the entries of an account, in any order, and what was replaced among them
// within Remembered, the latest first.
type Keywords struct {
	Entries  []Entry
	Replaced []Replaced
}

// Store is where the keyword tables come from.
type Store interface {
	// ListKeywords returns the keywords of an account, as of one moment.
	ListKeywords(ctx context.Context, account string) (Keywords, error)
}

// Service answers from the keyword tables of all accounts. It is safe for
// concurrent use; a reload never makes an answer wait.
type Service struct {
	store    Store
	files    Files
	accounts []string
	log      *slog.Logger
	tables   atomic.Pointer[map[string]*history]
}

// New makes a Service without entries: nothing matches before the first Reload. With nil for
// files no answer can show one.
func New(store Store, files Files, accounts []string, log *slog.Logger) *Service {
	s := &Service{store: store, files: files, accounts: accounts, log: log}
	s.tables.Store(&map[string]*history{})
	return s
}

// Reload reads the tables of all accounts and swaps them in together. When one
// cannot be read all stay as they are, and the error says which.
func (s *Service) Reload(ctx context.Context) error {
	next := make(map[string]*history, len(s.accounts))
	total := 0
	for _, account := range s.accounts {
		keywords, err := s.store.ListKeywords(ctx, account)
		if err != nil {
			return fmt.Errorf("load keywords of account %s: %w", account, err)
		}
		next[account] = newHistory(keywords)
		total += next[account].current().Len()
	}
	s.tables.Store(&next)
	s.log.DebugContext(ctx, "keyword tables loaded", "accounts", len(s.accounts), "entries", total)
	return nil
}

// Answer returns the answer to a message of the account, by the table that was in force
// at a moment; key identifies the message and makes the choice. It is false when nothing
// matches. With the same moment for all tries of a message they get the same (MSG-6).
func (s *Service) Answer(account, message, key string, at time.Time) (Choice, bool) {
	h, ok := (*s.tables.Load())[account]
	if !ok {
		return Choice{}, false
	}
	return h.at(at).Answer(message, key)
}

// Answers is the smart answer to what followers say, at its rank.
func (s *Service) Answers() []message.Answerer {
	return []message.Answerer{{Name: "keywords", Rank: message.RankKeyword, FromCopies: true, Answer: s.answer}}
}

// answer takes the table of the first try of the message.
func (s *Service) answer(ctx context.Context, m *message.Asked) (message.Reply, bool, error) {
	if len(m.Questions) == 0 {
		return message.Reply{}, false, nil
	}
	at := m.Moments.Moment(ctx, m, s)
	for _, question := range m.Questions {
		if choice, ok := s.Answer(m.Account, question, m.Message.Key(), at); ok {
			show, ok := s.ready(ctx, m, choice)
			return message.Reply{Show: show}, ok, nil
		}
	}
	return message.Reply{}, false, nil
}

// ChangedSince reports whether the keyword table of an account has changed after a moment.
// Changes are remembered for Remembered at least, as of the last Reload.
func (s *Service) ChangedSince(account string, moment time.Time) bool {
	h, ok := (*s.tables.Load())[account]
	return ok && h.versions[0].from.After(moment)
}
