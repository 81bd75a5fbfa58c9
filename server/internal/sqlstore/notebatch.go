package sqlstore

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/business"
	"oalab/server/internal/gather"
	"oalab/server/internal/job"
)

// What is only noted of a job, that it is done or its order told, shares a statement with
// what else is noted within notesEvery. Whoever notes it waits for it: a process that is
// killed before does the job once more, which the carrier or the platform swallows.
const (
	notesEvery = 50 * time.Millisecond
	// enoughNotes is how many make a batch at once: their callers hold the places of
	// further jobs.
	enoughNotes = 8
)

const (
	// The hint, a mere comment to SQLite, keeps MySQL from walking what is unsettled and
	// waiting for the locks of others.
	markTold   = "UPDATE /*+ INDEX(orders PRIMARY) */ orders SET told = ?, settled = 1, version = version + 1 WHERE serial IN (?) AND settled = 0 AND state IN (?, ?)"
	deleteJobs = "DELETE FROM outbox WHERE id IN (?)"
)

// notes gathers notes of one sort until stop is called, which comes back when all that
// wait are stored.
type notes[T any] struct {
	*gather.Gatherer[T]
	stop func()
}

func gatherNotes[T any](store func(ctx context.Context, batch []T) error) notes[T] {
	g := gather.New(gather.Config{Every: notesEvery, Enough: enoughNotes, Parallel: batchesAtOnce}, func(ctx context.Context, batch []T) []error {
		ctx, cancel := context.WithTimeout(ctx, batchTimeout)
		defer cancel()
		if err := store(ctx, batch); err != nil {
			return slices.Repeat([]error{err}, len(batch))
		}
		return nil
	})
	return notes[T]{g, run(g)}
}

// MarkTold notes by which way a follower was told; the first note stays. A note of
// business.ToldTemplate waits for others.
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
	_, err = db.one(ctx, "mark orders told", query, args...)
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
	_, err = db.one(ctx, "delete jobs", query, args...)
	return err
}

// SettleJob deletes the row of a job that is done; one already gone is no error. It waits
// for others where doing the job once more is harmless: nobody swallows the second answer
// to a query.
func (db *DB) SettleJob(ctx context.Context, env job.Envelope) error {
	if env.Kind == job.KindQuery {
		return db.DeleteJobs(ctx, []int64{env.ID})
	}
	return db.settled.Do(ctx, env.ID)
}
