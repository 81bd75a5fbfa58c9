package replystore

import (
	"os"
	"testing"

	"oalab/server/internal/sqldb"
	"oalab/server/internal/sqldb/sqldbtest"
)

// statements returns every statement that reads or changes rows by a condition.
func statements(sqldb.Dialect) []string {
	return []string{selectReply, selectReplies(3), selectOldReplies, deleteReplies(3)}
}

func TestNoStatementIsForgotten(t *testing.T) {
	sqldbtest.NoneForgotten(t, statements(sqldb.Dialects()[0]), 4)
}

func TestEnginesShareStatements(t *testing.T) { sqldbtest.SameOnAllEngines(t, statements) }

func TestStatementsOfOrders(t *testing.T) { sqldbtest.CountedForOrders(t, statements) }

// TestEveryQueryUsesAnIndex asks SQLite how it would run each statement.
func TestEveryQueryUsesAnIndex(t *testing.T) {
	db := sqldbtest.Open(t, sqldbtest.NewSQLite(t))
	sqldbtest.ExplainSQLite(t, db.Read, statements(db.Dialect))
}

// TestEveryMySQLQueryUsesAnIndex asks MySQL how it would run each statement on
// tables that are worth an index.
func TestEveryMySQLQueryUsesAnIndex(t *testing.T) {
	t.Parallel()
	db := sqldbtest.Open(t, sqldbtest.NewMySQL(t, os.Getenv))
	sqldbtest.Fill(t, db.Read)
	sqldbtest.ExplainMySQL(t, db.Read, statements(db.Dialect))
}
