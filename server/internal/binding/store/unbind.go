package bindingstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
)

const deleteBinding = "DELETE FROM bind WHERE account = ? AND openid = ? AND created_at < ?"

// Unbind ends the binding of a follower if it was made before a moment, and reports
// whether there was one. Doing it again changes nothing.
func (s *Store) Unbind(ctx context.Context, account, openid string, before time.Time) (ended bool, err error) {
	err = s.db.Update(ctx, "end binding", func(ctx context.Context, tx *sqlx.Tx) error {
		var there []string
		if err := tx.SelectContext(ctx, &there, selectPhone, account, openid); err != nil || len(there) == 0 {
			return err // most followers that leave never had one: nothing to wait for
		}
		if err := bindingsChanged(ctx, tx); err != nil {
			return err
		}
		result, err := tx.ExecContext(ctx, deleteBinding, account, openid, before.UnixMilli())
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		if err != nil {
			return fmt.Errorf("count ended bindings: %w", err)
		}
		if ended = n > 0; ended {
			return s.noteBindings(ctx, tx, account, []string{openid})
		}
		return errNothing
	})
	if errors.Is(err, errNothing) {
		err = nil
	}
	return ended && err == nil, err
}

// errNothing takes back the transaction that found nothing to change.
var errNothing = errors.New("nothing to change")
