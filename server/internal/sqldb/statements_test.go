package sqldb

import (
	"errors"
	"path/filepath"
	"testing"
	"time"
)

// TestStatementsAreCounted: each statement counts once, on readers and on the writer.
func TestStatementsAreCounted(t *testing.T) {
	db, err := Open(t.Context(), Config{CoreDSN: filepath.Join(t.TempDir(), "core.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Migrate(t.Context(), Core()); err != nil {
		t.Fatal(err)
	}
	before := db.Statements()
	for range 3 {
		if _, err := db.Generations(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := db.Statements() - before; got != 3 {
		t.Errorf("three questions count as %d statements", got)
	}
	before = db.Statements()
	if _, err := db.One(t.Context(), "write", updateGeneration, "g", "no such topic"); err != nil {
		t.Fatal(err)
	}
	if got := db.Statements() - before; got != 1 {
		t.Errorf("a write counts as %d statements", got)
	}
}

// TestPing: a database that has just answered is not asked, one that was silent is.
func TestPing(t *testing.T) {
	db, err := Open(t.Context(), Config{CoreDSN: filepath.Join(t.TempDir(), "core.db")})
	if err != nil {
		t.Fatal(err)
	}
	ping := func(silent bool, want int64) {
		t.Helper()
		if silent {
			db.statements.answered.Add(-int64(pingAge) - 1)
		}
		before := db.Statements()
		if err := db.Ping(t.Context()); err != nil {
			t.Error(err)
		}
		if got := db.Statements() - before; got != want {
			t.Errorf("silent %t: %d statements, want %d", silent, got, want)
		}
	}
	ping(true, 1)
	db.statements.note("SELECT 1", time.Now(), nil)
	db.statements.note("SELECT 1", time.Now().Add(-time.Hour), nil) // a slow one ends later
	ping(false, 0)
	ping(true, 1)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db.statements.answered.Store(0)
	db.statements.note("SELECT 1", time.Now(), errors.New("away"))
	if err := db.Ping(t.Context()); err == nil {
		t.Error("a database that is closed answers")
	}
}

// TestStatementsOfOrders: statements on the tables of orders and jobs are told apart, however
// many rows they have. The stores test the statements that they have.
func TestStatementsOfOrders(t *testing.T) {
	for query, want := range map[string]bool{
		selectGenerations: false, updateGeneration: false,
		sqliteDialect.InsertRows(256, "outbox", "job_key", "queue"):                   true,
		sqliteDialect.InsertNewRows(256, "user_log", "account", "account", "content"): false,
	} {
		if OfOrders(query) != want {
			t.Errorf("%.80s: counted for orders %t", query, !want)
		}
	}
}
