package bindingstore

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/binding"
	"oalab/server/internal/freshness"
	"oalab/server/internal/sqldb"
)

const (
	// changesKept is how many changes of bindings are remembered for servers that have not
	// asked for long; manyChanges is from how many on one commit is noted as a change of all.
	changesKept = 10_000
	manyChanges = 1_000
	noteRows    = 100
)

// topicDatabase is the row that names the database itself.
const topicDatabase freshness.Topic = "database"

const (
	selectBindingChanges = "SELECT seq, account, openid FROM binding_change WHERE seq >= ? ORDER BY seq"
	deleteBindingChanges = "DELETE FROM binding_change WHERE seq <= ?"
)

// bindingsChanged belongs into every transaction that changes bindings, before the first
// change: another one waits until this one is committed, so that the numbers of changes
// have the order of the commits.
func bindingsChanged(ctx context.Context, tx *sqlx.Tx) error {
	return sqldb.Changed(ctx, tx, freshness.Bindings)
}

// noteBindings notes whose bindings the transaction has changed.
func (s *Store) noteBindings(ctx context.Context, tx *sqlx.Tx, account string, openids []string) error {
	if len(openids) > manyChanges {
		openids = []string{""}
	}
	for len(openids) > 0 {
		rows := openids[:min(noteRows, len(openids))]
		openids = openids[len(rows):]
		args := make([]any, 0, 2*len(rows))
		for _, openid := range rows {
			args = append(args, account, openid)
		}
		result, err := tx.ExecContext(ctx, s.db.Dialect.InsertRows(len(rows), "binding_change", "account", "openid"), args...)
		if err != nil {
			return fmt.Errorf("note changed bindings: %w", err)
		}
		seq, err := result.LastInsertId()
		if err == nil {
			_, err = tx.ExecContext(ctx, deleteBindingChanges, seq-changesKept)
		}
		if err != nil {
			return fmt.Errorf("forget old changes of bindings: %w", err)
		}
	}
	return nil
}

// BindingChanges returns the changes after one that is known, which is 0 for none.
func (s *Store) BindingChanges(ctx context.Context, after int64) (binding.Changes, error) {
	var out binding.Changes
	tx, err := s.db.Snapshot(ctx)
	if err != nil {
		return out, fmt.Errorf("read changes of bindings: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // it only read
	var rows []struct {
		Seq     int64  `db:"seq"`
		Account string `db:"account"`
		OpenID  string `db:"openid"`
	}
	names, err := sqldb.ReadGenerations(ctx, tx)
	if err != nil {
		return out, err
	}
	out.Database, out.Generation = names[topicDatabase], names[freshness.Bindings]
	if err := tx.SelectContext(ctx, &rows, selectBindingChanges, after); err != nil {
		return out, fmt.Errorf("read changes of bindings: %w", err)
	}
	out.Gap = after > 0 && (len(rows) == 0 || rows[0].Seq != after)
	if len(rows) > 0 && (out.Gap || len(rows) >= changesKept-noteRows) {
		out.From = rows[0].Seq
	}
	for _, r := range rows {
		if r.Seq > after {
			out.Changes = append(out.Changes, binding.Change{Seq: r.Seq, Account: r.Account, OpenID: r.OpenID})
		}
	}
	return out, nil
}
