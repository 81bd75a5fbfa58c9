package sqldb_test

import (
	"strings"
	"testing"

	"oalab/server/internal/sqldb"
	"oalab/server/internal/sqldb/sqldbtest"
)

func TestNoStatementIsForgotten(t *testing.T) {
	sqldbtest.NoneForgotten(t, sqldb.Statements(sqldb.Dialects()[0]), 3)
}

func TestEnginesShareStatements(t *testing.T) { sqldbtest.SameOnAllEngines(t, sqldb.Statements) }

// TestEveryQueryUsesAnIndex asks SQLite how it would run each statement.
func TestEveryQueryUsesAnIndex(t *testing.T) {
	db := sqldbtest.Open(t, sqldbtest.NewSQLite(t))
	sqldbtest.ExplainSQLite(t, db.Read, sqldb.Statements(db.Dialect))
}

// TestEveryMySQLQueryUsesAnIndex asks MySQL how it would run each statement on
// tables that are worth an index.
func TestEveryMySQLQueryUsesAnIndex(t *testing.T) {
	t.Parallel()
	db := sqldbtest.Open(t, newMySQL(t))
	sqldbtest.Fill(t, db.Read)
	queries := sqldb.Statements(db.Dialect)
	sqldbtest.ExplainMySQL(t, db.Read, queries)
	// A backlog of one queue must not be walked for the rows of another one.
	for _, query := range queries {
		if !strings.Contains(query, "FROM outbox") {
			continue
		}
		for _, p := range sqldbtest.MySQLPlans(t, db.Read, query) {
			if p.Key != "outbox_queue" {
				t.Errorf("%s\n\truns as %s", query, p)
			}
		}
	}
	// The test sees what it looks for.
	for _, query := range []string{
		"SELECT serial FROM orders WHERE reason = ?",
		"SELECT serial FROM orders WHERE account = ? ORDER BY reason",
		"UPDATE orders SET told = ? WHERE phone = ?",
		"DELETE FROM outbox WHERE payload = ?",
	} {
		found := false
		for _, p := range sqldbtest.MySQLPlans(t, db.Read, query) {
			found = found || p.Bad(query)
		}
		if !found {
			t.Errorf("%s counts as good", query)
		}
	}
}
