package outboxstore

import (
	"os"
	"testing"

	"oalab/server/internal/sqldb"
	"oalab/server/internal/sqldb/sqldbtest"
)

// statements returns every statement that reads or changes rows by a condition.
func statements(sqldb.Dialect) []string {
	waiting, _ := waitingQueues([]string{"orders", "queries", "tells"})
	return []string{
		selectJobs, waiting, deleteJob, sqldbtest.In(deleteJobs, true), countJobs, countDead,
		selectDead, selectDeadOfKind, selectDeadLetter, deleteDeadOfJob, sqldbtest.In(deleteDeadLetters, true), selectLetters,
	}
}

func TestNoStatementIsForgotten(t *testing.T) {
	sqldbtest.NoneForgotten(t, statements(sqldb.Dialects()[0]), 9)
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
	// A backlog of one queue must not be walked for the rows of another one.
	for _, p := range sqldbtest.MySQLPlans(t, db.Read, selectJobs) {
		if p.Key != "outbox_queue" {
			t.Errorf("%s\n\truns as %s", selectJobs, p)
		}
	}
}
