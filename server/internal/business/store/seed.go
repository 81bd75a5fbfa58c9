package businessstore

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"slices"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/business"
	"oalab/server/internal/freshness"
	"oalab/server/internal/sqldb"
)

// SectionBusiness names the section of a seed.
const SectionBusiness = "business"

const (
	deleteCommands = "DELETE FROM business_command WHERE account = ? AND code = ?"
	deleteBusiness = "DELETE FROM business WHERE account = ? AND code = ?"
)

// Seed is the section of a seed that stores codes of an account: those that are known are
// replaced, others stay unless prune asks to remove them. Seeding twice changes nothing. The
// codes must have the account, or none. Codes that make no catalogue with those that are there
// are refused when the section is stored.
func (s *Store) Seed(account string, codes []business.Code, prune bool) (sqldb.Section, error) {
	// In the order of the keys two seeds at once wait for each other instead of meeting in a
	// deadlock. Of codes with one key the last one counts.
	codes = slices.Clone(codes)
	slices.SortStableFunc(codes, func(a, b business.Code) int { return cmp.Compare(a.Code, b.Code) })
	for i := range codes {
		if codes[i].Account == "" {
			codes[i].Account = account
		}
		if codes[i].Account != account {
			return nil, fmt.Errorf("seed: business code %s belongs to account %s, not %s", codes[i].Code, codes[i].Account, account)
		}
		if err := codes[i].Validate(); err != nil {
			return nil, fmt.Errorf("seed: %w", err)
		}
	}
	return func(ctx context.Context, tx *sqlx.Tx) (sqldb.Changes, error) {
		if len(codes) == 0 && !prune {
			return sqldb.Changes{Section: SectionBusiness}, nil
		}
		return s.seed(ctx, tx, account, codes, prune)
	}, nil
}

func (s *Store) seed(ctx context.Context, tx *sqlx.Tx, account string, codes []business.Code, prune bool) (sqldb.Changes, error) {
	plan := sqldb.Changes{Section: SectionBusiness}
	// Another change of the catalogue waits here, and checks both changes.
	if err := sqldb.Changed(ctx, tx, freshness.Business); err != nil {
		return plan, err
	}
	current, err := readCatalogue(ctx, tx)
	if err != nil {
		return plan, err
	}
	have := map[string]business.Code{}
	for _, c := range current {
		if c.Account == account {
			have[c.Code] = c
		}
	}
	replaced := []string{"kind", "name", "menu_key", "operation", "product", "terms"}
	entry := s.db.Dialect.Upsert("business", []string{"account", "code"}, replaced, append([]string{"account", "code"}, replaced...))
	command := s.db.Dialect.Insert("business_command", "account", "code", "position", "command")
	for _, b := range codes {
		before, existed := have[b.Code]
		delete(have, b.Code)
		same := existed && sameCode(before, b)
		plan.Count(fmt.Sprintf("%s %q", b.Code, b.Name), existed, same)
		if same {
			continue
		}
		terms, err := termsText(b.Terms)
		if err != nil {
			return plan, fmt.Errorf("business code %s: %w", b.Code, err)
		}
		err = sqldb.ExecAll(ctx, tx,
			sqldb.Query{Text: entry, Args: []any{account, b.Code, string(b.Sort), b.Name, b.MenuKey, b.Operation, b.Product, terms}},
			sqldb.Query{Text: deleteCommands, Args: []any{account, b.Code}})
		for i := 0; i < len(b.Commands) && err == nil; i++ {
			_, err = tx.ExecContext(ctx, command, account, b.Code, i, b.Commands[i])
		}
		if err != nil {
			return plan, fmt.Errorf("business code %s: %w", b.Code, err)
		}
	}
	for _, b := range current {
		if _, rest := have[b.Code]; !rest || b.Account != account || !prune {
			continue
		}
		plan.Removed = append(plan.Removed, fmt.Sprintf("%s %q", b.Code, b.Name))
		err := sqldb.ExecAll(ctx, tx, sqldb.Query{Text: deleteCommands, Args: []any{account, b.Code}}, sqldb.Query{Text: deleteBusiness, Args: []any{account, b.Code}})
		if err != nil {
			return plan, fmt.Errorf("remove business code %s: %w", b.Code, err)
		}
	}
	all, err := readCatalogue(ctx, tx)
	if err != nil {
		return plan, err
	}
	return plan, business.CheckCatalogue(all)
}

func sameCode(a, b business.Code) bool {
	same := slices.Equal(a.Commands, b.Commands) && reflect.DeepEqual(a.Terms, b.Terms)
	return same && a.Sort == b.Sort && a.Name == b.Name && a.MenuKey == b.MenuKey && a.Operation == b.Operation && a.Product == b.Product
}
