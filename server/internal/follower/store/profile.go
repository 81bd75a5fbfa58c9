package followerstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/follower"
	"oalab/server/internal/sqldb"
)

const (
	// What is empty in the platform's answer does not replace what is known. following comes
	// last: MySQL sets columns from the left to the right.
	updateProfile = "UPDATE follower SET unionid = CASE WHEN ? = '' THEN unionid ELSE ? END, nickname = CASE WHEN ? = '' THEN nickname ELSE ? END, " +
		"picture = CASE WHEN ? = '' THEN picture ELSE ? END, scene = CASE WHEN scene = '' THEN ? ELSE scene END, way = ?, lang = ?, remark = ?, " +
		"asked_at = ?, seen_run = CASE WHEN ? > seen_run THEN ? ELSE seen_run END, since_at = CASE WHEN event_at < ? THEN ? ELSE since_at END, " +
		"following = CASE WHEN event_at < ? THEN 1 ELSE following END WHERE account = ? AND openid = ?"
	updateStranger = "UPDATE follower SET asked_at = ?, left_at = CASE WHEN following = 1 AND event_at < ? THEN ? ELSE left_at END, " +
		"following = CASE WHEN event_at < ? THEN 0 ELSE following END WHERE account = ? AND openid = ?"
	updateName = "UPDATE follower SET unionid = CASE WHEN ? = '' THEN unionid ELSE ? END, nickname = ?, picture = ?, named_at = ? " +
		"WHERE account = ? AND openid = ? AND named_at <= ?"

	selectRun = "SELECT began_at, next_openid, seen FROM follower_run WHERE account = ?"
	updateRun = "UPDATE follower_run SET next_openid = ?, seen = ? WHERE account = ? AND began_at = ?"
	deleteRun = "DELETE FROM follower_run WHERE account = ? AND began_at = ?"

	selectUnseen = "SELECT openid, following, seen_run FROM follower WHERE account = ? AND openid > ? ORDER BY openid LIMIT ?"
	updateUnseen = "UPDATE follower SET following = 0, left_at = ? WHERE account = ? AND openid = ? AND following = 1 AND seen_run < ? AND event_at < ?"
)

// SaveProfiles implements follower.Store.
func (s *Store) SaveProfiles(ctx context.Context, account string, asked time.Time, run *follower.Run, profiles []follower.Profile) error {
	if run == nil && len(profiles) == 1 { // that of a new follower, whose row is there
		q := profileQuery(account, asked, nil, profiles[0])
		if met, err := s.db.One(ctx, "store the profile of a follower", q.Text, q.Args...); met > 0 || err != nil {
			return err
		}
	}
	// In the order of their keys two batches at once wait for each other instead of meeting in
	// a deadlock.
	profiles = slices.SortedFunc(slices.Values(profiles), func(a, b follower.Profile) int { return cmp.Compare(a.OpenID, b.OpenID) })
	return s.db.Update(ctx, "store profiles of followers", func(ctx context.Context, tx *sqlx.Tx) error {
		if len(profiles) > 0 {
			keys := make([]any, 0, 2*len(profiles))
			for _, p := range profiles {
				keys = append(keys, account, p.OpenID)
			}
			if _, err := tx.ExecContext(ctx, s.newFollowers(len(profiles)), keys...); err != nil {
				return err
			}
		}
		for _, p := range profiles {
			q := profileQuery(account, asked, run, p)
			if _, err := tx.ExecContext(ctx, q.Text, q.Args...); err != nil {
				return err
			}
		}
		if run == nil {
			return nil
		}
		return s.saveRun(ctx, tx, account, *run)
	})
}

// profileQuery changes the row of one person, which is there.
func profileQuery(account string, asked time.Time, run *follower.Run, p follower.Profile) sqldb.Query {
	at, settled := milli(asked), milli(asked.Add(-follower.Settle))
	if !p.Following { // the platform tells nothing else of such a person
		return sqldb.Query{Text: updateStranger, Args: []any{at, settled, at, settled, account, p.OpenID}}
	}
	var seen int64
	if run != nil {
		seen = milli(run.Began)
	}
	union, name, picture := clip(p.UnionID, maxUnionID), clip(p.Nickname, maxName), clip(p.Picture, maxPicture)
	return sqldb.Query{Text: updateProfile, Args: []any{
		union, union, name, name, picture, picture, clip(p.Scene, maxScene), clip(p.Way, maxWay), clip(p.Language, maxLang), clip(p.Remark, maxRemark),
		at, seen, seen, settled, milli(p.Since), settled, account, p.OpenID,
	}}
}

// SaveName implements follower.Store.
func (s *Store) SaveName(ctx context.Context, n follower.Name) error {
	return s.db.Update(ctx, "store the name of a follower", func(ctx context.Context, tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, s.newFollowers(1), n.Account, n.OpenID); err != nil {
			return err
		}
		union, at := clip(n.UnionID, maxUnionID), milli(n.At)
		_, err := tx.ExecContext(ctx, updateName, union, union, clip(n.Nickname, maxName), clip(n.Picture, maxPicture), at, n.Account, n.OpenID, at)
		return err
	})
}

type runRow struct {
	Began int64  `db:"began_at"`
	Next  string `db:"next_openid"`
	Seen  int    `db:"seen"`
}

// Run implements follower.Store.
func (s *Store) Run(ctx context.Context, account string) (follower.Run, bool, error) {
	var r runRow
	err := s.db.Read.GetContext(ctx, &r, selectRun, account)
	if errors.Is(err, sql.ErrNoRows) {
		return follower.Run{}, false, nil
	}
	if err != nil {
		return follower.Run{}, false, fmt.Errorf("read the synchronization of followers: %w", err)
	}
	return follower.Run{Began: moment(r.Began), Next: r.Next, Seen: r.Seen}, true, nil
}

func (s *Store) saveRun(ctx context.Context, tx *sqlx.Tx, account string, run follower.Run) error {
	if _, err := tx.ExecContext(ctx, s.newRun(), account, milli(run.Began), "", 0); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, updateRun, run.Next, run.Seen, account, milli(run.Began))
	return err
}

func (s *Store) newRun() string {
	return s.db.Dialect.InsertNew("follower_run", "account", "account", "began_at", "next_openid", "seen")
}

// Abandon implements follower.Store.
func (s *Store) Abandon(ctx context.Context, account string, run follower.Run) error {
	_, err := s.db.One(ctx, "end the synchronization of followers", deleteRun, account, milli(run.Began))
	return err
}

// endBatch is how many followers one transaction looks at.
const endBatch = 500

// EndRun implements follower.Store.
func (s *Store) EndRun(ctx context.Context, account string, run follower.Run) (left int, err error) {
	now, err := s.db.Clock(ctx)
	if err != nil {
		return 0, err
	}
	began := milli(run.Began)
	for after := ""; ; {
		var rows []struct {
			OpenID    string `db:"openid"`
			Following bool   `db:"following"`
			Seen      int64  `db:"seen_run"`
		}
		if err := s.db.Read.SelectContext(ctx, &rows, selectUnseen, account, after, endBatch); err != nil {
			return left, fmt.Errorf("find followers who were not listed: %w", err)
		}
		if len(rows) == 0 {
			return left, s.Abandon(ctx, account, run)
		}
		gone := 0
		err := s.db.Update(ctx, "note followers who have left", func(ctx context.Context, tx *sqlx.Tx) error {
			gone = 0
			for _, r := range rows {
				if !r.Following || r.Seen >= began {
					continue
				}
				res, err := tx.ExecContext(ctx, updateUnseen, now.UnixMilli(), account, r.OpenID, began, began-follower.Settle.Milliseconds())
				if err != nil {
					return err
				}
				n, err := res.RowsAffected()
				if err != nil {
					return err
				}
				gone += int(n)
			}
			return nil
		})
		if err != nil {
			return left, err
		}
		left, after = left+gone, rows[len(rows)-1].OpenID
	}
}
