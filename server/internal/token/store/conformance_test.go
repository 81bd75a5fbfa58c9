package tokenstore_test

import (
	"errors"
	"os"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"oalab/server/internal/sqldb"
	"oalab/server/internal/sqldb/sqldbtest"
	"oalab/server/internal/token"
	tokenstore "oalab/server/internal/token/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var conformance = sqldbtest.Suite[*tokenstore.Store]{
	Open: func(tb testing.TB, db *sqldb.DB) *tokenstore.Store { tb.Helper(); return tokenstore.New(db) },
	Tests: map[string]func(*testing.T, *tokenstore.Store){
		"one server refreshes a token":       oneRefresher,
		"a token is committed with its life": tokenCommitted,
		"a lost refresher is fenced off":     lostRefresher,
	},
}

func TestSQLite(t *testing.T) { conformance.SQLite(t) }

func TestMySQL(t *testing.T) { conformance.MySQL(t, os.Getenv) }

func tokenRow(t *testing.T, db *tokenstore.Store, account string) token.Row {
	t.Helper()
	row, err := db.TokenRow(t.Context(), account)
	if err != nil {
		t.Fatal(err)
	}
	return row
}

func oneRefresher(t *testing.T, db *tokenstore.Store) {
	account := sqldbtest.Unique("a")
	row := tokenRow(t, db, account)
	if row.Value != "" || row.Leased || row.Dead || row.Intent {
		t.Errorf("a row that was never written: %+v", row)
	}
	const servers = 12
	var mu sync.Mutex
	var leased, taken int
	var wg sync.WaitGroup
	for range servers {
		wg.Go(func() {
			version, err := db.LeaseToken(t.Context(), account, row.Version, token.Lease{Owner: sqldbtest.Unique("o"), For: time.Minute, Intent: true})
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil && version == row.Version+1:
				leased++
			case errors.Is(err, token.ErrTaken):
				taken++
			default:
				t.Errorf("version %d, %v", version, err)
			}
		})
	}
	wg.Wait()
	if leased != 1 || taken != servers-1 {
		t.Errorf("%d leases, %d refused; want 1 and %d", leased, taken, servers-1)
	}
	now := tokenRow(t, db, account)
	if !now.Leased || !now.Intent || now.IntentAge > time.Minute || now.Version != row.Version+1 {
		t.Errorf("leased: %+v", now)
	}
	// The version alone does not do: the lease must have ended.
	if _, err := db.LeaseToken(t.Context(), account, now.Version, token.Lease{Owner: "o", For: time.Minute}); !errors.Is(err, token.ErrTaken) {
		t.Errorf("a lease on a lease: %v", err)
	}
}

func tokenCommitted(t *testing.T, db *tokenstore.Store) {
	account := sqldbtest.Unique("a")
	lease := func(l token.Lease) int64 {
		t.Helper()
		version, err := db.LeaseToken(t.Context(), account, tokenRow(t, db, account).Version, l)
		if err != nil {
			t.Fatal(err)
		}
		return version
	}
	commit := func(version int64, token string) int64 {
		t.Helper()
		version, err := db.CommitToken(t.Context(), account, version, token, time.Now().Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		return version
	}
	commit(lease(token.Lease{Owner: "o", For: time.Minute, Intent: true}), "first")
	got := tokenRow(t, db, account)
	if got.Value != "first" || got.Left > time.Hour || got.Left < 59*time.Minute || got.Age > time.Minute || got.Leased || got.Intent {
		t.Errorf("committed: %+v", got)
	}
	// The same token again keeps its age; a report marks it, a commit clears that.
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	<-tick.C
	<-tick.C
	version := lease(token.Lease{Owner: "o", For: time.Minute, Dead: true})
	if !tokenRow(t, db, account).Dead {
		t.Error("a reported token does not count as dead")
	}
	commit(version, "first")
	if again := tokenRow(t, db, account); again.Dead || again.Age < 10*time.Millisecond {
		t.Errorf("committed again: %+v", again)
	}
	commit(lease(token.Lease{Owner: "o", For: time.Minute}), "second")
	if next := tokenRow(t, db, account); next.Value != "second" || next.Age > time.Minute {
		t.Errorf("the next token: %+v", next)
	}
}

func lostRefresher(t *testing.T, db *tokenstore.Store) {
	account := sqldbtest.Unique("a")
	lost, err := db.LeaseToken(t.Context(), account, tokenRow(t, db, account).Version, token.Lease{Owner: "lost", For: time.Millisecond, Intent: true})
	if err != nil {
		t.Fatal(err)
	}
	limit := time.Now().Add(10 * time.Second)
	var next int64
	for {
		next, err = db.LeaseToken(t.Context(), account, lost, token.Lease{Owner: "next", For: time.Minute})
		if err == nil {
			break
		}
		if !errors.Is(err, token.ErrTaken) || time.Now().After(limit) {
			t.Fatal(err)
		}
	}
	if row := tokenRow(t, db, account); !row.Intent {
		t.Errorf("the intent of the lost one is gone: %+v", row)
	}
	if _, err := db.CommitToken(t.Context(), account, lost, "late", time.Now().Add(time.Hour)); !errors.Is(err, token.ErrTaken) {
		t.Errorf("the lost one commits: %v", err)
	}
	if err := db.ReleaseToken(t.Context(), account, lost, false); !errors.Is(err, token.ErrTaken) {
		t.Errorf("the lost one releases: %v", err)
	}
	if err := db.ReleaseToken(t.Context(), account, next, true); err != nil {
		t.Fatal(err)
	}
	row := tokenRow(t, db, account)
	if row.Leased || !row.Intent || row.Value != "" {
		t.Errorf("released with its intent: %+v", row)
	}
	if next, err = db.LeaseToken(t.Context(), account, row.Version, token.Lease{Owner: "o", For: time.Minute}); err != nil {
		t.Fatal(err)
	}
	if err := db.ReleaseToken(t.Context(), account, next, false); err != nil || tokenRow(t, db, account).Intent {
		t.Errorf("released without its intent: %v, %+v", err, tokenRow(t, db, account))
	}
}
