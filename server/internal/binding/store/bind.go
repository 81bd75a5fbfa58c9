package bindingstore

import (
	"context"
	"errors"
	"time"

	"github.com/jmoiron/sqlx"
)

// Bind binds a follower to a number, in the place of another one. Doing it again changes
// nothing.
func (s *Store) Bind(ctx context.Context, account, openid, phone string) error {
	err := s.db.Update(ctx, "bind a number", func(ctx context.Context, tx *sqlx.Tx) error {
		if err := bindingsChanged(ctx, tx); err != nil {
			return err
		}
		var there []string
		if err := tx.SelectContext(ctx, &there, selectPhone, account, openid); err != nil {
			return err
		}
		if len(there) > 0 && there[0] == phone {
			return errNothing
		}
		if _, err := tx.ExecContext(ctx, s.upsertBinding(), account, openid, phone, time.Now().UnixMilli()); err != nil {
			return err
		}
		return s.noteBindings(ctx, tx, account, []string{openid})
	})
	if errors.Is(err, errNothing) {
		err = nil
	}
	return err
}

func (s *Store) upsertBinding() string {
	return s.db.Dialect.Upsert("bind", []string{"account", "openid"}, []string{"phone", "created_at"},
		[]string{"account", "openid", "phone", "created_at"})
}
