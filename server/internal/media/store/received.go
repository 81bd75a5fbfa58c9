package mediastore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/job"
	"oalab/server/internal/media"
	"oalab/server/internal/sqldb"
)

const (
	receivedColumns   = "account, msg_key, openid, kind, media_id, sent_at, fate, content_type, size, sha256, file_key, reason"
	selectReceived    = "SELECT " + receivedColumns + " FROM media_received WHERE account = ? AND msg_key = ?"
	selectOldReceived = "SELECT " + receivedColumns + " FROM media_received WHERE heard_at < ? ORDER BY heard_at LIMIT ?"
	updateReceived    = "UPDATE media_received SET fate = ?, content_type = ?, size = ?, sha256 = ?, file_key = ?, reason = ? WHERE account = ? AND msg_key = ?"
	deleteReceived    = "DELETE FROM media_received WHERE account = ? AND msg_key = ?"
)

type receivedRow struct {
	Account string `db:"account"`
	Key     string `db:"msg_key"`
	OpenID  string `db:"openid"`
	Kind    string `db:"kind"`
	MediaID string `db:"media_id"`
	Sent    int64  `db:"sent_at"`
	State   string `db:"fate"`
	Type    string `db:"content_type"`
	Size    int64  `db:"size"`
	Sum     string `db:"sha256"`
	File    string `db:"file_key"`
	Why     string `db:"reason"`
}

func (r receivedRow) received() media.Received {
	return media.Received{
		Account: r.Account, Key: r.Key, OpenID: r.OpenID, Kind: r.Kind, MediaID: r.MediaID, Sent: moment(r.Sent), State: media.State(r.State),
		Type: r.Type, Size: r.Size, Sum: r.Sum, File: r.File, Why: r.Why,
	}
}

// errHeard takes back the transaction of a message that was noted before.
var errHeard = errors.New("the message was noted before")

// insertReceived has the database's clock as the time: rows are deleted by it.
func (s *Store) insertReceived() string {
	d := s.db.Dialect
	return d.Stamped(d.InsertNew("media_received", "account", "account", "msg_key", "openid", "kind", "media_id", "sent_at", "fate", "content_type",
		"size", "sha256", "file_key", "reason", "heard_at"))
}

// Note implements media.Store.
func (s *Store) Note(ctx context.Context, r media.Received, fetch job.Envelope) error {
	var stored []job.Envelope
	err := s.db.Update(ctx, "note what a follower sent", func(ctx context.Context, tx *sqlx.Tx) (err error) {
		stored = nil // an attempt before this one was taken back
		res, err := tx.ExecContext(ctx, s.insertReceived(), r.Account, r.Key, r.OpenID, r.Kind, r.MediaID, milli(r.Sent), string(r.State), "", 0, "", "", "")
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, errHeard)
		}
		stored, err = s.db.InsertJobs(ctx, tx, []job.Envelope{fetch})
		return err
	})
	if errors.Is(err, errHeard) {
		return nil
	}
	if err == nil {
		s.db.Announce(stored)
	}
	return err
}

// Received implements media.Store.
func (s *Store) Received(ctx context.Context, account, key string) (media.Received, error) {
	var r receivedRow
	err := s.db.Read.GetContext(ctx, &r, selectReceived, account, key)
	if errors.Is(err, sql.ErrNoRows) {
		return media.Received{}, media.ErrUnknown
	}
	if err != nil {
		return media.Received{}, fmt.Errorf("read what a follower sent: %w", err)
	}
	return r.received(), nil
}

// Settle implements media.Store.
func (s *Store) Settle(ctx context.Context, r media.Received) error {
	_, err := s.db.One(ctx, "note what became of what a follower sent", updateReceived, string(r.State), r.Type, r.Size, r.Sum, r.File, sqldb.Clip(r.Why), r.Account, r.Key)
	return err
}

// OldReceived implements media.Store.
func (s *Store) OldReceived(ctx context.Context, before time.Time, limit int) ([]media.Received, error) {
	var rows []receivedRow
	if err := s.db.Read.SelectContext(ctx, &rows, selectOldReceived, before.UnixMilli(), limit); err != nil {
		return nil, fmt.Errorf("read what followers sent long ago: %w", err)
	}
	all := make([]media.Received, 0, len(rows))
	for _, r := range rows {
		all = append(all, r.received())
	}
	return all, nil
}

// Forget implements media.Store.
func (s *Store) Forget(ctx context.Context, list []media.Received) error {
	queries := make([]sqldb.Query, 0, len(list))
	for _, r := range list {
		queries = append(queries, sqldb.Query{Text: deleteReceived, Args: []any{r.Account, r.Key}})
	}
	return s.db.Update(ctx, "forget what followers sent long ago", func(ctx context.Context, tx *sqlx.Tx) error {
		return sqldb.ExecAll(ctx, tx, queries...)
	})
}
