package userlogstore

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"
)

// MaintainAt is Maintain when the database's clock shows now.
func (s *Store) MaintainAt(ctx context.Context, now time.Time, months int) error {
	return s.maintain(ctx, months, func(context.Context, sqlx.QueryerContext) (time.Time, error) { return now, nil })
}
