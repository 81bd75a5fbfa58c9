package sqldb_test

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/sqldb"
	"oalab/server/internal/sqldb/sqldbtest"
	userlogstore "oalab/server/internal/userlog/store"
)

// TestSchemasMatch: both engines have the same tables, columns and indexes.
func TestSchemasMatch(t *testing.T) { sqldbtest.SchemasMatch(t, sqldb.Core().Files, 60) }

// TestSession: what the statements rely on holds on every connection and for any settings of
// the server.
func TestSession(t *testing.T) {
	db := sqldbtest.Open(t, newMySQL(t))
	for name, want := range map[string]string{
		"time_zone": "+00:00", "transaction_isolation": "READ-COMMITTED", "innodb_lock_wait_timeout": "1",
		"character_set_client": "utf8mb4", "collation_connection": "utf8mb4_bin",
	} {
		var got string
		if err := db.Read.GetContext(t.Context(), &got, "SELECT @@SESSION."+name); err != nil || got != want {
			t.Errorf("%s is %q (%v), want %q", name, got, err, want)
		}
	}
	var mode string
	if err := db.Read.GetContext(t.Context(), &mode, "SELECT @@SESSION.sql_mode"); err != nil || !strings.Contains(mode, "STRICT_ALL_TABLES") {
		t.Errorf("sql_mode is %q (%v), want a strict one", mode, err)
	}
}

// TestMySQLMigrationLock: a second process waits for one that migrates, for longer
// than a statement may take else.
func TestMySQLMigrationLock(t *testing.T) {
	t.Parallel() // it waits most of the time
	cfg := newMySQL(t)
	first := sqldbtest.Open(t, cfg)
	cfg.CoreDSN += "&readTimeout=300ms"
	second, err := sqldb.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	migrated := make(chan error, 1)
	err = first.Alone(t.Context(), "migrate", time.Minute, func(ctx context.Context, db *sqlx.DB) error {
		go func() { migrated <- second.Migrate(t.Context(), sqldb.Core()) }()
		for {
			waits, err := waitsForLock(ctx, db)
			if waits || err != nil {
				return err
			}
			select {
			case err := <-migrated:
				return errors.Join(errors.New("did not wait"), err)
			case <-time.After(10 * time.Millisecond):
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-migrated; err != nil {
		t.Error(err)
	}
}

// waitsForLock reports whether a connection to the same database has waited for a lock by name for
// a second, by the server's clock. information_schema.processlist would do, but fails while any
// connection has a statement with a character of four bytes.
func waitsForLock(ctx context.Context, db *sqlx.DB) (waits bool, err error) {
	var own string
	if err := db.GetContext(ctx, &own, "SELECT DATABASE()"); err != nil {
		return false, err
	}
	rows, err := db.QueryxContext(ctx, "SHOW PROCESSLIST")
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var p struct {
			ID      uint64         `db:"Id"`
			User    string         `db:"User"`
			Host    string         `db:"Host"`
			DB      sql.NullString `db:"db"`
			Command string         `db:"Command"`
			Time    int            `db:"Time"`
			State   sql.NullString `db:"State"`
			Info    sql.NullString `db:"Info"`
		}
		if err := rows.StructScan(&p); err != nil {
			return false, err
		}
		waits = waits || p.DB.String == own && p.State.String == "User lock" && p.Time >= 1
	}
	return waits, rows.Err()
}

// TestMySQLMigrationCutShort: MySQL commits each change of a table by itself. A
// process that dies before it notes the version leaves the next one all of them.
func TestMySQLMigrationCutShort(t *testing.T) {
	t.Parallel() // it waits most of the time
	db, err := sqldb.Open(t.Context(), newMySQL(t))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	owners := []sqldb.Migrations{sqldb.Core(), userlogstore.Migrations()}
	for _, m := range owners {
		files, err := fs.Glob(m.Files, "mysql/*.sql")
		if err != nil || len(files) == 0 {
			t.Fatal(files, err)
		}
		for _, name := range files {
			raw, err := fs.ReadFile(m.Files, name)
			if err != nil {
				t.Fatal(err)
			}
			up, _, _ := strings.Cut(string(raw), "-- +goose Down")
			for statement := range strings.SplitSeq(up, ";\n") {
				if statement = strings.TrimSpace(statement); statement == "" {
					continue
				}
				if _, err := db.Read.ExecContext(t.Context(), statement); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
			}
		}
	}
	if err := db.Migrate(t.Context(), owners...); err != nil {
		t.Error(err)
	}
}
