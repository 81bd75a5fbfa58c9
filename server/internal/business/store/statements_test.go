package businessstore

import (
	"os"
	"testing"

	"oalab/server/internal/sqldb"
	"oalab/server/internal/sqldb/sqldbtest"
)

// statements returns every statement that reads or changes rows by a condition,
// as the code builds it.
func statements(d sqldb.Dialect) []string {
	s := New(&sqldb.DB{Dialect: d}, nil)
	inOne := func(query string) string { return sqldbtest.In(query, true) }
	return []string{
		selectOrder, s.claimOrder(), s.resendOrder(), releaseOrder, s.finishOrder(), sqldbtest.In(markTold, false, true, false, false), countUnfinished,
		selectStale, inOne(s.touchOrders()), s.touchOrder() + stillStale, s.restOrder(), selectBusiness, selectCommands, deleteCommands, deleteBusiness,
		selectArchived, archivedSerial, archivedMessage, inOne(selectOpenSerials), resetRounds, s.wakeOrder(), selectOpenMessages(3),
		selectPage, showPage, usePage, selectOldPages, deleteOldPage, s.cancelOrder(), selectOwn, selectByKey, selectByKeyPast,
		sqldbtest.In(selectHeld, false, true, false, false), sqldbtest.In(selectHeldPast, false, true, false, false), selectOldTurns, deleteOldTurn,
		selectOldOrders, sqldbtest.In(selectToArchive, false, true), inOne(deleteOrders),
	}
}

func TestNoStatementIsForgotten(t *testing.T) {
	sqldbtest.NoneForgotten(t, statements(sqldb.Dialects()[0]), 15)
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
