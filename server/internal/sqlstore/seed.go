package sqlstore

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/business"
	"oalab/server/internal/freshness"
	"oalab/server/internal/support"
)

const (
	deleteContents = "DELETE FROM autoreply_content WHERE account = ? AND keyword = ? AND match_how = ?"
	deleteCommands = "DELETE FROM business_command WHERE account = ? AND code = ?"
)

// Binding binds a follower to a phone number.
type Binding struct {
	OpenID string
	Phone  string
}

// SeedData is what an operator loads for one account (oaserver seed).
type SeedData struct {
	Account  string
	Keywords []support.Entry
	// Business entries must have the account of the seed, or none.
	Business []business.Code
	Bindings []Binding
}

// Seed stores the data in one transaction: entries with a known key are
// replaced, others stay, so that seeding twice changes nothing. Codes that make no
// catalogue with those that are there are refused.
func (db *DB) Seed(ctx context.Context, s SeedData) error {
	for i := range s.Business {
		if s.Business[i].Account == "" {
			s.Business[i].Account = s.Account
		}
		if s.Business[i].Account != s.Account {
			return fmt.Errorf("seed: business code %s belongs to account %s, not %s", s.Business[i].Code, s.Business[i].Account, s.Account)
		}
		if err := s.Business[i].Validate(); err != nil {
			return fmt.Errorf("seed: %w", err)
		}
	}
	s = s.ordered()
	return db.update(ctx, "seed", func(ctx context.Context, tx *sqlx.Tx) error {
		if err := db.seedKeywords(ctx, tx, s); err != nil {
			return err
		}
		if err := db.seedBusiness(ctx, tx, s); err != nil {
			return err
		}
		return db.seedBindings(ctx, tx, s)
	})
}

// ordered puts the rows into the order of their keys: two seeds at once then wait for
// each other instead of meeting in a deadlock. Of rows with one key the last one counts,
// as before.
func (s SeedData) ordered() SeedData {
	s.Keywords, s.Business, s.Bindings = slices.Clone(s.Keywords), slices.Clone(s.Business), slices.Clone(s.Bindings)
	slices.SortStableFunc(s.Keywords, func(a, b support.Entry) int {
		return cmp.Or(cmp.Compare(a.Keyword, b.Keyword), cmp.Compare(a.Match, b.Match))
	})
	slices.SortStableFunc(s.Business, func(a, b business.Code) int { return cmp.Compare(a.Code, b.Code) })
	slices.SortStableFunc(s.Bindings, func(a, b Binding) int { return cmp.Compare(a.OpenID, b.OpenID) })
	return s
}

func (db *DB) seedKeywords(ctx context.Context, tx *sqlx.Tx, s SeedData) error {
	if len(s.Keywords) == 0 {
		return nil
	}
	key := []string{"account", "keyword", "match_how"}
	entry := db.dialect.upsert("autoreply", key, []string{"hidden"}, append(key[:3:3], "hidden"))
	content := db.dialect.insert("autoreply_content", append(key[:3:3], "position", "content")...)
	for _, k := range s.Keywords {
		err := execAll(ctx, tx,
			statement{entry, []any{s.Account, k.Keyword, string(k.Match), k.Hidden}},
			statement{
				deleteContents,
				[]any{s.Account, k.Keyword, string(k.Match)},
			})
		if err != nil {
			return fmt.Errorf("keyword %q: %w", k.Keyword, err)
		}
		for i, a := range k.Answers {
			if _, err := tx.ExecContext(ctx, content, s.Account, k.Keyword, string(k.Match), i, a); err != nil {
				return fmt.Errorf("keyword %q: %w", k.Keyword, err)
			}
		}
	}
	return changed(ctx, tx, freshness.Keywords)
}

func (db *DB) seedBusiness(ctx context.Context, tx *sqlx.Tx, s SeedData) error {
	if len(s.Business) == 0 {
		return nil
	}
	replaced := []string{"kind", "name", "menu_key", "operation", "product"}
	entry := db.dialect.upsert("business", []string{"account", "code"}, replaced, append([]string{"account", "code"}, replaced...))
	command := db.dialect.insert("business_command", "account", "code", "position", "command")
	for _, b := range s.Business {
		err := execAll(ctx, tx,
			statement{entry, []any{s.Account, b.Code, string(b.Sort), b.Name, b.MenuKey, b.Operation, b.Product}},
			statement{deleteCommands, []any{s.Account, b.Code}})
		if err != nil {
			return fmt.Errorf("business code %s: %w", b.Code, err)
		}
		for i, c := range b.Commands {
			if _, err := tx.ExecContext(ctx, command, s.Account, b.Code, i, c); err != nil {
				return fmt.Errorf("business code %s: %w", b.Code, err)
			}
		}
	}
	// Whoever changes the catalogue at the same time waits here, and checks both changes.
	if err := changed(ctx, tx, freshness.Business); err != nil {
		return err
	}
	all, err := readCatalogue(ctx, tx)
	if err != nil {
		return err
	}
	return business.CheckCatalogue(all)
}

func (db *DB) seedBindings(ctx context.Context, tx *sqlx.Tx, s SeedData) error {
	if len(s.Bindings) == 0 {
		return nil
	}
	bind, err := tx.PreparexContext(ctx, db.dialect.upsert("bind", []string{"account", "openid"}, []string{"phone"},
		[]string{"account", "openid", "phone", "created_at"}))
	if err != nil {
		return fmt.Errorf("prepare bindings: %w", err)
	}
	defer bind.Close()
	for _, b := range s.Bindings {
		if _, err := bind.ExecContext(ctx, s.Account, b.OpenID, b.Phone, nowMillis()); err != nil {
			return fmt.Errorf("binding of %s: %w", b.OpenID, err)
		}
	}
	return changed(ctx, tx, freshness.Bindings)
}

type statement struct {
	query string
	args  []any
}

func execAll(ctx context.Context, tx *sqlx.Tx, all ...statement) error {
	for _, s := range all {
		if _, err := tx.ExecContext(ctx, s.query, s.args...); err != nil {
			return err
		}
	}
	return nil
}
