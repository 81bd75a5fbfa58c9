package sqlstore

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/business"
	"oalab/server/internal/job"
)

const (
	// The hint, a mere comment to SQLite, keeps MySQL from walking what is unsettled and
	// waiting for the locks of others.
	markTold   = "UPDATE /*+ INDEX(orders PRIMARY) */ orders SET told = ?, settled = 1, version = version + 1 WHERE serial IN (?) AND settled = 0 AND state IN (?, ?)"
	deleteJobs = "DELETE FROM outbox WHERE id IN (?)"
)

// MarkTold notes by which way a follower was told; the first note stays. Notes of
// business.ToldTemplate share statements.
func (db *DB) MarkTold(ctx context.Context, serial, way string) error {
	if way == business.ToldTemplate {
		return db.toldByTemplate.Do(ctx, serial)
	}
	return db.markTold(ctx, way, []string{serial})
}

func (db *DB) markTold(ctx context.Context, way string, serials []string) error {
	query, args, err := sqlx.In(markTold, way, serials, business.StateDone, business.StateFailed)
	if err != nil {
		return fmt.Errorf("mark orders told: %w", err)
	}
	_, err = db.One(ctx, "mark orders told", query, args...)
	return err
}

// DeleteJobs deletes rows; those already gone are no error.
func (db *DB) DeleteJobs(ctx context.Context, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	query, args, err := sqlx.In(deleteJobs, ids)
	if err != nil {
		return fmt.Errorf("delete jobs: %w", err)
	}
	_, err = db.One(ctx, "delete jobs", query, args...)
	return err
}

// SettleJob deletes the row of a job that is done, in one statement with others that end
// meanwhile; one already gone is no error.
func (db *DB) SettleJob(ctx context.Context, env job.Envelope) error {
	return db.settled.Do(ctx, env.ID)
}
