package sqldb_test

import (
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
	sqldbtest.ExplainMySQL(t, db.Read, sqldb.Statements(db.Dialect))
	// The test sees what it looks for.
	for _, query := range []string{
		"SELECT serial FROM orders WHERE reason = ?",
		"SELECT serial FROM orders WHERE account = ? ORDER BY reason",
		"UPDATE orders SET told = ? WHERE reason = ?",
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
