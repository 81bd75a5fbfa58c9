package userlogstore_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"oalab/server/internal/sqldb"
	"oalab/server/internal/sqldb/sqldbtest"
	userlogstore "oalab/server/internal/userlog/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newConfig is a new database of one engine.
type newConfig func(tb testing.TB) sqldb.Config

func newMySQL(tb testing.TB) sqldb.Config {
	tb.Helper()
	return sqldbtest.NewMySQL(tb, os.Getenv)
}

func open(tb testing.TB, cfg sqldb.Config) *userlogstore.Store {
	tb.Helper()
	return userlogstore.New(sqldbtest.OpenLog(tb, cfg), nil)
}
