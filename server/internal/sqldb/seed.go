package sqldb

import (
	"context"
	"errors"

	"github.com/jmoiron/sqlx"
)

// Changes are what a seed does to one section, by the names of the entries.
type Changes struct {
	Section               string
	New, Changed, Removed []string
	// Same is how many entries are there already as the seed has them.
	Same int
}

// Count notes what the seed does to an entry.
func (c *Changes) Count(name string, existed, same bool) {
	switch {
	case !existed:
		c.New = append(c.New, name)
	case same:
		c.Same++
	default:
		c.Changed = append(c.Changed, name)
	}
}

// Section stores what a seed has for one store. It may be run more than once: each run
// starts from what is committed.
type Section func(ctx context.Context, tx *sqlx.Tx) (Changes, error)

// errDryRun ends the transaction of a dry run.
var errDryRun = errors.New("dry run")

// Seed stores the sections in one transaction, and returns what it changed, one element for
// each. A dry run changes nothing: the data is judged as if it were stored.
func (db *DB) Seed(ctx context.Context, dryRun bool, sections ...Section) ([]Changes, error) {
	var plan []Changes
	err := db.Update(ctx, "seed", func(ctx context.Context, tx *sqlx.Tx) error {
		plan = nil // an attempt before this one was taken back
		for _, section := range sections {
			changes, err := section(ctx, tx)
			if err != nil {
				return err
			}
			plan = append(plan, changes)
		}
		if dryRun {
			return errDryRun
		}
		return nil
	})
	if errors.Is(err, errDryRun) {
		err = nil
	}
	return plan, err
}

// Query is a statement with its arguments.
type Query struct {
	Text string
	Args []any
}

// ExecAll runs statements in a transaction until one fails.
func ExecAll(ctx context.Context, tx *sqlx.Tx, all ...Query) error {
	for _, q := range all {
		if _, err := tx.ExecContext(ctx, q.Text, q.Args...); err != nil {
			return err
		}
	}
	return nil
}
