// Package mediastore keeps what is known of media in the group core of the database (MSG-14).
// The bytes are in the file store.
package mediastore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/freshness"
	"oalab/server/internal/media"
	"oalab/server/internal/sqldb"
)

//go:embed migration/sqlite/*.sql migration/mysql/*.sql
var migrations embed.FS

// Migrations are those of the media.
func Migrations() sqldb.Migrations {
	files, err := fs.Sub(migrations, "migration")
	if err != nil {
		panic(err) // the path is no path
	}
	return sqldb.Migrations{Table: "goose_media_version", Files: files}
}

// Store keeps media in an open database. It is safe for concurrent use, and by several
// processes at once.
type Store struct{ db *sqldb.DB }

var _ media.Store = (*Store)(nil)

// New makes the store.
func New(db *sqldb.DB) *Store { return &Store{db} }

// Clock implements media.Store.
func (s *Store) Clock(ctx context.Context) (time.Time, error) { return s.db.Clock(ctx) }

const fileColumns = "account, name, kind, content_type, size, sha256, file_key, media_id, ends_at, past_id, past_ends_at, changed_at, " +
	"due_at, failures, trouble, added_at, dropped"

const (
	selectFiles    = "SELECT " + fileColumns + " FROM media_file"
	selectFile     = selectFiles + " WHERE account = ? AND name = ?"
	selectDue      = selectFiles + " WHERE due_at <= ? ORDER BY due_at LIMIT ?"
	selectUnusable = "SELECT COUNT(*) FROM media_file WHERE dropped = 0 AND ends_at <= ?"
	updateHold     = "UPDATE media_file SET due_at = ? WHERE account = ? AND name = ? AND due_at = ?"
	updateFile     = "UPDATE media_file SET kind = ?, content_type = ?, size = ?, sha256 = ?, file_key = ?, media_id = ?, ends_at = ?, " +
		"past_id = ?, past_ends_at = ?, changed_at = ?, due_at = ?, failures = 0, trouble = '', added_at = ?, dropped = 0 WHERE account = ? AND name = ?"
	updateUploaded = "UPDATE media_file SET past_id = media_id, past_ends_at = ends_at, media_id = ?, ends_at = ?, changed_at = ?, due_at = ?, " +
		"failures = 0, trouble = '' WHERE account = ? AND name = ? AND due_at = ? AND dropped = 0"
	updateFailed  = "UPDATE media_file SET failures = failures + 1, trouble = ?, due_at = ? WHERE account = ? AND name = ? AND due_at = ?"
	updateDropped = "UPDATE media_file SET past_id = media_id, past_ends_at = ends_at, media_id = '', ends_at = 0, changed_at = ?, due_at = ?, " +
		"dropped = 1 WHERE account = ? AND name = ? AND dropped = 0"
	deleteFile = "DELETE FROM media_file WHERE account = ? AND name = ? AND due_at = ? AND dropped = 1"
)

type fileRow struct {
	Account  string `db:"account"`
	Name     string `db:"name"`
	Kind     string `db:"kind"`
	Type     string `db:"content_type"`
	Size     int64  `db:"size"`
	Sum      string `db:"sha256"`
	Key      string `db:"file_key"`
	MediaID  string `db:"media_id"`
	Ends     int64  `db:"ends_at"`
	PastID   string `db:"past_id"`
	PastEnds int64  `db:"past_ends_at"`
	Changed  int64  `db:"changed_at"`
	Due      int64  `db:"due_at"`
	Failures int    `db:"failures"`
	Trouble  string `db:"trouble"`
	Added    int64  `db:"added_at"`
	Dropped  bool   `db:"dropped"`
}

func (r fileRow) file() media.File {
	return media.File{
		Account: r.Account, Name: r.Name, Kind: media.Kind(r.Kind), Type: r.Type, Size: r.Size, Sum: r.Sum, Key: r.Key,
		MediaID: r.MediaID, Ends: moment(r.Ends), PastID: r.PastID, PastEnds: moment(r.PastEnds), Changed: moment(r.Changed),
		Due: moment(r.Due), Failures: r.Failures, Trouble: r.Trouble, Added: moment(r.Added), Dropped: r.Dropped,
	}
}

// milli and moment write a time as a column has it; 0 is the zero time.
func milli(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

func (s *Store) files(ctx context.Context, query string, args ...any) ([]media.File, error) {
	var rows []fileRow
	if err := s.db.Read.SelectContext(ctx, &rows, query, args...); err != nil {
		return nil, fmt.Errorf("read files of accounts: %w", err)
	}
	all := make([]media.File, 0, len(rows))
	for _, r := range rows {
		all = append(all, r.file())
	}
	return all, nil
}

// Files implements media.Store.
func (s *Store) Files(ctx context.Context) ([]media.File, error) { return s.files(ctx, selectFiles) }

// Due implements media.Store.
func (s *Store) Due(ctx context.Context, now time.Time, limit int) ([]media.File, error) {
	return s.files(ctx, selectDue, now.UnixMilli(), limit)
}

// Unusable implements media.Store.
func (s *Store) Unusable(ctx context.Context, now time.Time) (n int, err error) {
	if err := s.db.Read.GetContext(ctx, &n, selectUnusable, now.UnixMilli()); err != nil {
		return 0, fmt.Errorf("count files without a media_id: %w", err)
	}
	return n, nil
}

// SaveFile implements media.Store.
func (s *Store) SaveFile(ctx context.Context, f media.File) (replaced string, err error) {
	insert := s.db.Dialect.Insert("media_file", "account", "name", "kind", "content_type", "size", "sha256", "file_key", "media_id", "ends_at",
		"past_id", "past_ends_at", "changed_at", "due_at", "failures", "trouble", "added_at", "dropped")
	err = s.db.Update(ctx, "store a file of an account", func(ctx context.Context, tx *sqlx.Tx) error {
		if err := sqldb.Changed(ctx, tx, freshness.Media); err != nil { // first: one file at a time is stored
			return err
		}
		var before fileRow
		err := tx.GetContext(ctx, &before, selectFile, f.Account, f.Name)
		if errors.Is(err, sql.ErrNoRows) {
			replaced = ""
			_, err = tx.ExecContext(ctx, insert, f.Account, f.Name, string(f.Kind), f.Type, f.Size, f.Sum, f.Key, "", 0, "", 0,
				milli(f.Changed), milli(f.Due), 0, "", milli(f.Added), 0)
			return err
		}
		if err != nil {
			return err
		}
		replaced = before.Key
		if before.Kind != string(f.Kind) { // what it was known by is of another kind
			before.PastID, before.PastEnds, before.MediaID, before.Ends, before.Changed = before.MediaID, before.Ends, "", 0, milli(f.Changed)
		}
		_, err = tx.ExecContext(ctx, updateFile, string(f.Kind), f.Type, f.Size, f.Sum, f.Key, before.MediaID, before.Ends,
			before.PastID, before.PastEnds, before.Changed, milli(f.Due), milli(f.Added), f.Account, f.Name)
		return err
	})
	return replaced, err
}

// changed changes one file and notes that files have changed; false when the condition of the
// statement does not hold.
func (s *Store) changed(ctx context.Context, what, query string, args ...any) (bool, error) {
	err := s.db.Update(ctx, what, func(ctx context.Context, tx *sqlx.Tx) error {
		if err := sqldb.Changed(ctx, tx, freshness.Media); err != nil {
			return err
		}
		return sqldb.Change(ctx, tx, media.ErrUnknown, query, args...)
	})
	if errors.Is(err, media.ErrUnknown) {
		return false, nil
	}
	return err == nil, err
}

// Drop implements media.Store.
func (s *Store) Drop(ctx context.Context, account, name string, now time.Time) error {
	met, err := s.changed(ctx, "drop a file of an account", updateDropped, now.UnixMilli(), now.UnixMilli(), account, name)
	if err == nil && !met {
		err = media.ErrUnknown
	}
	return err
}

// Hold implements media.Store.
func (s *Store) Hold(ctx context.Context, f media.File, until time.Time) (bool, error) {
	n, err := s.db.One(ctx, "take a file to upload it", updateHold, until.UnixMilli(), f.Account, f.Name, milli(f.Due))
	return n == 1, err
}

// Uploaded implements media.Store.
func (s *Store) Uploaded(ctx context.Context, held media.File, mediaID string, now, ends, next time.Time) (bool, error) {
	return s.changed(ctx, "note the media_id of a file", updateUploaded, mediaID, ends.UnixMilli(), now.UnixMilli(), next.UnixMilli(), held.Account, held.Name, milli(held.Due))
}

// Failed implements media.Store.
func (s *Store) Failed(ctx context.Context, held media.File, next time.Time, why string) error {
	_, err := s.db.One(ctx, "note that an upload failed", updateFailed, sqldb.Clip(why), next.UnixMilli(), held.Account, held.Name, milli(held.Due))
	return err
}

// Remove implements media.Store.
func (s *Store) Remove(ctx context.Context, held media.File) error {
	_, err := s.db.One(ctx, "remove a file of an account", deleteFile, held.Account, held.Name, milli(held.Due))
	return err
}
