package followerstore

import (
	"context"
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

// OldEvents returns what deletes the next batch of the events that were noted before a time. It
// tells how many it deleted, and whether there may be more.
func (s *Store) OldEvents(before time.Time) func(context.Context) (rows int, more bool, err error) {
	return func(ctx context.Context) (int, bool, error) {
		var rows []struct {
			Account string `db:"account"`
			Key     string `db:"msg_key"`
		}
		if err := s.db.Read.SelectContext(ctx, &rows, selectOldEvents, before.UnixMilli(), sqldb.OldRows); err != nil {
			return 0, false, err
		}
		queries := make([]sqldb.Query, 0, len(rows))
		for _, r := range rows {
			queries = append(queries, sqldb.Query{Text: deleteEvent, Args: []any{r.Account, r.Key}})
		}
		return len(rows), len(rows) == sqldb.OldRows, s.deleteAll(ctx, queries)
	}
}

// OldGrowth returns what deletes the next batch of the counts of days before that of a time,
// which begin where they do in the zone; nil means UTC.
func (s *Store) OldGrowth(before time.Time, zone *time.Location) func(context.Context) (rows int, more bool, err error) {
	if zone == nil {
		zone = time.UTC
	}
	first := before.In(zone)
	day := first.Year()*10_000 + int(first.Month())*100 + first.Day()
	return func(ctx context.Context) (int, bool, error) {
		var rows []struct {
			Account string `db:"account"`
			Day     int    `db:"day"`
			Scene   string `db:"scene"`
			Slot    int    `db:"slot"`
		}
		if err := s.db.Read.SelectContext(ctx, &rows, selectOldGrowth, day, sqldb.OldRows); err != nil {
			return 0, false, err
		}
		queries := make([]sqldb.Query, 0, len(rows))
		for _, r := range rows {
			queries = append(queries, sqldb.Query{Text: deleteGrowth, Args: []any{r.Account, r.Day, r.Scene, r.Slot}})
		}
		return len(rows), len(rows) == sqldb.OldRows, s.deleteAll(ctx, queries)
	}
}

func (s *Store) deleteAll(ctx context.Context, queries []sqldb.Query) error {
	if len(queries) == 0 {
		return nil
	}
	return s.db.Update(ctx, "delete old rows of followers", func(ctx context.Context, tx *sqlx.Tx) error {
		return sqldb.ExecAll(ctx, tx, queries...)
	})
}
