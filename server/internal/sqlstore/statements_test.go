package sqlstore

import (
	"path/filepath"
	"testing"
)

// TestStatementsAreCounted: each statement counts once, on readers and on the writer.
func TestStatementsAreCounted(t *testing.T) {
	db, err := Open(t.Context(), Config{CoreDSN: filepath.Join(t.TempDir(), "core.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := db.Statements()
	for range 3 {
		if err := db.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := db.Statements() - before; got != 3 {
		t.Errorf("three questions count as %d statements", got)
	}
	before = db.Statements()
	if err := db.MarkTold(t.Context(), "NOBODY", "template"); err == nil {
		t.Log("an order that does not exist was marked")
	}
	if got := db.Statements() - before; got < 1 {
		t.Errorf("a write counts as %d statements", got)
	}
}
