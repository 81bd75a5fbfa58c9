package userlogstore

import (
	"os"
	"testing"
	"time"

	"oalab/server/internal/sqldb"
	"oalab/server/internal/sqldb/sqldbtest"
)

// statements returns every statement that reads or changes rows by a condition.
func statements(sqldb.Dialect) []string {
	return []string{selectByOpenID, selectByType, selectFirst, selectNewest, selectDeleteUpTo, deleteUpTo, selectEvents}
}

func TestNoStatementIsForgotten(t *testing.T) {
	sqldbtest.NoneForgotten(t, statements(sqldb.Dialect{}), 7)
}

func TestSchemasMatch(t *testing.T) { sqldbtest.SchemasMatch(t, Migrations().Files, 10) }

func TestStatementsOfOrders(t *testing.T) { sqldbtest.CountedForOrders(t, statements) }

// TestEveryQueryUsesAnIndex asks SQLite how it would run each statement.
func TestEveryQueryUsesAnIndex(t *testing.T) {
	db := sqldbtest.OpenLog(t, sqldbtest.NewSQLite(t))
	if err := db.Migrate(t.Context(), Migrations()); err != nil {
		t.Fatal(err)
	}
	sqldbtest.ExplainSQLite(t, db.Read, statements(db.Dialect))
}

// TestEveryMySQLQueryUsesAnIndex asks MySQL how it would run the searches, on a table that is
// worth an index.
func TestEveryMySQLQueryUsesAnIndex(t *testing.T) {
	t.Parallel()
	db := sqldbtest.OpenLog(t, sqldbtest.NewMySQL(t, os.Getenv))
	january := time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)
	for month := range 7 {
		if err := New(db, nil).MaintainAt(t.Context(), january.AddDate(0, month, 0), 6); err != nil {
			t.Fatal(err)
		}
	}
	sqldbtest.Fill(t, db.Read)
	sqldbtest.ExplainMySQL(t, db.Read, []string{selectByOpenID, selectByType, selectNewest})
}
