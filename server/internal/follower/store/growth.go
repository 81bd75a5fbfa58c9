package followerstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/follower"
	"oalab/server/internal/sqldb"
)

const (
	selectGrowth = "SELECT day, scene, SUM(gained) AS gained, SUM(lost) AS lost, SUM(scanned) AS scanned FROM follow_growth " +
		"WHERE account = ? AND day >= ? AND day <= ? GROUP BY day, scene ORDER BY day, scene"

	selectOldEvents = "SELECT account, msg_key FROM follow_event WHERE heard_at < ? ORDER BY heard_at LIMIT ?"
	deleteEvent     = "DELETE FROM follow_event WHERE account = ? AND msg_key = ?"
	selectOldGrowth = "SELECT account, day, scene, slot FROM follow_growth WHERE day < ? ORDER BY day LIMIT ?"
	deleteGrowth    = "DELETE FROM follow_growth WHERE account = ? AND day = ? AND scene = ? AND slot = ?"
)

// Growth returns what happened from a day to another one, by day and scene. Days are as in
// follower.Change.
func (s *Store) Growth(ctx context.Context, account string, from, to int) ([]follower.Growth, error) {
	var rows []struct {
		Day     int    `db:"day"`
		Scene   string `db:"scene"`
		Gained  int    `db:"gained"`
		Lost    int    `db:"lost"`
		Scanned int    `db:"scanned"`
	}
	if err := s.db.Read.SelectContext(ctx, &rows, selectGrowth, account, from, to); err != nil {
		return nil, fmt.Errorf("read the growth of an account: %w", err)
	}
	all := make([]follower.Growth, 0, len(rows))
	for _, r := range rows {
		all = append(all, follower.Growth(r))
	}
	return all, nil
}

// The tables that Retain takes rows from, as the metric of the retention names them.
const (
	RetainEvents = "follow_events"
	RetainGrowth = "follow_growth"
)

// Retention is how long rows are kept, by the database's clock.
type Retention struct {
	// Events is for how long an event may come again.
	Events time.Duration
	// Growth is for how long the counts of a day are kept.
	Growth time.Duration
	// Zone is where days begin.
	Zone *time.Location
}

const (
	// retainBatch is how many rows one transaction takes.
	retainBatch = 200
	// retainPause is how long the pause after a batch is at least, and retainShare times what
	// the batch took otherwise.
	retainPause = 20 * time.Millisecond
	retainShare = 9
	// retainWait is how long a server waits for another one that does this work.
	retainWait = time.Second
)

// ErrRetaining says that another process does this work now.
var ErrRetaining = errors.New("another process does the retention of followers")

// Retain removes what is older than it is kept, in small batches with pauses between. One
// process at a time does so; ErrRetaining is returned to another one. removed is told after
// each batch what it took.
func (s *Store) Retain(ctx context.Context, r Retention, removed func(table string, rows int)) error {
	err := s.db.Alone(ctx, "retain followers", retainWait, func(ctx context.Context, _ *sqlx.DB) error {
		now, err := s.db.Clock(ctx)
		if err != nil {
			return err
		}
		zone := r.Zone
		if zone == nil {
			zone = time.UTC
		}
		day := now.Add(-r.Growth).In(zone)
		return errors.Join(
			batches(ctx, RetainEvents, removed, func(ctx context.Context) (int, error) { return s.oldEvents(ctx, now.Add(-r.Events)) }),
			batches(ctx, RetainGrowth, removed, func(ctx context.Context) (int, error) {
				return s.oldGrowth(ctx, day.Year()*10_000+int(day.Month())*100+day.Day())
			}),
		)
	})
	if errors.Is(err, sqldb.ErrHeld) {
		return ErrRetaining
	}
	return err
}

// batches deletes batches until one is not full.
func batches(ctx context.Context, table string, removed func(string, int), batch func(context.Context) (int, error)) error {
	for {
		began := time.Now()
		n, err := batch(ctx)
		took := time.Since(began)
		if err != nil {
			return fmt.Errorf("retention of %s: %w", table, err)
		}
		if n > 0 {
			removed(table, n)
		}
		if n < retainBatch {
			return nil
		}
		pause := time.NewTimer(max(retainPause, min(retainShare*took, time.Minute)))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return ctx.Err()
		}
	}
}

func (s *Store) oldEvents(ctx context.Context, before time.Time) (int, error) {
	var rows []struct {
		Account string `db:"account"`
		Key     string `db:"msg_key"`
	}
	if err := s.db.Read.SelectContext(ctx, &rows, selectOldEvents, before.UnixMilli(), retainBatch); err != nil {
		return 0, err
	}
	queries := make([]sqldb.Query, 0, len(rows))
	for _, r := range rows {
		queries = append(queries, sqldb.Query{Text: deleteEvent, Args: []any{r.Account, r.Key}})
	}
	return len(rows), s.deleteAll(ctx, queries)
}

func (s *Store) oldGrowth(ctx context.Context, before int) (int, error) {
	var rows []struct {
		Account string `db:"account"`
		Day     int    `db:"day"`
		Scene   string `db:"scene"`
		Slot    int    `db:"slot"`
	}
	if err := s.db.Read.SelectContext(ctx, &rows, selectOldGrowth, before, retainBatch); err != nil {
		return 0, err
	}
	queries := make([]sqldb.Query, 0, len(rows))
	for _, r := range rows {
		queries = append(queries, sqldb.Query{Text: deleteGrowth, Args: []any{r.Account, r.Day, r.Scene, r.Slot}})
	}
	return len(rows), s.deleteAll(ctx, queries)
}

func (s *Store) deleteAll(ctx context.Context, queries []sqldb.Query) error {
	if len(queries) == 0 {
		return nil
	}
	return s.db.Update(ctx, "delete old rows of followers", func(ctx context.Context, tx *sqlx.Tx) error {
		return sqldb.ExecAll(ctx, tx, queries...)
	})
}
