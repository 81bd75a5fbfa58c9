package sqldbtest

import (
	"crypto/rand"
	"path/filepath"
	"testing"

	"oalab/server/internal/sqldb"
)

// Unique makes a name that no other test has, so that tests can share a database.
func Unique(prefix string) string { return prefix + rand.Text()[:16] }

// NewSQLite is a new database in a file, whose path has what a path may have.
func NewSQLite(tb testing.TB) sqldb.Config {
	tb.Helper()
	dir := filepath.Join(tb.TempDir(), "a folder")
	return sqldb.Config{CoreDSN: filepath.Join(dir, "100%?.db"), LogDSN: filepath.Join(dir, "log 100%?.db")}
}

// NewMySQL is a new database on a server, see MySQL. It is that of both groups.
func NewMySQL(tb testing.TB, getenv func(string) string) sqldb.Config {
	tb.Helper()
	dsn := MySQL(tb, getenv)
	return sqldb.Config{Driver: sqldb.MySQL, CoreDSN: dsn, LogDSN: dsn}
}

// Open opens the group core of a database for a test, and makes its tables.
func Open(tb testing.TB, cfg sqldb.Config) *sqldb.DB {
	tb.Helper()
	db, err := sqldb.Open(tb.Context(), cfg)
	if err != nil {
		tb.Fatal(err)
	}
	Closes(tb, db)
	if err := db.Migrate(tb.Context(), sqldb.Core()); err != nil {
		tb.Fatal(err)
	}
	return db
}

// OpenLog opens the group log of a database for a test.
func OpenLog(tb testing.TB, cfg sqldb.Config) *sqldb.DB {
	tb.Helper()
	db, err := sqldb.OpenLog(tb.Context(), cfg)
	if err != nil {
		tb.Fatal(err)
	}
	Closes(tb, db)
	return db
}

// Closes closes a database or a store when the test ends, before all that were opened
// earlier.
func Closes(tb testing.TB, c interface{ Close() error }) {
	tb.Helper()
	tb.Cleanup(func() {
		if err := c.Close(); err != nil {
			tb.Error(err)
		}
	})
}
