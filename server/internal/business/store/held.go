package businessstore

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/business"
	"oalab/server/internal/sqldb"
)

const (
	heldOf         = " WHERE phone = ? AND product IN (?) AND state <> ? AND created_at >= ?"
	selectHeld     = "SELECT product, effect, created_at FROM orders" + heldOf
	selectHeldPast = "SELECT product, effect, created_at FROM order_archive" + heldOf
	selectOldTurns = "SELECT phone FROM number_turn WHERE turn_at < ? ORDER BY turn_at LIMIT ?"
	deleteOldTurn  = "DELETE FROM number_turn WHERE phone = ? AND turn_at < ?"
)

// takeTurn locks the row of a number.
func (s *Store) takeTurn() string {
	return s.db.Dialect.Stamped(s.db.Dialect.Upsert("number_turn", []string{"phone"}, []string{"turn_at"}, []string{"phone", "turn_at"}))
}

// judge holds a condition against what the number has, one order of the number at a time.
func (s *Store) judge(ctx context.Context, tx *sqlx.Tx, phone string, c *business.Condition) error {
	if c == nil {
		return nil
	}
	if _, err := tx.ExecContext(ctx, s.takeTurn(), phone); err != nil {
		return err
	}
	var held []business.Held
	for _, query := range []string{selectHeld, selectHeldPast} {
		query, args, err := sqlx.In(query, phone, c.Products, business.StateFailed, c.Since.UnixMilli())
		if err != nil {
			return err
		}
		var rows []struct {
			Product string `db:"product"`
			Effect  string `db:"effect"`
			Created int64  `db:"created_at"`
		}
		if err := tx.SelectContext(ctx, &rows, query, args...); err != nil {
			return fmt.Errorf("read what a number has ordered: %w", err)
		}
		for _, r := range rows {
			held = append(held, business.Held{Product: r.Product, Effect: r.Effect, Created: time.UnixMilli(r.Created)})
		}
	}
	return c.Judge(held)
}

// OldTurns returns what deletes the next batch of the rows of numbers whose last order with
// terms was before a time. It tells how many it deleted, and whether there may be more.
func (s *Store) OldTurns(before time.Time) func(context.Context) (rows int, more bool, err error) {
	return func(ctx context.Context) (int, bool, error) {
		var old []string
		if err := s.db.Read.SelectContext(ctx, &old, selectOldTurns, before.UnixMilli(), sqldb.OldRows); err != nil {
			return 0, false, fmt.Errorf("find old turns of numbers: %w", err)
		}
		statements := make([]sqldb.Query, len(old))
		for i := range old {
			statements[i] = sqldb.Query{Text: deleteOldTurn, Args: []any{old[i], before.UnixMilli()}}
		}
		n, err := s.db.DeleteEach(ctx, "delete old turns of numbers", statements)
		return n, len(old) == sqldb.OldRows, err
	}
}
