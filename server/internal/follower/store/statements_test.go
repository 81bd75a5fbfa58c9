package followerstore

import (
	"fmt"
	"os"
	"testing"

	"oalab/server/internal/sqldb"
	"oalab/server/internal/sqldb/sqldbtest"
)

// statements returns every statement that reads or changes rows by a condition.
func statements(sqldb.Dialect) []string {
	return []string{
		selectFollower, selectScene, updateProfile, updateStranger, updateName, selectRun, updateRun, deleteRun, selectUnseen, updateUnseen,
		selectGrowth, selectOldEvents, deleteEvent, selectOldGrowth, deleteGrowth,
	}
}

func TestSchemasMatch(t *testing.T) { sqldbtest.SchemasMatch(t, Migrations().Files, 40) }

func TestNoStatementIsForgotten(t *testing.T) {
	sqldbtest.NoneForgotten(t, statements(sqldb.Dialects()[0]), 15)
}

func TestEnginesShareStatements(t *testing.T) { sqldbtest.SameOnAllEngines(t, statements) }

func TestStatementsOfOrders(t *testing.T) { sqldbtest.CountedForOrders(t, statements) }

// TestEveryQueryUsesAnIndex asks SQLite how it would run each statement.
func TestEveryQueryUsesAnIndex(t *testing.T) {
	s := open(t, sqldbtest.Open(t, sqldbtest.NewSQLite(t)))
	sqldbtest.ExplainSQLite(t, s.db.Read, statements(s.db.Dialect))
}

// TestEveryMySQLQueryUsesAnIndex asks MySQL how it would run each statement on
// tables that are worth an index.
func TestEveryMySQLQueryUsesAnIndex(t *testing.T) {
	t.Parallel()
	s := open(t, sqldbtest.Open(t, sqldbtest.NewMySQL(t, os.Getenv)))
	sqldbtest.Fill(t, s.db.Read)
	sqldbtest.ExplainMySQL(t, s.db.Read, statements(s.db.Dialect))
}

// partitions is how many the table of followers has (STO-4).
const partitions = 16

// TestPartitionsAreEven: openids as the platform makes them fill the partitions of MySQL
// evenly, with many accounts and with one, and a follower is looked up in one partition alone.
func TestPartitionsAreEven(t *testing.T) {
	t.Parallel()
	s := open(t, sqldbtest.Open(t, sqldbtest.NewMySQL(t, os.Getenv)))
	const each = 1000
	for batch := range partitions * each / 500 {
		keys := make([]any, 0, 1000)
		for i := range 500 {
			n := batch*500 + i
			keys = append(keys, fmt.Sprintf("a%d", n%3), sampleOpenID(n))
		}
		if _, err := s.db.One(t.Context(), "fill", s.newFollowers(500), keys...); err != nil {
			t.Fatal(err)
		}
	}
	for p := range partitions {
		var rows int
		if err := s.db.Read.GetContext(t.Context(), &rows, fmt.Sprintf("SELECT COUNT(*) FROM follower PARTITION (p%d)", p)); err != nil {
			t.Fatal(err)
		}
		// Five standard deviations of 31 are 155.
		if rows < each-160 || rows > each+160 {
			t.Errorf("partition %d has %d rows of %d", p, rows, partitions*each)
		}
	}
	var plan struct {
		Partitions string `db:"partitions"`
	}
	err := s.db.Read.Unsafe().GetContext(t.Context(), &plan, "EXPLAIN FORMAT=TRADITIONAL "+selectFollower, "a1", sampleOpenID(1))
	if err != nil || len(plan.Partitions) < 2 || len(plan.Partitions) > 3 {
		t.Errorf("a follower is looked up in %q, %v", plan.Partitions, err)
	}
}
