package controlstore

import (
	"errors"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"oalab/server/internal/control"
	"oalab/server/internal/freshness"
	"oalab/server/internal/sqldb"
	"oalab/server/internal/sqldb/sqldbtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(tb testing.TB, db *sqldb.DB) *Store {
	tb.Helper()
	if err := db.Migrate(tb.Context(), Migrations()); err != nil {
		tb.Fatal(err)
	}
	return New(db)
}

var conformance = sqldbtest.Suite[*Store]{
	Open: open,
	Tests: map[string]func(*testing.T, *Store){
		"settings are kept to the byte":   byteForByte,
		"a change notes what it replaced": changes,
		"of changes at once one counts":   atOnce,
	},
}

func TestSQLite(t *testing.T) { conformance.SQLite(t) }

func TestMySQL(t *testing.T) { conformance.MySQL(t, os.Getenv) }

func load(t *testing.T, s *Store, account string) control.Stored {
	t.Helper()
	stored, err := s.LoadSettings(t.Context(), account)
	if err != nil {
		t.Fatal(err)
	}
	return stored
}

func save(t *testing.T, s *Store, account string, version int64, next control.Settings) int64 {
	t.Helper()
	saved, err := s.SaveSettings(t.Context(), account, version, next, "app")
	if err != nil {
		t.Fatal(err)
	}
	return saved
}

func generation(t *testing.T, s *Store) string {
	t.Helper()
	all, err := s.db.Generations(t.Context())
	if err != nil || all[freshness.Settings] == "" {
		t.Fatalf("%v, %v", all, err)
	}
	return all[freshness.Settings]
}

func byteForByte(t *testing.T, s *Store) {
	account, other := sqldbtest.Unique("a"), sqldbtest.Unique("A")
	if got := load(t, s, account); got.Version != 0 || len(got.Settings)+len(got.Past) != 0 {
		t.Errorf("never set: %+v", got)
	}
	want := control.Settings{"welcome": "流量😀'\"\\\n", "empty": ""}
	before := generation(t, s)
	if v := save(t, s, account, 0, want); v != 1 {
		t.Errorf("version %d", v)
	}
	if generation(t, s) == before {
		t.Error("the change has no generation of its own")
	}
	got := load(t, s, account)
	if diff := cmp.Diff(want, got.Settings); diff != "" || got.Version != 1 {
		t.Errorf("version %d, -want +got\n%s", got.Version, diff)
	}
	if got := load(t, s, other); got.Version != 0 {
		t.Errorf("another account: %+v", got)
	}
	if v := save(t, s, account, 7, want); v != 1 { // a repeat, whose first answer was lost
		t.Errorf("the same settings again: version %d", v)
	}
}

func changes(t *testing.T, s *Store) {
	account := sqldbtest.Unique("a")
	one, two := control.Settings{"welcome": "one"}, control.Settings{"welcome": "two"}
	began := time.Now().Add(-time.Second)
	save(t, s, account, 0, one)
	tick := time.NewTicker(5 * time.Millisecond) // of two changes in one millisecond one is noted
	defer tick.Stop()
	<-tick.C
	<-tick.C
	save(t, s, account, 1, two)
	if _, err := s.SaveSettings(t.Context(), account, 1, one, "app"); !errors.Is(err, control.ErrVersion) {
		t.Errorf("a change of what was changed since: %v", err)
	}
	got := load(t, s, account)
	if diff := cmp.Diff(two, got.Settings); diff != "" || got.Version != 2 || len(got.Past) != 2 {
		t.Fatalf("%+v, -want +got\n%s", got, diff)
	}
	changed := got.Past[0].Until
	for since, want := range map[time.Time]bool{{}: true, changed.Add(-time.Millisecond): true, changed: false} {
		accounts, now, err := s.ChangedSettings(t.Context(), since)
		if err != nil || slices.Contains(accounts, account) != want || now.Before(changed) {
			t.Errorf("changed since %s: %v, %s, %v", since, accounts, now, err)
		}
	}
	for _, at := range []struct {
		moment time.Time
		want   control.Settings
	}{
		{changed.Add(time.Millisecond), two}, {changed, two}, {changed.Add(-time.Millisecond), one}, {began, control.Settings{}},
	} {
		if diff := cmp.Diff(at.want, got.At(at.moment)); diff != "" {
			t.Errorf("at %s, -want +got\n%s", at.moment, diff)
		}
	}
	if !got.ChangedSince(account, began) || got.ChangedSince(account, changed) {
		t.Error("the moment of the change is another one")
	}
}

func atOnce(t *testing.T, s *Store) {
	account := sqldbtest.Unique("a")
	var mu sync.Mutex
	var won, lost int
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			_, err := s.SaveSettings(t.Context(), account, 0, control.Settings{"by": sqldbtest.Unique("x")}, "app")
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				won++
			case errors.Is(err, control.ErrVersion):
				lost++
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won != 1 || lost != 7 || load(t, s, account).Version != 1 {
		t.Errorf("%d changes counted, %d were refused", won, lost)
	}
}

// statements returns every statement that reads or changes rows by a condition.
func statements(d sqldb.Dialect) []string {
	s := New(&sqldb.DB{Dialect: d})
	return []string{selectSettings, selectChanged, deleteOldPast, s.selectPast()}
}

func TestSchemasMatch(t *testing.T) { sqldbtest.SchemasMatch(t, Migrations().Files, 10) }

func TestNoStatementIsForgotten(t *testing.T) {
	sqldbtest.NoneForgotten(t, statements(sqldb.Dialects()[0]), 4)
}

func TestEnginesShareStatements(t *testing.T) { sqldbtest.SameOnAllEngines(t, statements) }

func TestStatementsOfOrders(t *testing.T) { sqldbtest.CountedForOrders(t, statements) }

// TestEveryQueryUsesAnIndex asks SQLite how it would run each statement.
func TestEveryQueryUsesAnIndex(t *testing.T) {
	sqldbtest.ExplainSQLite(t, open(t, sqldbtest.Open(t, sqldbtest.NewSQLite(t))).db.Read, statements(sqldb.Dialects()[0]))
}

// TestEveryMySQLQueryUsesAnIndex asks MySQL how it would run each statement on
// tables that are worth an index.
func TestEveryMySQLQueryUsesAnIndex(t *testing.T) {
	t.Parallel()
	db := open(t, sqldbtest.Open(t, sqldbtest.NewMySQL(t, os.Getenv))).db
	sqldbtest.Fill(t, db.Read)
	sqldbtest.ExplainMySQL(t, db.Read, statements(db.Dialect))
}
