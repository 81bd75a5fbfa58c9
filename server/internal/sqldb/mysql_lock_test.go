package sqldb_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/sqldb"
	"oalab/server/internal/sqldb/sqldbtest"
)

// withTokens opens a database with two rows, whose versions count changes.
func withTokens(t *testing.T) *sqldb.DB {
	t.Helper()
	cfg := newMySQL(t)
	cfg.CoreDSN += "&readTimeout=30s" // a busy server notices late that a wait has ended
	db := sqldbtest.Open(t, cfg)
	insert := db.Dialect.Insert("access_token", "account", "token", "version", "lease_owner", "lease_until", "expires_at", "refreshed_at", "dead", "intent_at")
	for _, account := range []string{"a1", "a2"} {
		if _, err := db.One(t.Context(), "insert", insert, account, "", 0, "", 0, 0, 0, 0, 0); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

func version(t *testing.T, db *sqldb.DB, account string) (n int) {
	t.Helper()
	if err := db.Read.GetContext(t.Context(), &n, "SELECT version FROM access_token WHERE account = ?", account); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestMySQLDeadlock: two works lock two rows crosswise. The server ends one of
// them, and it comes through the second time.
func TestMySQLDeadlock(t *testing.T) {
	t.Parallel() // it waits most of the time
	db := withTokens(t)
	var runs atomic.Int32
	var met sync.WaitGroup
	met.Add(2)
	var wg sync.WaitGroup
	for _, pair := range [][2]string{{"a1", "a2"}, {"a2", "a1"}} {
		wg.Go(func() {
			began := false
			err := db.Update(t.Context(), "cross", func(ctx context.Context, tx *sqlx.Tx) error {
				runs.Add(1)
				if _, err := tx.ExecContext(ctx, "UPDATE access_token SET version = version + 1 WHERE account = ?", pair[0]); err != nil {
					return err
				}
				if !began {
					began = true
					met.Done()
					met.Wait() // both hold a row
				}
				_, err := tx.ExecContext(ctx, "UPDATE access_token SET version = version + 1 WHERE account = ?", pair[1])
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := runs.Load(); n < 3 {
		t.Errorf("%d runs: there was no deadlock", n)
	}
	for _, account := range []string{"a1", "a2"} {
		if n := version(t, db, account); n != 2 {
			t.Errorf("the row of %s was changed %d times, want 2", account, n)
		}
	}
}

// TestMySQLLockWait: a work that waits too long for a row is refused by the
// server, comes again, and is through when the row is free; one that never gets
// it ends within the bound.
func TestMySQLLockWait(t *testing.T) {
	t.Parallel() // it waits most of the time
	db := withTokens(t)
	hold := func() *sqlx.Tx {
		tx, err := db.Read.BeginTxx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.ExecContext(t.Context(), "UPDATE access_token SET version = 7 WHERE account = 'a1'"); err != nil {
			t.Fatal(err)
		}
		return tx
	}
	holder := hold()
	runs := 0
	err := db.Update(t.Context(), "wait", func(ctx context.Context, tx *sqlx.Tx) error {
		if runs++; runs == 2 { // the first wait has ended
			if err := holder.Rollback(); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, "UPDATE access_token SET version = version + 1 WHERE account = 'a1'")
		return err
	})
	if n := version(t, db, "a1"); err != nil || n != 1 || runs != 2 {
		t.Errorf("%v after %d runs, changed %d times", err, runs, n)
	}
	holder = hold()
	started := time.Now()
	_, err = db.One(t.Context(), "wait", "UPDATE access_token SET version = version + 1 WHERE account = ?", "a1")
	if took := time.Since(started); !sqldb.LockWaitEnded(err) || took > 30*time.Second { // five tries of a second each, on a machine that is not busy
		t.Errorf("a row that is never free: %v after %s", err, took)
	}
	if err := holder.Rollback(); err != nil {
		t.Fatal(err)
	}
}
