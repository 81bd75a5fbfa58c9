package sqlstore

import (
	"testing"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/business"
	"oalab/server/internal/sqldb"
	"oalab/server/internal/sqldb/sqldbtest"
)

// statements returns every statement that reads or changes rows by a condition,
// as the code builds it.
func statements(d sqldb.Dialect) []string {
	db := &DB{DB: &sqldb.DB{Dialect: d}}
	in := func(query string) string {
		q, _, err := sqlx.In(query, "x", []string{"a", "b"}, "y", "z")
		if err != nil {
			panic(err)
		}
		return q
	}
	inOne := func(query string) string {
		q, _, err := sqlx.In(query, []string{"1", "2"})
		if err != nil {
			panic(err)
		}
		return q
	}
	touch, _, err := sqlx.In(db.touchOrders(), []string{"a", "b"})
	if err != nil {
		panic(err)
	}
	remove, _, err := sqlx.In(deleteJobs, []int64{1, 2})
	if err != nil {
		panic(err)
	}
	toArchive, _, err := sqlx.In(selectToArchive, 202611, []string{"a", "b"})
	if err != nil {
		panic(err)
	}
	waiting, _ := waitingQueues(business.JobTypes(business.Places{}).Queues())
	return []string{
		selectPhone, selectBindings, selectReply, selectReplies(3), selectOrder, db.claimOrder(), db.resendOrder(), releaseOrder, db.finishOrder(), in(markTold),
		selectStale, touch, db.touchOrder() + stillStale, db.restOrder(), selectBacklog, waiting, deleteJob, remove,
		selectBusiness, selectCommands, deleteCommands,
		deleteBusiness, selectBindingsOf, deleteBindingOf, deleteBinding, selectBindingChanges, deleteBindingChanges,
		selectArchived, archivedSerial, archivedMessage, selectDead, selectDeadOfKind, selectDeadLetter, deleteDeadOfJob, inOne(deleteDeadLetters),
		inOne(selectOpenSerials), resetRounds, db.wakeOrder(), selectOldReplies, deleteReplies(3), selectOpenMessages(3),
		selectOldOrders, toArchive, inOne(deleteOrders), selectLetters,
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
	db := openOwn(t, OwnMySQL(t))
	sqldbtest.Fill(t, db.Read)
	sqldbtest.ExplainMySQL(t, db.Read, statements(db.Dialect))
}
