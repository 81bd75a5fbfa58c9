package menustore

import (
	"fmt"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"oalab/server/internal/menu"
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
	Open:  open,
	Tests: map[string]func(*testing.T, *Store){"a menu is kept": kept},
}

func TestSQLite(t *testing.T) { conformance.SQLite(t) }

func TestMySQL(t *testing.T) { conformance.MySQL(t, os.Getenv) }

func sample() []menu.Button {
	return []menu.Button{
		{Name: "查询😀", Type: "click", Key: "Q'\"\\"},
		{Name: "更多", Sub: []menu.Button{
			{Name: "1", Type: "view", URL: "https://oa.example/?a=1&b=2"},
			{Name: "2", Type: "miniprogram", URL: "https://oa.example/", AppID: "wx1", PagePath: "p/q"},
			{Name: "3", Type: "media_id", MediaID: "m"},
			{Name: "4", Type: "article_id", ArticleID: "x"},
			{Name: "5", Type: "click", Key: "K"},
		}},
		{Name: "三", Type: "click", Key: "3"},
	}
}

// kept: what was published comes back, and a shorter menu leaves nothing behind.
func kept(t *testing.T, s *Store) {
	t.Helper()
	account := sqldbtest.Unique("a")
	seed := func(dry bool, buttons []menu.Button) sqldb.Changes {
		t.Helper()
		plan, err := s.db.Seed(t.Context(), dry, s.Seed(account, buttons))
		if err != nil {
			t.Fatal(err)
		}
		return plan[0]
	}
	is := func(want []menu.Button) {
		t.Helper()
		got, err := s.Menu(t.Context(), account)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v, -want +got\n%s", err, diff)
		}
	}
	is(nil)
	if plan := seed(true, sample()); len(plan.New) != 8 {
		t.Errorf("a dry run: %+v", plan)
	}
	is(nil)
	if plan := seed(false, sample()); len(plan.New) != 8 || plan.New[2] != `2.1 "1" view url "https://oa.example/?a=1&b=2"` {
		t.Errorf("the first one: %+v", plan)
	}
	is(sample())
	if plan := seed(false, sample()); plan.Same != 8 || len(plan.New)+len(plan.Changed)+len(plan.Removed) > 0 {
		t.Errorf("again: %+v", plan)
	}
	if plan := seed(false, nil); plan.Same+len(plan.Removed) > 0 {
		t.Errorf("a file without a menu: %+v", plan)
	}
	is(sample())
	less := []menu.Button{sample()[0], {Name: "更多", Sub: sample()[1].Sub[:1]}}
	less[0].Key = "Q2"
	plan := seed(false, less)
	if diff := cmp.Diff(fmt.Sprint(2, 1, 5, 0), fmt.Sprint(plan.Same, len(plan.Changed), len(plan.Removed), len(plan.New))); diff != "" {
		t.Errorf("a shorter one: %+v", plan)
	}
	is(less)
	if got, err := s.Menu(t.Context(), account+"x"); err != nil || len(got) > 0 {
		t.Errorf("another account: %v, %v", got, err)
	}
}

// statements returns every statement that reads or changes rows by a condition.
func statements(sqldb.Dialect) []string { return []string{selectButtons, deleteButtons} }

func TestSchemasMatch(t *testing.T) { sqldbtest.SchemasMatch(t, Migrations().Files, 10) }

func TestNoStatementIsForgotten(t *testing.T) {
	sqldbtest.NoneForgotten(t, statements(sqldb.Dialects()[0]), 2)
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
