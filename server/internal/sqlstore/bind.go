package sqlstore

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/business"
)

const (
	selectPhone      = "SELECT phone FROM bind WHERE account = ? AND openid = ?"
	selectBindings   = "SELECT account, openid, phone FROM bind"
	selectGeneration = "SELECT generation FROM bind_change WHERE id = 1"
	updateGeneration = "UPDATE bind_change SET generation = ? WHERE id = 1"
)

// Phone returns the number bound to a follower, or business.ErrUnbound.
func (db *DB) Phone(ctx context.Context, account, openid string) (string, error) {
	var phone string
	err := db.read.GetContext(ctx, &phone, selectPhone, account, openid)
	if errors.Is(err, sql.ErrNoRows) {
		return "", business.ErrUnbound
	}
	if err != nil {
		return "", fmt.Errorf("read binding: %w", err)
	}
	return phone, nil
}

// BindingGeneration names the state of all bindings: every transaction that
// changes one commits another name with it, which was never used before, in this
// database or another.
func (db *DB) BindingGeneration(ctx context.Context) (string, error) {
	var generation string
	if err := db.read.GetContext(ctx, &generation, selectGeneration); err != nil {
		return "", fmt.Errorf("read the generation of the bindings: %w", err)
	}
	return generation, nil
}

// EachBinding calls visit for every follower that has a number bound, as of one
// moment, in no order.
func (db *DB) EachBinding(ctx context.Context, visit func(account, openid, phone string)) error {
	rows, err := db.read.QueryContext(ctx, selectBindings)
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

// bindingsChanged belongs into every transaction that changes a binding.
func bindingsChanged(ctx context.Context, tx *sqlx.Tx) error {
	if _, err := tx.ExecContext(ctx, updateGeneration, rand.Text()); err != nil {
		return fmt.Errorf("note that bindings changed: %w", err)
	}
	return nil
}
