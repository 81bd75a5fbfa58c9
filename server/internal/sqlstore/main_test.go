package sqlstore_test

import (
	"flag"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"oalab/server/internal/sqlstore"
)

// mysqlDSN points the conformance suite at a MySQL database too; its tables are
// made there, and the rows of the tests stay.
var mysqlDSN = flag.String("mysql-dsn", "", "data source name of a MySQL database to run the store's suite on")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// open opens and migrates a database of one engine.
type open func(t *testing.T) *sqlstore.DB

func openConfig(t *testing.T, cfg sqlstore.Config) *sqlstore.DB {
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
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}

func openSQLite(t *testing.T) *sqlstore.DB {
	t.Helper()
	return openConfig(t, sqlstore.Config{CoreDSN: filepath.Join(t.TempDir(), "core.db")})
}

func TestSQLite(t *testing.T) { conformance(t, openSQLite) }

func TestMySQL(t *testing.T) {
	if *mysqlDSN == "" {
		t.Skip("no MySQL: give -mysql-dsn to run the suite on it")
	}
	conformance(t, func(t *testing.T) *sqlstore.DB {
		t.Helper()
		return openConfig(t, sqlstore.Config{Driver: sqlstore.MySQL, CoreDSN: *mysqlDSN})
	})
}
