// Package controlstore keeps the settings of accounts, and what was replaced of them lately, in
// the group core of the database (CTL-2, CTL-3).
package controlstore

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"time"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/control"
	"oalab/server/internal/freshness"
	"oalab/server/internal/sqldb"
)

//go:embed migration/sqlite/*.sql migration/mysql/*.sql
var migrations embed.FS

// Migrations are those of the settings. They come after those of sqldb.Core, whose table of
// changes they add to.
func Migrations() sqldb.Migrations {
	files, err := fs.Sub(migrations, "migration")
	if err != nil {
		panic(err) // the path is no path
	}
	return sqldb.Migrations{Table: "goose_control_version", Files: files}
}

// Store keeps the settings in an open database. It is safe for concurrent use, and by several
// processes at once.
type Store struct{ db *sqldb.DB }

// New makes the store.
func New(db *sqldb.DB) *Store { return &Store{db} }

const (
	selectSettings = "SELECT settings, version FROM account_setting WHERE account = ?"
	selectChanged  = "SELECT account FROM account_setting WHERE changed_at > ?"
	deleteOldPast  = "DELETE FROM account_setting_past WHERE account = ? AND replaced_at <= ?"
)

// selectPast reads what was replaced within so many milliseconds, the latest first.
func (s *Store) selectPast() string {
	return "SELECT replaced_at, settings FROM account_setting_past WHERE account = ? AND replaced_at > " +
		s.db.Dialect.Now + " - ? ORDER BY replaced_at DESC"
}

type settingRow struct {
	Settings string `db:"settings"`
	Version  int64  `db:"version"`
}

type pastRow struct {
	ReplacedAt int64  `db:"replaced_at"`
	Settings   string `db:"settings"`
}

// read returns the settings of now; version 0 when there are none.
func read(ctx context.Context, q sqlx.QueryerContext, account string) (control.Stored, error) {
	var row settingRow
	err := sqlx.GetContext(ctx, q, &row, selectSettings, account)
	if errors.Is(err, sql.ErrNoRows) {
		return control.Stored{}, nil
	}
	if err != nil {
		return control.Stored{}, fmt.Errorf("read the settings of account %s: %w", account, err)
	}
	settings, err := parse(account, row.Settings)
	return control.Stored{Settings: settings, Version: row.Version}, err
}

func parse(account, text string) (control.Settings, error) {
	var settings control.Settings
	if err := json.Unmarshal([]byte(text), &settings); err != nil {
		return nil, fmt.Errorf("the settings of account %s are no JSON object of texts: %w", account, err)
	}
	return settings, nil
}

// LoadSettings implements control.Store.
func (s *Store) LoadSettings(ctx context.Context, account string) (control.Stored, error) {
	tx, err := s.db.Snapshot(ctx)
	if err != nil {
		return control.Stored{}, fmt.Errorf("read settings: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // it only read
	stored, err := read(ctx, tx, account)
	if err != nil {
		return control.Stored{}, err
	}
	var past []pastRow
	if err := tx.SelectContext(ctx, &past, s.selectPast(), account, control.Remembered.Milliseconds()); err != nil {
		return control.Stored{}, fmt.Errorf("read replaced settings: %w", err)
	}
	for _, p := range past {
		settings, err := parse(account, p.Settings)
		if err != nil {
			return control.Stored{}, err
		}
		stored.Past = append(stored.Past, control.Past{Until: time.UnixMilli(p.ReplacedAt), Settings: settings})
	}
	return stored, nil
}

// ChangedSettings implements control.Store.
func (s *Store) ChangedSettings(ctx context.Context, since time.Time) (accounts []string, now time.Time, err error) {
	if now, err = s.db.Clock(ctx); err != nil {
		return nil, now, err
	}
	after := int64(0)
	if !since.IsZero() {
		after = since.UnixMilli()
	}
	if err := s.db.Read.SelectContext(ctx, &accounts, selectChanged, after); err != nil {
		return nil, now, fmt.Errorf("read which settings were changed: %w", err)
	}
	return accounts, now, nil
}

// SaveSettings implements control.Store.
func (s *Store) SaveSettings(ctx context.Context, account string, version int64, next control.Settings, app string) (saved int64, err error) {
	text, err := json.Marshal(next)
	if err != nil {
		return 0, fmt.Errorf("write settings: %w", err)
	}
	upsert, note := s.upsertSettings(), s.insertPast()
	err = s.db.Update(ctx, "store settings", func(ctx context.Context, tx *sqlx.Tx) error {
		// Another change of settings waits here until this one is committed.
		if err := sqldb.Changed(ctx, tx, freshness.Settings); err != nil {
			return err
		}
		now, err := read(ctx, tx, account)
		if err != nil {
			return err
		}
		if now.Version > 0 && maps.Equal(now.Settings, next) {
			saved = now.Version
			return nil
		}
		if now.Version != version {
			return control.ErrVersion
		}
		saved = version + 1
		return s.replace(ctx, tx, account, now.Settings, func(at int64) error {
			_, err := tx.ExecContext(ctx, upsert, account, string(text), saved, at, app)
			return err
		}, note)
	})
	return saved, err
}

// replace notes what is replaced, and writes what takes its place. Of two changes in one
// millisecond the first one's note stays.
func (s *Store) replace(ctx context.Context, tx *sqlx.Tx, account string, before control.Settings, write func(at int64) error, note string) error {
	clock, err := s.db.ClockOf(ctx, tx)
	if err != nil {
		return err
	}
	at := clock.UnixMilli()
	if before == nil {
		before = control.Settings{}
	}
	old, err := json.Marshal(before)
	if err != nil {
		return fmt.Errorf("write replaced settings: %w", err)
	}
	if _, err := tx.ExecContext(ctx, deleteOldPast, account, at-2*control.Remembered.Milliseconds()); err != nil {
		return fmt.Errorf("forget replaced settings: %w", err)
	}
	if _, err := tx.ExecContext(ctx, note, account, at, string(old)); err != nil {
		return fmt.Errorf("note replaced settings: %w", err)
	}
	return write(at)
}

func (s *Store) upsertSettings() string {
	kept := []string{"settings", "version", "changed_at", "changed_by"}
	return s.db.Dialect.Upsert("account_setting", []string{"account"}, kept, append([]string{"account"}, kept...))
}

func (s *Store) insertPast() string {
	return s.db.Dialect.InsertNew("account_setting_past", "account", "account", "replaced_at", "settings")
}
