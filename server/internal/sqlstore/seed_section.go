package sqlstore

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/business"
	"oalab/server/internal/freshness"
	"oalab/server/internal/sqldb"
)

const (
	deleteCommands = "DELETE FROM business_command WHERE account = ? AND code = ?"
	deleteBusiness = "DELETE FROM business WHERE account = ? AND code = ?"

	selectBindingsOf = "SELECT openid, phone FROM bind WHERE account = ?"
	deleteBindingOf  = "DELETE FROM bind WHERE account = ? AND openid = ?"
)

func (db *DB) seedBusiness(ctx context.Context, tx *sqlx.Tx, s SeedData) (sqldb.Changes, error) {
	plan := sqldb.Changes{Section: SectionBusiness}
	if len(s.Business) == 0 && !s.prunes(SectionBusiness) {
		return plan, nil
	}
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
		if c.Account == s.Account {
			have[c.Code] = c
		}
	}
	replaced := []string{"kind", "name", "menu_key", "operation", "product"}
	entry := db.Dialect.Upsert("business", []string{"account", "code"}, replaced, append([]string{"account", "code"}, replaced...))
	command := db.Dialect.Insert("business_command", "account", "code", "position", "command")
	for _, b := range s.Business {
		before, existed := have[b.Code]
		delete(have, b.Code)
		same := existed && sameCode(before, b)
		plan.Count(fmt.Sprintf("%s %q", b.Code, b.Name), existed, same)
		if same {
			continue
		}
		err := sqldb.ExecAll(ctx, tx,
			sqldb.Query{Text: entry, Args: []any{s.Account, b.Code, string(b.Sort), b.Name, b.MenuKey, b.Operation, b.Product}},
			sqldb.Query{Text: deleteCommands, Args: []any{s.Account, b.Code}})
		for i := 0; i < len(b.Commands) && err == nil; i++ {
			_, err = tx.ExecContext(ctx, command, s.Account, b.Code, i, b.Commands[i])
		}
		if err != nil {
			return plan, fmt.Errorf("business code %s: %w", b.Code, err)
		}
	}
	for _, b := range current {
		if _, rest := have[b.Code]; !rest || b.Account != s.Account || !s.prunes(SectionBusiness) {
			continue
		}
		plan.Removed = append(plan.Removed, fmt.Sprintf("%s %q", b.Code, b.Name))
		err := sqldb.ExecAll(ctx, tx, sqldb.Query{Text: deleteCommands, Args: []any{s.Account, b.Code}}, sqldb.Query{Text: deleteBusiness, Args: []any{s.Account, b.Code}})
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
	same := slices.Equal(a.Commands, b.Commands)
	return same && a.Sort == b.Sort && a.Name == b.Name && a.MenuKey == b.MenuKey && a.Operation == b.Operation && a.Product == b.Product
}

func (db *DB) seedBindings(ctx context.Context, tx *sqlx.Tx, s SeedData) (sqldb.Changes, error) {
	plan := sqldb.Changes{Section: SectionBindings}
	if len(s.Bindings) == 0 {
		return plan, nil // an empty list unbinds no one
	}
	if err := bindingsChanged(ctx, tx); err != nil {
		return plan, err
	}
	var rows []struct {
		OpenID string `db:"openid"`
		Phone  string `db:"phone"`
	}
	if err := tx.SelectContext(ctx, &rows, selectBindingsOf, s.Account); err != nil {
		return plan, fmt.Errorf("read bindings: %w", err)
	}
	have := make(map[string]string, len(rows))
	for _, r := range rows {
		have[r.OpenID] = r.Phone
	}
	bind, err := tx.PreparexContext(ctx, db.Dialect.Upsert("bind", []string{"account", "openid"}, []string{"phone", "created_at"},
		[]string{"account", "openid", "phone", "created_at"}))
	if err != nil {
		return plan, fmt.Errorf("prepare bindings: %w", err)
	}
	defer bind.Close()
	for _, b := range s.Bindings {
		phone, existed := have[b.OpenID]
		plan.Count(b.OpenID, existed, phone == b.Phone)
		if existed && phone == b.Phone {
			delete(have, b.OpenID)
			continue
		}
		delete(have, b.OpenID)
		if _, err := bind.ExecContext(ctx, s.Account, b.OpenID, b.Phone, time.Now().UnixMilli()); err != nil {
			return plan, fmt.Errorf("binding of %s: %w", b.OpenID, err)
		}
	}
	for _, r := range rows {
		if _, rest := have[r.OpenID]; !rest || !s.prunes(SectionBindings) {
			continue
		}
		plan.Removed = append(plan.Removed, r.OpenID)
		if _, err := tx.ExecContext(ctx, deleteBindingOf, s.Account, r.OpenID); err != nil {
			return plan, fmt.Errorf("remove binding of %s: %w", r.OpenID, err)
		}
	}
	changes := slices.Concat(plan.New, plan.Changed, plan.Removed)
	if len(changes) == 0 { // another generation, and nothing noted, would void what is kept of all
		changes = []string{s.Bindings[0].OpenID}
	}
	return plan, db.noteBindings(ctx, tx, s.Account, changes)
}
