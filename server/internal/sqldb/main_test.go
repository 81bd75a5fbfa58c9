package sqldb_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"oalab/server/internal/sqldb"
	"oalab/server/internal/sqldb/sqldbtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newMySQL(tb testing.TB) sqldb.Config {
	tb.Helper()
	return sqldbtest.NewMySQL(tb, os.Getenv)
}
