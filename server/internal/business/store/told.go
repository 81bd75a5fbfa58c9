package businessstore

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/business"
)

// The hint, a mere comment to SQLite, keeps MySQL from walking what is unsettled and
// waiting for the locks of others.
const markTold = "UPDATE /*+ INDEX(orders PRIMARY) */ orders SET told = ?, settled = 1, version = version + 1 WHERE serial IN (?) AND settled = 0 AND state IN (?, ?)"

// MarkTold notes by which way a follower was told; the first note stays. Notes of
// business.ToldTemplate share statements.
func (s *Store) MarkTold(ctx context.Context, serial, way string) error {
	if way == business.ToldTemplate {
		return s.toldByTemplate.Do(ctx, serial)
	}
	return s.markTold(ctx, way, []string{serial})
}

func (s *Store) markTold(ctx context.Context, way string, serials []string) error {
	query, args, err := sqlx.In(markTold, way, serials, business.StateDone, business.StateFailed)
	if err != nil {
		return fmt.Errorf("mark orders told: %w", err)
	}
	_, err = s.db.One(ctx, "mark orders told", query, args...)
	return err
}
