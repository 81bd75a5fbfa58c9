package sqldb

import (
	"context"
	"errors"
	"slices"
	"time"

	"oalab/server/internal/gather"
)

const (
	// batchesAtOnce is how many statements of one sort may be under way at once: one that
	// waits for a dead connection leaves places for others.
	batchesAtOnce = 8
	// batchTimeout bounds one of them, its repetitions included. It is longer than any
	// caller waits.
	batchTimeout = 5 * time.Second
)

// ErrAlone says that a statement failed for what one of its rows met, and not which row.
// Nothing of it is stored.
var ErrAlone = errors.New("one of the rows stands in the way of the others")

// Batches lets what comes while a statement is under way share the next one.
type Batches[T any] = gather.Gatherer[T]

// Gather makes batches of one sort. A statement fails for all of its callers or for none.
// Each caller waits for its statement: what a process had not stored when it was killed is
// done once more by another one. It must be closed before the database is.
func Gather[T any](store func(ctx context.Context, batch []T) error) *Batches[T] {
	return gather.New(gather.Config{Parallel: batchesAtOnce}, func(ctx context.Context, batch []T) []error {
		ctx, cancel := context.WithTimeout(ctx, batchTimeout)
		defer cancel()
		if err := store(ctx, batch); err != nil {
			return slices.Repeat([]error{err}, len(batch))
		}
		return nil
	})
}
