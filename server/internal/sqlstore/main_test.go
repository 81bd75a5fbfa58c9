package sqlstore_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"oalab/server/internal/sqlstore"
	"oalab/server/internal/sqlstore/storetest"
)

// mysqlDSN names the server like OALAB_TEST_MYSQL_DSN, before that.
var mysqlDSN = flag.String("mysql-dsn", "", "data source name of a MySQL server to run the store's suites on, each in a database of its own")

func TestMain(m *testing.M) {
	sqlstore.OwnMySQL = ownMySQL // the tests inside the package have no flags
	goleak.VerifyTestMain(m)
}

// ownMySQL makes a MySQL database for one test.
func ownMySQL(tb testing.TB) string {
	tb.Helper()
	return storetest.MySQL(tb, func(name string) string {
		if name == storetest.EnvMySQL && *mysqlDSN != "" {
			return *mysqlDSN
		}
		return os.Getenv(name)
	})
}

// open opens and migrates a database of one engine.
type open func(t *testing.T) *sqlstore.DB

func openConfig(t *testing.T, cfg sqlstore.Config) *sqlstore.DB {
	t.Helper()
	db := openOnly(t, cfg)
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}

func openOnly(t *testing.T, cfg sqlstore.Config) *sqlstore.DB {
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
type newConfig func(t *testing.T) sqlstore.Config

func newSQLite(t *testing.T) sqlstore.Config {
	t.Helper()
	return sqlstore.Config{CoreDSN: filepath.Join(t.TempDir(), "a folder", "100%?.db")}
}

func newMySQL(t *testing.T) sqlstore.Config {
	t.Helper()
	return sqlstore.Config{Driver: sqlstore.MySQL, CoreDSN: ownMySQL(t)}
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
