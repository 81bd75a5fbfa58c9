package supportstore_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"oalab/server/internal/sqldb"
	"oalab/server/internal/sqldb/sqldbtest"
	"oalab/server/internal/support"
	supportstore "oalab/server/internal/support/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is the store with its database.
type rig struct {
	db *sqldb.DB
	*supportstore.Store
}

var suite = sqldbtest.Suite[*rig]{
	Open: func(_ testing.TB, db *sqldb.DB) *rig { return &rig{db, supportstore.New(db)} },
	Tests: map[string]func(*testing.T, *rig){
		"seeding twice changes nothing":      seedTwice,
		"what a seed replaced is remembered": seedRemembers,
		"a table is read as of one moment":   tornTable,
	},
}

func TestSQLite(t *testing.T) { suite.SQLite(t) }

func TestMySQL(t *testing.T) { suite.MySQL(t, os.Getenv) }

func keyword(name string, answers ...string) support.Entry {
	return support.Entry{Keyword: name, Match: support.MatchEqual, Answers: answers}
}

// seed stores entries of an account, and with prune removes the others.
func seed(ctx context.Context, r *rig, account string, prune bool, entries ...support.Entry) error {
	_, err := r.db.Seed(ctx, false, r.Seed(account, entries, prune))
	return err
}

func seedTwice(t *testing.T, db *rig) {
	ctx, account := t.Context(), sqldbtest.Unique("a")
	entries := []support.Entry{
		{Keyword: "资费", Match: support.MatchEqual, Answers: []string{"一", "二😀"}},
		{Keyword: "隐藏", Match: support.MatchMessageContains, Answers: []string{"x"}, Hidden: true},
	}
	for range 2 {
		if err := seed(ctx, db, account, false, entries...); err != nil {
			t.Fatal(err)
		}
		keywords, err := db.ListKeywords(ctx, account)
		if diff := cmp.Diff(entries, keywords.Entries); err != nil || diff != "" {
			t.Errorf("keywords (err %v):\n%s", err, diff)
		}
	}
	one := keyword("资费", "三")
	if err := seed(ctx, db, account, false, one); err != nil {
		t.Fatal(err)
	}
	if keywords, err := db.ListKeywords(ctx, account); err != nil || len(keywords.Entries) != 2 || !cmp.Equal(keywords.Entries[0], one) {
		t.Errorf("after replacing one entry: %+v, %v", keywords, err)
	}
}

func seedRemembers(t *testing.T, db *rig) {
	account := sqldbtest.Unique("a")
	first, second := []support.Entry{keyword("a", "1"), keyword("b", "1")}, []support.Entry{keyword("a", "2"), keyword("c", "1")}
	for i, entries := range [][]support.Entry{first, first, second, second} { // what is the same replaces nothing
		if err := seed(t.Context(), db, account, i > 1, entries...); err != nil {
			t.Fatal(err)
		}
		<-time.After(2 * time.Millisecond) // seeds of one millisecond are one change
	}
	k, err := db.ListKeywords(t.Context(), account)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	last := time.Now().Add(time.Minute)
	for _, r := range k.Replaced {
		got = append(got, fmt.Sprintf("%s %t %v", r.Entry.Keyword, r.Existed, r.Entry.Answers))
		if r.At.After(last) || time.Since(r.At) > time.Minute {
			t.Errorf("%s was replaced at %s, the one before at %s", r.Entry.Keyword, r.At, last)
		}
		last = r.At
	}
	slices.Sort(got)
	if diff := cmp.Diff([]string{"a false []", "a true [1]", "b false []", "b true [1]", "c false []"}, got); diff != "" {
		t.Error(diff)
	}
}

// tornTable reads while a writer replaces an entry by another in one transaction: a reader
// sees one of the two, with its answers.
func tornTable(t *testing.T, db *rig) {
	account := sqldbtest.Unique("a")
	if err := seed(t.Context(), db, account, true, keyword("x", "x", "x")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var writer sync.WaitGroup
	defer writer.Wait()
	defer cancel()
	writer.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			name := []string{"x", "y"}[i%2]
			if err := seed(ctx, db, account, true, keyword(name, name, name)); err != nil && ctx.Err() == nil {
				t.Error(err)
				return
			}
		}
	})
	for range 300 {
		k, err := db.ListKeywords(t.Context(), account)
		if err != nil {
			t.Fatal(err)
		}
		if len(k.Entries) != 1 || !slices.Equal(k.Entries[0].Answers, []string{k.Entries[0].Keyword, k.Entries[0].Keyword}) {
			t.Fatalf("a torn table of keywords: %+v", k.Entries)
		}
	}
}
