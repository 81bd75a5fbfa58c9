package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"oalab/server/internal/business"
)

const selectPhone = "SELECT phone FROM bind WHERE account = ? AND openid = ?"

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
