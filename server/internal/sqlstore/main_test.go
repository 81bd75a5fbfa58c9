package sqlstore_test

import (
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"oalab/server/internal/sqldb"
	"oalab/server/internal/sqldb/sqldbtest"
	"oalab/server/internal/sqlstore"
)

func TestMain(m *testing.M) {
	sqlstore.OwnMySQL = ownMySQL // the tests inside the package have no environment
	goleak.VerifyTestMain(m)
}

// ownMySQL makes a MySQL database for one test.
func ownMySQL(tb testing.TB) string {
	tb.Helper()
	return sqldbtest.MySQL(tb, os.Getenv)
}

// open opens and migrates a database of one engine.
type open func(t *testing.T) *sqlstore.DB

func openConfig(t *testing.T, cfg sqldb.Config) *sqlstore.DB {
	t.Helper()
	db := openOnly(t, cfg)
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}

func openOnly(t *testing.T, cfg sqldb.Config) *sqlstore.DB {
	t.Helper()
	db, err := sqlstore.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// newConfig is a new database of one engine.
type newConfig func(t *testing.T) sqldb.Config

func newSQLite(t *testing.T) sqldb.Config {
	t.Helper()
	return sqldb.Config{CoreDSN: filepath.Join(t.TempDir(), "a folder", "100%?.db")}
}

func newMySQL(t *testing.T) sqldb.Config {
	t.Helper()
	return sqldb.Config{Driver: sqldb.MySQL, CoreDSN: ownMySQL(t)}
}

func openSQLite(t *testing.T) *sqlstore.DB {
	t.Helper()
	return openConfig(t, newSQLite(t))
}

func TestSQLite(t *testing.T) { conformance(t, openSQLite) }

// One database for all: the tests use keys of their own.
func TestMySQL(t *testing.T) {
	cfg := newMySQL(t)
	conformance(t, func(t *testing.T) *sqlstore.DB {
		t.Helper()
		return openConfig(t, cfg)
	})
}

func TestSQLiteByMany(t *testing.T) { many(t, newSQLite) }

func TestMySQLByMany(t *testing.T) { many(t, newMySQL) }
