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

// Entry is one row of a keyword table. An entry that is hidden, or that has no
// keyword or no answer, never matches.
type Entry struct {
	Keyword string
	Match   Match
	Answers []string
	Hidden  bool
}

// Store is where the keyword tables come from.
type Store interface {
	// ListKeywords returns all entries of an account, in any order.
	ListKeywords(ctx context.Context, account string) ([]Entry, error)
}

// Service answers from the keyword tables of all accounts. It is safe for
// concurrent use; a reload never makes an answer wait.
type Service struct {
	store    Store
	accounts []string
	log      *slog.Logger
	tables   atomic.Pointer[map[string]*Table]
}

// New makes a Service without entries: nothing matches before the first Reload.
func New(store Store, accounts []string, log *slog.Logger) *Service {
	s := &Service{store: store, accounts: accounts, log: log}
	s.tables.Store(&map[string]*Table{})
	return s
}

// Reload reads the tables of all accounts and swaps them in together. When one
// cannot be read all stay as they are, and the error says which.
func (s *Service) Reload(ctx context.Context) error {
	next := make(map[string]*Table, len(s.accounts))
	total := 0
	for _, account := range s.accounts {
		entries, err := s.store.ListKeywords(ctx, account)
		if err != nil {
			return fmt.Errorf("load keywords of account %s: %w", account, err)
		}
		next[account] = NewTable(entries)
		total += next[account].Len()
	}
	s.tables.Store(&next)
	s.log.DebugContext(ctx, "keyword tables loaded", "accounts", len(s.accounts), "entries", total)
	return nil
}

// Answer returns the answer to a message of the account; key identifies the
// message and makes the choice. It is false when nothing matches.
func (s *Service) Answer(account, message, key string) (string, bool) {
	table, ok := (*s.tables.Load())[account]
	if !ok {
		return "", false
	}
	return table.Answer(message, key)
}
