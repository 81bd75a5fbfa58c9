package sqlstore

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/business"
	"oalab/server/internal/sqldb"
)

// Binding binds a follower to a phone number.
type Binding struct {
	OpenID string
	Phone  string
}

// SeedData is what an operator loads for one account (oaserver seed).
type SeedData struct {
	Account string
	// Business entries must have the account of the seed, or none.
	Business []business.Code
	Bindings []Binding
	// Prune names the sections of which everything else of the account is removed.
	Prune []string
}

// The sections of a seed.
const (
	SectionBusiness = "business"
	SectionBindings = "bindings"
)

// Seed returns the sections of a seed: entries with a known key are replaced, others stay
// unless their section is pruned, so that seeding twice changes nothing. Codes that make no
// catalogue with those that are there are refused when the sections are stored.
func (db *DB) Seed(s SeedData) ([]sqldb.Section, error) {
	s = s.ordered()
	for i := range s.Business {
		if s.Business[i].Account == "" {
			s.Business[i].Account = s.Account
		}
		if s.Business[i].Account != s.Account {
			return nil, fmt.Errorf("seed: business code %s belongs to account %s, not %s", s.Business[i].Code, s.Business[i].Account, s.Account)
		}
		if err := s.Business[i].Validate(); err != nil {
			return nil, fmt.Errorf("seed: %w", err)
		}
	}
	return []sqldb.Section{
		func(ctx context.Context, tx *sqlx.Tx) (sqldb.Changes, error) { return db.seedBusiness(ctx, tx, s) },
		func(ctx context.Context, tx *sqlx.Tx) (sqldb.Changes, error) { return db.seedBindings(ctx, tx, s) },
	}, nil
}

func (s SeedData) prunes(section string) bool { return slices.Contains(s.Prune, section) }

// ordered puts the rows into the order of their keys: two seeds at once then wait for
// each other instead of meeting in a deadlock. Of rows with one key the last one counts.
func (s SeedData) ordered() SeedData {
	s.Business, s.Bindings = slices.Clone(s.Business), slices.Clone(s.Bindings)
	slices.SortStableFunc(s.Business, func(a, b business.Code) int { return cmp.Compare(a.Code, b.Code) })
	slices.SortStableFunc(s.Bindings, func(a, b Binding) int { return cmp.Compare(a.OpenID, b.OpenID) })
	return s
}
