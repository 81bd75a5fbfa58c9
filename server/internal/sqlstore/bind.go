package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"oalab/server/internal/business"
)

const (
	selectPhone    = "SELECT phone FROM bind WHERE account = ? AND openid = ?"
	selectBindings = "SELECT account, openid, phone FROM bind"
)

// Phone returns the number bound to a follower, or business.ErrUnbound.
func (db *DB) Phone(ctx context.Context, account, openid string) (string, error) {
	var phone string
	err := db.Read.GetContext(ctx, &phone, selectPhone, account, openid)
	if errors.Is(err, sql.ErrNoRows) {
		return "", business.ErrUnbound
	}
	if err != nil {
		return "", fmt.Errorf("read binding: %w", err)
	}
	return phone, nil
}

// EachBinding calls visit for every follower that has a number bound, as of one
// moment, in no order.
func (db *DB) EachBinding(ctx context.Context, visit func(account, openid, phone string)) error {
	rows, err := db.Read.QueryContext(ctx, selectBindings)
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
