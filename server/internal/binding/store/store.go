// Package bindingstore keeps which phone number a follower has bound, and which bindings have
// changed lately.
package bindingstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"oalab/server/internal/binding"
	"oalab/server/internal/sqldb"
)

// Store keeps the bindings in an open database of the group core. It is safe for concurrent
// use, and by several processes at once.
type Store struct{ db *sqldb.DB }

// New makes the store.
func New(db *sqldb.DB) *Store { return &Store{db} }

const (
	selectPhone    = "SELECT phone FROM bind WHERE account = ? AND openid = ?"
	selectBindings = "SELECT account, openid, phone FROM bind"
)

// Phone returns the number bound to a follower, or binding.ErrUnbound.
func (s *Store) Phone(ctx context.Context, account, openid string) (string, error) {
	var phone string
	err := s.db.Read.GetContext(ctx, &phone, selectPhone, account, openid)
	if errors.Is(err, sql.ErrNoRows) {
		return "", binding.ErrUnbound
	}
	if err != nil {
		return "", fmt.Errorf("read binding: %w", err)
	}
	return phone, nil
}

// EachBinding calls visit for every follower that has a number bound, as of one
// moment, in no order.
func (s *Store) EachBinding(ctx context.Context, visit func(account, openid, phone string)) error {
	rows, err := s.db.Read.QueryContext(ctx, selectBindings)
	if err != nil {
		return fmt.Errorf("read all bindings: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var account, openid, phone string
		if err := rows.Scan(&account, &openid, &phone); err != nil {
			return fmt.Errorf("read all bindings: %w", err)
		}
		visit(account, openid, phone)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read all bindings: %w", err)
	}
	return nil
}
