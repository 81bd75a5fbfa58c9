package sqldb_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"oalab/server/internal/binding"
	bindingstore "oalab/server/internal/binding/store"
	"oalab/server/internal/business"
	businessstore "oalab/server/internal/business/store"
	"oalab/server/internal/freshness"
	replystore "oalab/server/internal/reply/store"
	"oalab/server/internal/sqldb"
	"oalab/server/internal/sqldb/sqldbtest"
	"oalab/server/internal/support"
	supportstore "oalab/server/internal/support/store"
)

// rig is a database with the stores that a seed is for.
type rig struct {
	*sqldb.DB
	keywords *supportstore.Store
	orders   *businessstore.Store
	bindings *bindingstore.Store
}

var seeds = sqldbtest.Suite[*rig]{
	Open: func(tb testing.TB, db *sqldb.DB) *rig {
		tb.Helper()
		replies := replystore.New(db)
		r := &rig{DB: db, keywords: supportstore.New(db), orders: businessstore.New(db, replies), bindings: bindingstore.New(db)}
		tb.Cleanup(replies.Close)
		tb.Cleanup(r.orders.Close)
		return r
	},
	Tests: map[string]func(*testing.T, *rig){
		"seeding twice changes nothing":     seedTwice,
		"a seed prunes what it is told to":  seedPrunes,
		"a dry run changes nothing":         seedDryRun,
		"a change of the data has its name": generations,
	},
}

// TestSQLiteSeed: the sections of several stores are one transaction.
func TestSQLiteSeed(t *testing.T) { seeds.SQLite(t) }

func TestMySQLSeed(t *testing.T) { seeds.MySQL(t, os.Getenv) }

func keyword(name string, answers ...string) support.Entry {
	return support.Entry{Keyword: name, Match: support.MatchEqual, Answers: answers}
}

func orderCode(number, command string) business.Code {
	return business.Code{Code: number, Sort: business.SortOrder, Name: "包", Commands: []string{command}, Product: "P"}
}

// stored is what the database has of an account, in short.
func stored(t *testing.T, db *rig, account string) (names []string) {
	t.Helper()
	keywords, err1 := db.keywords.ListKeywords(t.Context(), account)
	codes, err2 := db.orders.Catalogue(t.Context())
	err3 := db.bindings.EachBinding(t.Context(), func(of, openid, _ string) {
		if of == account {
			names = append(names, openid)
		}
	})
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	for _, k := range keywords.Entries {
		names = append(names, k.Keyword+" "+fmt.Sprint(k.Answers))
	}
	for _, c := range codes {
		if c.Account == account {
			names = append(names, c.Code)
		}
	}
	slices.Sort(names)
	return names
}

// seedData is a seed of all sections. seedPlan stores it, as package server does.
type seedData struct {
	Account  string
	Keywords []support.Entry
	Business []business.Code
	Bindings []binding.Binding
	Prune    []string
	DryRun   bool
}

func seed(ctx context.Context, db *rig, d seedData) error {
	_, err := seedPlan(ctx, db, d)
	return err
}

func seedPlan(ctx context.Context, db *rig, d seedData) ([]sqldb.Changes, error) {
	codes, err := db.orders.Seed(d.Account, d.Business, slices.Contains(d.Prune, businessstore.SectionBusiness))
	if err != nil {
		return nil, err
	}
	return db.Seed(ctx, d.DryRun,
		db.keywords.Seed(d.Account, d.Keywords, slices.Contains(d.Prune, supportstore.SectionKeywords)), codes,
		db.bindings.Seed(d.Account, d.Bindings, slices.Contains(d.Prune, bindingstore.SectionBindings)))
}

func fullSeed(account string) seedData {
	return seedData{
		Account: account, Keywords: []support.Entry{keyword("a", "1"), keyword("b", "1")},
		Business: []business.Code{orderCode("1", account+"1"), orderCode("2", account+"2")},
		Bindings: []binding.Binding{{OpenID: "o1", Phone: "13800000001"}, {OpenID: "o2", Phone: "13800000002"}},
	}
}

// smallSeed edits one entry, adds one and leaves one out of each section of fullSeed.
func smallSeed(account string) seedData {
	return seedData{
		Account: account, Keywords: []support.Entry{keyword("a", "2"), keyword("c", "1")},
		Business: []business.Code{orderCode("1", account+"9"), orderCode("3", account+"3")},
		Bindings: []binding.Binding{{OpenID: "o1", Phone: "13800000009"}, {OpenID: "o3", Phone: "13800000003"}},
	}
}

func seedPrunes(t *testing.T, db *rig) {
	for _, test := range []struct {
		prune []string
		want  []string
	}{
		{nil, []string{"1", "2", "3", "a [2]", "b [1]", "c [1]", "o1", "o2", "o3"}},
		{[]string{supportstore.SectionKeywords, businessstore.SectionBusiness}, []string{"1", "3", "a [2]", "c [1]", "o1", "o2", "o3"}},
		{[]string{bindingstore.SectionBindings}, []string{"1", "2", "3", "a [2]", "b [1]", "c [1]", "o1", "o3"}},
	} {
		account, other := sqldbtest.Unique("a"), sqldbtest.Unique("a")
		for _, data := range []seedData{fullSeed(account), fullSeed(other)} {
			if err := seed(t.Context(), db, data); err != nil {
				t.Fatal(err)
			}
		}
		small := smallSeed(account)
		small.Prune = test.prune
		plan, err := seedPlan(t.Context(), db, small)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, stored(t, db, account)); diff != "" {
			t.Errorf("prune %q:\n%s", test.prune, diff)
		}
		for _, c := range plan {
			if pruned := slices.Contains(test.prune, c.Section); len(c.New) != 1 || len(c.Changed) != 1 || (len(c.Removed) == 1) != pruned || c.Same != 0 {
				t.Errorf("prune %q: plan %+v", test.prune, c)
			}
		}
		if got := stored(t, db, other); len(got) != 6 {
			t.Errorf("prune %q: another account has %q left", test.prune, got)
		}
	}
	account := sqldbtest.Unique("a")
	if err := seed(t.Context(), db, fullSeed(account)); err != nil {
		t.Fatal(err)
	}
	// An empty section takes all of it; no list of bindings unbinds no one.
	all := seedData{Account: account, Prune: []string{supportstore.SectionKeywords, businessstore.SectionBusiness, bindingstore.SectionBindings}}
	if err := seed(t.Context(), db, all); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"o1", "o2"}, stored(t, db, account)); diff != "" {
		t.Error(diff)
	}
}

func seedDryRun(t *testing.T, db *rig) {
	account := sqldbtest.Unique("a")
	if err := seed(t.Context(), db, fullSeed(account)); err != nil {
		t.Fatal(err)
	}
	before, err := db.Generations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	small := smallSeed(account)
	small.DryRun, small.Prune = true, []string{supportstore.SectionKeywords}
	plan, err := seedPlan(t.Context(), db, small)
	if err != nil {
		t.Fatal(err)
	}
	want := []sqldb.Changes{
		{Section: "keywords", New: []string{`"c" equal`}, Changed: []string{`"a" equal`}, Removed: []string{`"b" equal`}},
		{Section: "business", New: []string{`3 "包"`}, Changed: []string{`1 "包"`}},
		{Section: "bindings", New: []string{"o3"}, Changed: []string{"o1"}},
	}
	if diff := cmp.Diff(want, plan); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"1", "2", "a [1]", "b [1]", "o1", "o2"}, stored(t, db, account)); diff != "" {
		t.Error(diff)
	}
	after, err := db.Generations(t.Context())
	if diff := cmp.Diff(before, after); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	bad := seedData{Account: account, Business: []business.Code{orderCode("7", account+"1")}, DryRun: true}
	if _, err := seedPlan(t.Context(), db, bad); err == nil {
		t.Error("a dry run accepts what a seed refuses")
	}
}

func seedTwice(t *testing.T, db *rig) {
	ctx := t.Context()
	account := sqldbtest.Unique("a")
	data := seedData{
		Account: account,
		Keywords: []support.Entry{
			{Keyword: "资费", Match: support.MatchEqual, Answers: []string{"一", "二😀"}},
			{Keyword: "隐藏", Match: support.MatchMessageContains, Answers: []string{"x"}, Hidden: true},
		},
		Business: []business.Code{
			{Account: account, Code: "1.3", Sort: business.SortQuery, Name: "剩余流量", Commands: []string{"CXLL", "cxll"}, MenuKey: "Q", Operation: "QueryUsage"},
			{Account: account, Code: "2.1.1", Sort: business.SortOrder, Name: "流量包", Commands: []string{"KT10"}, Product: "P10"},
		},
		Bindings: []binding.Binding{{OpenID: "o1", Phone: "13800000001"}, {OpenID: "o2", Phone: "13800000002"}},
	}
	for range 2 {
		if err := seed(ctx, db, data); err != nil {
			t.Fatal(err)
		}
		keywords, err := db.keywords.ListKeywords(ctx, account)
		if diff := cmp.Diff(data.Keywords, keywords.Entries); err != nil || diff != "" {
			t.Errorf("keywords (err %v):\n%s", err, diff)
		}
		all, err := db.orders.Catalogue(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var codes []business.Code
		for _, c := range all {
			if c.Account == account {
				codes = append(codes, c)
			}
		}
		if diff := cmp.Diff(data.Business, codes); diff != "" {
			t.Errorf("catalogue:\n%s", diff)
		}
		if phone, err := db.bindings.Phone(ctx, account, "o2"); err != nil || phone != "13800000002" {
			t.Errorf("binding: %s, %v", phone, err)
		}
	}
	if _, err := db.bindings.Phone(ctx, account, "O2"); !errors.Is(err, binding.ErrUnbound) {
		t.Errorf("another follower, by case: %v, want ErrUnbound", err)
	}
	data.Keywords = []support.Entry{{Keyword: "资费", Match: support.MatchEqual, Answers: []string{"三"}}}
	if err := seed(ctx, db, data); err != nil {
		t.Fatal(err)
	}
	if keywords, err := db.keywords.ListKeywords(ctx, account); err != nil || len(keywords.Entries) != 2 || !cmp.Equal(keywords.Entries[0], data.Keywords[0]) {
		t.Errorf("after replacing one entry: %+v, %v", keywords, err)
	}
}

// The name of a topic changes with its data, in the same commit, and with nothing else.
func generations(t *testing.T, db *rig) {
	ctx, account := t.Context(), sqldbtest.Unique("a")
	seen := map[string]bool{}
	bind := func(openid, phone string) seedData {
		return seedData{Account: account, Bindings: []binding.Binding{{OpenID: openid, Phone: phone}}}
	}
	word := seedData{Account: account, Keywords: []support.Entry{{Keyword: "资费", Match: support.MatchEqual, Answers: []string{"一"}}}}
	code := seedData{Account: account, Business: []business.Code{{Code: "9", Sort: business.SortOrder, Name: "包", Commands: []string{account}, Product: "P"}}}
	for i, step := range []struct {
		seed    seedData
		changes freshness.Topic
	}{
		{seed: seedData{Account: account}},
		{bind("o1", "13800000001"), freshness.Bindings},
		{bind("o1", "13800000002"), freshness.Bindings},
		{bind("o2", "13800000002"), freshness.Bindings},
		{word, freshness.Keywords},
		{word, freshness.Keywords},
		{code, freshness.Business},
	} {
		before, err := db.Generations(ctx)
		if err != nil || len(before) != 4 {
			t.Fatalf("%v, %v; want three topics and the name of the database", before, err)
		}
		for _, name := range before {
			seen[name] = true
		}
		if err := seed(ctx, db, step.seed); err != nil {
			t.Fatal(err)
		}
		after, err := db.Generations(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for topic, name := range after {
			if changes := topic == step.changes; (name != before[topic]) != changes || seen[name] == changes || name == "" {
				t.Errorf("step %d: %s from %q to %q; want a new name: %t", i, topic, before[topic], name, changes)
			}
		}
	}
	var mine []string
	err := db.bindings.EachBinding(ctx, func(of, openid, phone string) {
		if of == account {
			mine = append(mine, openid+" "+phone)
		}
	})
	slices.Sort(mine)
	if diff := cmp.Diff([]string{"o1 13800000002", "o2 13800000002"}, mine); err != nil || diff != "" {
		t.Errorf("all bindings (err %v):\n%s", err, diff)
	}
}
