package bindingstore

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/binding"
	"oalab/server/internal/sqldb"
)

// SectionBindings names the section of a seed.
const SectionBindings = "bindings"

const (
	selectBindingsOf = "SELECT openid, phone FROM bind WHERE account = ?"
	deleteBindingOf  = "DELETE FROM bind WHERE account = ? AND openid = ?"
)

// Seed is the section of a seed that stores bindings of an account: those of known followers
// are replaced, others stay unless prune asks to end them. An empty list ends none. Seeding
// twice changes nothing.
func (s *Store) Seed(account string, bindings []binding.Binding, prune bool) sqldb.Section {
	// In the order of the keys two seeds at once wait for each other instead of meeting in a
	// deadlock. Of bindings of one follower the last one counts.
	bindings = slices.Clone(bindings)
	slices.SortStableFunc(bindings, func(a, b binding.Binding) int { return cmp.Compare(a.OpenID, b.OpenID) })
	return func(ctx context.Context, tx *sqlx.Tx) (sqldb.Changes, error) {
		if len(bindings) == 0 {
			return sqldb.Changes{Section: SectionBindings}, nil
		}
		return s.seed(ctx, tx, account, bindings, prune)
	}
}

func (s *Store) seed(ctx context.Context, tx *sqlx.Tx, account string, bindings []binding.Binding, prune bool) (sqldb.Changes, error) {
	plan := sqldb.Changes{Section: SectionBindings}
	if err := bindingsChanged(ctx, tx); err != nil {
		return plan, err
	}
	var rows []struct {
		OpenID string `db:"openid"`
		Phone  string `db:"phone"`
	}
	if err := tx.SelectContext(ctx, &rows, selectBindingsOf, account); err != nil {
		return plan, fmt.Errorf("read bindings: %w", err)
	}
	have := make(map[string]string, len(rows))
	for _, r := range rows {
		have[r.OpenID] = r.Phone
	}
	bind, err := tx.PreparexContext(ctx, s.upsertBinding())
	if err != nil {
		return plan, fmt.Errorf("prepare bindings: %w", err)
	}
	defer bind.Close()
	for _, b := range bindings {
		phone, existed := have[b.OpenID]
		plan.Count(b.OpenID, existed, phone == b.Phone)
		if existed && phone == b.Phone {
			delete(have, b.OpenID)
			continue
		}
		delete(have, b.OpenID)
		if _, err := bind.ExecContext(ctx, account, b.OpenID, b.Phone, time.Now().UnixMilli()); err != nil {
			return plan, fmt.Errorf("binding of %s: %w", b.OpenID, err)
		}
	}
	for _, r := range rows {
		if _, rest := have[r.OpenID]; !rest || !prune {
			continue
		}
		plan.Removed = append(plan.Removed, r.OpenID)
		if _, err := tx.ExecContext(ctx, deleteBindingOf, account, r.OpenID); err != nil {
			return plan, fmt.Errorf("remove binding of %s: %w", r.OpenID, err)
		}
	}
	changes := slices.Concat(plan.New, plan.Changed, plan.Removed)
	if len(changes) == 0 { // another generation, and nothing noted, would void what is kept of all
		changes = []string{bindings[0].OpenID}
	}
	return plan, s.noteBindings(ctx, tx, account, changes)
}
