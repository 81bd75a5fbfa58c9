package bindstore

import (
	"context"
	"fmt"
	"time"

	"oalab/server/internal/sqldb"
)

const (
	selectOldAttempts = "SELECT account, openid FROM bind_attempt WHERE begun_at < ? AND locked_until < ? ORDER BY begun_at LIMIT ?"
	deleteOldAttempt  = "DELETE FROM bind_attempt WHERE account = ? AND openid = ? AND begun_at < ? AND locked_until < ?"
	unbound           = " AND NOT EXISTS (SELECT 1 FROM bind WHERE bind.phone = bind_number.phone)"
	selectOldNumbers  = "SELECT phone FROM bind_number WHERE begun_at < ?" + unbound + " ORDER BY begun_at LIMIT ?"
	deleteOldNumber   = "DELETE FROM bind_number WHERE phone = ? AND begun_at < ?" + unbound
)

// OldAttempts returns what deletes the next batch of the attempts that were begun before a
// time and lock no follower then. It tells how many it deleted, and whether there may be more.
func (s *Store) OldAttempts(before time.Time) func(context.Context) (rows int, more bool, err error) {
	return func(ctx context.Context) (int, bool, error) {
		var old []struct {
			Account string `db:"account"`
			OpenID  string `db:"openid"`
		}
		ms := before.UnixMilli()
		if err := s.db.Read.SelectContext(ctx, &old, selectOldAttempts, ms, ms, sqldb.OldRows); err != nil {
			return 0, false, fmt.Errorf("find old attempts to bind a number: %w", err)
		}
		statements := make([]sqldb.Query, len(old))
		for i := range old {
			statements[i] = sqldb.Query{Text: deleteOldAttempt, Args: []any{old[i].Account, old[i].OpenID, ms, ms}}
		}
		n, err := s.db.DeleteEach(ctx, "delete old attempts to bind a number", statements)
		return n, len(old) == sqldb.OldRows, err
	}
}

// OldNumbers is OldAttempts for what is known of numbers that no follower has bound.
func (s *Store) OldNumbers(before time.Time) func(context.Context) (rows int, more bool, err error) {
	return func(ctx context.Context) (int, bool, error) {
		var old []string
		ms := before.UnixMilli()
		if err := s.db.Read.SelectContext(ctx, &old, selectOldNumbers, ms, sqldb.OldRows); err != nil {
			return 0, false, fmt.Errorf("find numbers that were asked for long ago: %w", err)
		}
		statements := make([]sqldb.Query, len(old))
		for i := range old {
			statements[i] = sqldb.Query{Text: deleteOldNumber, Args: []any{old[i], ms}}
		}
		n, err := s.db.DeleteEach(ctx, "delete numbers that were asked for long ago", statements)
		return n, len(old) == sqldb.OldRows, err
	}
}
