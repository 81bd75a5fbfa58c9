package mediastore

import (
	"errors"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"oalab/server/internal/freshness"
	"oalab/server/internal/job"
	"oalab/server/internal/media"
	"oalab/server/internal/sqldb"
	"oalab/server/internal/sqldb/sqldbtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(tb testing.TB, db *sqldb.DB) *Store {
	tb.Helper()
	if err := db.Migrate(tb.Context(), sqldb.Core(), Migrations()); err != nil {
		tb.Fatal(err)
	}
	return New(db)
}

var suite = sqldbtest.Suite[*Store]{
	Open: open,
	Tests: map[string]func(*testing.T, *Store){
		"a file is stored, uploaded, replaced and dropped": life,
		"a file that fails":           failing,
		"what followers send":         received,
		"what is old is forgotten":    forgotten,
		"another kind has no past id": otherKind,
	},
	Many: map[string]func(*testing.T, []*Store){
		"one holds a file":     oneHolds,
		"one notes a message":  oneNotes,
		"files are told apart": apart,
	},
}

func TestSQLite(t *testing.T) { suite.SQLite(t) }

func TestMySQL(t *testing.T) { suite.MySQL(t, os.Getenv) }

func at(ms int64) time.Time { return time.UnixMilli(1_700_000_000_000 + ms) }

func sample(account, name string) media.File {
	return media.File{
		Account: account, Name: name, Kind: media.Image, Type: "image/png", Size: 7, Sum: "s", Key: "media/" + name, Changed: at(0), Due: at(0), Added: at(0),
	}
}

func save(t *testing.T, s *Store, f media.File) string {
	t.Helper()
	replaced, err := s.SaveFile(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	return replaced
}

// file is the one of an account.
func file(t *testing.T, s *Store, account string) media.File {
	t.Helper()
	all, err := s.Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var found []media.File
	for _, f := range all {
		if f.Account == account {
			found = append(found, f)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d files", len(found))
	}
	return found[0]
}

func same(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: -want +got\n%s", what, diff)
	}
}

func generation(t *testing.T, s *Store) string {
	t.Helper()
	all, err := s.db.Generations(t.Context())
	if err != nil || all[freshness.Media] == "" {
		t.Fatal(all, err)
	}
	return all[freshness.Media]
}

// held takes a file until a time.
func held(t *testing.T, s *Store, f media.File, until time.Time) media.File {
	t.Helper()
	if mine, err := s.Hold(t.Context(), f, until); err != nil || !mine {
		t.Fatal(mine, err)
	}
	f.Due = until
	return f
}

func life(t *testing.T, s *Store) {
	account := sqldbtest.Unique("a")
	before := generation(t, s)
	want := sample(account, "menu")
	if replaced := save(t, s, want); replaced != "" || generation(t, s) == before {
		t.Errorf("replaced %q", replaced)
	}
	same(t, "stored", want, file(t, s, account))

	h := held(t, s, want, at(5000))
	if mine, err := s.Hold(t.Context(), want, at(6000)); mine || err != nil {
		t.Errorf("held twice: %v", err)
	}
	before = generation(t, s)
	if mine, err := s.Uploaded(t.Context(), h, "M1", at(10), at(1000), at(700)); !mine || err != nil || generation(t, s) == before {
		t.Error(mine, err)
	}
	want.MediaID, want.Ends, want.Changed, want.Due = "M1", at(1000), at(10), at(700)
	same(t, "uploaded", want, file(t, s, account))
	if mine, err := s.Uploaded(t.Context(), h, "M2", at(20), at(2000), at(900)); mine || err != nil {
		t.Errorf("uploaded by one that does not hold it: %v", err)
	}
	h = held(t, s, want, at(5000))
	if mine, err := s.Uploaded(t.Context(), h, "M3", at(30), at(3000), at(2700)); !mine || err != nil {
		t.Error(mine, err)
	}
	want.PastID, want.PastEnds, want.MediaID, want.Ends, want.Changed, want.Due = "M1", at(1000), "M3", at(3000), at(30), at(2700)
	same(t, "renewed", want, file(t, s, account))

	next := sample(account, "menu")
	next.Key, next.Due, next.Added, next.Size = "media/other", at(40), at(40), 8
	if replaced := save(t, s, next); replaced != "media/menu" {
		t.Errorf("replaced %q", replaced)
	}
	want.Key, want.Due, want.Added, want.Size = next.Key, at(40), at(40), 8
	same(t, "replaced", want, file(t, s, account))

	before = generation(t, s)
	if err := s.Drop(t.Context(), account, "menu", at(50)); err != nil || generation(t, s) == before {
		t.Error(err)
	}
	if err := s.Drop(t.Context(), account, "menu", at(60)); !errors.Is(err, media.ErrUnknown) {
		t.Errorf("dropped twice: %v", err)
	}
	want.PastID, want.PastEnds, want.MediaID, want.Ends, want.Changed, want.Due, want.Dropped = "M3", at(3000), "", time.Time{}, at(50), at(50), true
	same(t, "dropped", want, file(t, s, account))
	h = held(t, s, want, at(5000))
	if mine, err := s.Uploaded(t.Context(), h, "M4", at(70), at(9000), at(8000)); mine || err != nil {
		t.Errorf("uploaded after it was dropped: %v", err)
	}
	if err := s.Remove(t.Context(), h); err != nil {
		t.Error(err)
	}
	save(t, s, sample(account, "menu")) // the only one again
	same(t, "anew", sample(account, "menu"), file(t, s, account))
}

func otherKind(t *testing.T, s *Store) {
	account := sqldbtest.Unique("a")
	save(t, s, sample(account, "f"))
	if mine, err := s.Uploaded(t.Context(), held(t, s, sample(account, "f"), at(5000)), "M1", at(10), at(1000), at(700)); !mine || err != nil {
		t.Fatal(mine, err)
	}
	next := sample(account, "f")
	next.Kind, next.Changed = media.Voice, at(20)
	save(t, s, next)
	if got := file(t, s, account); got.MediaID != "" || got.PastID != "M1" || !got.Changed.Equal(at(20)) {
		t.Errorf("%+v", got)
	}
}

func failing(t *testing.T, s *Store) {
	account := sqldbtest.Unique("a")
	f := sample(account, "f")
	f.Due = at(-1000_000_000) // before those of other tests
	save(t, s, f)
	due, err := s.Due(t.Context(), at(-1000_000_000), 10)
	if err != nil || len(due) != 1 {
		t.Fatal(due, err)
	}
	if due, err = s.Due(t.Context(), at(-1000_000_001), 10); err != nil || len(due) != 0 {
		t.Errorf("due too early: %v, %v", due, err)
	}
	n, err := s.Unusable(t.Context(), at(0))
	if err != nil || n < 1 {
		t.Errorf("%d unusable, %v", n, err)
	}
	if err := s.Failed(t.Context(), held(t, s, f, at(1)), at(500), "why"); err != nil {
		t.Error(err)
	}
	if got := file(t, s, account); got.Failures != 1 || got.Trouble != "why" || !got.Due.Equal(at(500)) {
		t.Errorf("%+v", got)
	}
}

func noted(account, key string) (media.Received, job.Envelope) {
	r := media.Received{Account: account, Key: key, OpenID: "o1", Kind: "image", MediaID: "M", Sent: at(0), State: media.Waiting}
	return r, job.Envelope{Key: "media:" + account + key, Kind: "media", Queue: "media", Payload: []byte("{}"), Created: at(0)}
}

func received(t *testing.T, s *Store) {
	account := sqldbtest.Unique("a")
	r, env := noted(account, "k")
	for range 2 {
		if err := s.Note(t.Context(), r, env); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Received(t.Context(), account, "k")
	if err != nil {
		t.Fatal(err)
	}
	same(t, "noted", r, got)
	r.State, r.Type, r.Size, r.Sum, r.File, r.Why = media.Kept, "image/png", 9, "s", "received/x", "w"
	if err := s.Settle(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if got, err = s.Received(t.Context(), account, "k"); err != nil {
		t.Fatal(err)
	}
	same(t, "settled", r, got)
	if _, err := s.Received(t.Context(), account, "other"); !errors.Is(err, media.ErrUnknown) {
		t.Errorf("another key: %v", err)
	}
}

func forgotten(t *testing.T, s *Store) {
	account := sqldbtest.Unique("a")
	r, env := noted(account, "k")
	if err := s.Note(t.Context(), r, env); err != nil {
		t.Fatal(err)
	}
	if list, err := s.OldReceived(t.Context(), time.Now().Add(-time.Hour), 1000); err != nil || len(list) > 0 {
		t.Errorf("old: %v, %v", list, err)
	}
	list, err := s.OldReceived(t.Context(), time.Now().Add(time.Hour), 1000)
	if err != nil || len(list) == 0 {
		t.Fatal(list, err)
	}
	if err := s.Forget(t.Context(), list); err != nil {
		t.Error(err)
	}
	if _, err := s.Received(t.Context(), account, "k"); !errors.Is(err, media.ErrUnknown) {
		t.Errorf("it is there: %v", err)
	}
}

func oneHolds(t *testing.T, stores []*Store) {
	account := sqldbtest.Unique("a")
	f := sample(account, "f")
	save(t, stores[0], f)
	var holders atomic.Int64
	sqldbtest.Together(stores, func(i int, s *Store) {
		mine, err := s.Hold(t.Context(), f, at(1000+int64(i)))
		if err != nil {
			t.Error(err)
		}
		if mine {
			holders.Add(1)
		}
	})
	if holders.Load() != 1 {
		t.Errorf("%d servers hold one file", holders.Load())
	}
}

func oneNotes(t *testing.T, stores []*Store) {
	account := sqldbtest.Unique("a")
	r, env := noted(account, "k")
	sqldbtest.Together(stores, func(_ int, s *Store) {
		if err := s.Note(t.Context(), r, env); err != nil {
			t.Error(err)
		}
	})
	if _, err := stores[0].Received(t.Context(), account, "k"); err != nil {
		t.Error(err)
	}
}

func apart(t *testing.T, stores []*Store) {
	account := sqldbtest.Unique("a")
	sqldbtest.Together(stores, func(i int, s *Store) {
		for _, name := range []string{"a", "A"} {
			if _, err := s.SaveFile(t.Context(), sample(account, name+string(rune('0'+i)))); err != nil {
				t.Error(err)
			}
		}
	})
	all, err := stores[0].Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, f := range all {
		if f.Account == account {
			n++
		}
	}
	if n != 2*len(stores) {
		t.Errorf("%d files", n)
	}
}

// statements returns every statement that reads or changes rows by a condition.
func statements(sqldb.Dialect) []string {
	return []string{
		selectFiles, selectFile, selectDue, selectUnusable, updateHold, updateFile, updateUploaded, updateFailed, updateDropped, deleteFile,
		selectReceived, selectOldReceived, updateReceived, deleteReceived,
	}
}

func TestSchemasMatch(t *testing.T) { sqldbtest.SchemasMatch(t, Migrations().Files, 35) }

func TestNoStatementIsForgotten(t *testing.T) {
	sqldbtest.NoneForgotten(t, statements(sqldb.Dialects()[0]), 10)
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
