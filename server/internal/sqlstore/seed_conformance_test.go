package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/server/internal/business"
	"oalab/server/internal/sqldb"
	"oalab/server/internal/sqlstore"
	"oalab/server/internal/support"
	supportstore "oalab/server/internal/support/store"
)

func keyword(name string, answers ...string) support.Entry {
	return support.Entry{Keyword: name, Match: support.MatchEqual, Answers: answers}
}

func orderCode(number, command string) business.Code {
	return business.Code{Code: number, Sort: business.SortOrder, Name: "包", Commands: []string{command}, Product: "P"}
}

// stored is what the database has of an account, in short.
func stored(t *testing.T, db *sqlstore.DB, account string) (names []string) {
	t.Helper()
	keywords, err1 := supportstore.New(db.DB).ListKeywords(t.Context(), account)
	codes, err2 := db.Catalogue(t.Context())
	err3 := db.EachBinding(t.Context(), func(of, openid, _ string) {
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
	Bindings []sqlstore.Binding
	Prune    []string
	DryRun   bool
}

func seed(ctx context.Context, db *sqlstore.DB, d seedData) error {
	_, err := seedPlan(ctx, db, d)
	return err
}

func seedPlan(ctx context.Context, db *sqlstore.DB, d seedData) ([]sqldb.Changes, error) {
	sections, err := db.Seed(sqlstore.SeedData{Account: d.Account, Business: d.Business, Bindings: d.Bindings, Prune: d.Prune})
	if err != nil {
		return nil, err
	}
	keywords := supportstore.New(db.DB).Seed(d.Account, d.Keywords, slices.Contains(d.Prune, supportstore.SectionKeywords))
	return db.DB.Seed(ctx, d.DryRun, slices.Insert(sections, 0, keywords)...)
}

func fullSeed(account string) seedData {
	return seedData{
		Account: account, Keywords: []support.Entry{keyword("a", "1"), keyword("b", "1")},
		Business: []business.Code{orderCode("1", account+"1"), orderCode("2", account+"2")},
		Bindings: []sqlstore.Binding{{OpenID: "o1", Phone: "13800000001"}, {OpenID: "o2", Phone: "13800000002"}},
	}
}

// smallSeed edits one entry, adds one and leaves one out of each section of fullSeed.
func smallSeed(account string) seedData {
	return seedData{
		Account: account, Keywords: []support.Entry{keyword("a", "2"), keyword("c", "1")},
		Business: []business.Code{orderCode("1", account+"9"), orderCode("3", account+"3")},
		Bindings: []sqlstore.Binding{{OpenID: "o1", Phone: "13800000009"}, {OpenID: "o3", Phone: "13800000003"}},
	}
}

func seedPrunes(t *testing.T, db *sqlstore.DB) {
	for _, test := range []struct {
		prune []string
		want  []string
	}{
		{nil, []string{"1", "2", "3", "a [2]", "b [1]", "c [1]", "o1", "o2", "o3"}},
		{[]string{supportstore.SectionKeywords, sqlstore.SectionBusiness}, []string{"1", "3", "a [2]", "c [1]", "o1", "o2", "o3"}},
		{[]string{sqlstore.SectionBindings}, []string{"1", "2", "3", "a [2]", "b [1]", "c [1]", "o1", "o3"}},
	} {
		account, other := unique("a"), unique("a")
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
	account := unique("a")
	if err := seed(t.Context(), db, fullSeed(account)); err != nil {
		t.Fatal(err)
	}
	// An empty section takes all of it; no list of bindings unbinds no one.
	all := seedData{Account: account, Prune: []string{supportstore.SectionKeywords, sqlstore.SectionBusiness, sqlstore.SectionBindings}}
	if err := seed(t.Context(), db, all); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"o1", "o2"}, stored(t, db, account)); diff != "" {
		t.Error(diff)
	}
}

func seedDryRun(t *testing.T, db *sqlstore.DB) {
	account := unique("a")
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

func seedRemembers(t *testing.T, db *sqlstore.DB) {
	account := unique("a")
	first, second := fullSeed(account), smallSeed(account)
	second.Prune = []string{supportstore.SectionKeywords}
	for _, data := range []seedData{first, first, second, second} { // what is the same replaces nothing
		if err := seed(t.Context(), db, data); err != nil {
			t.Fatal(err)
		}
		<-time.After(2 * time.Millisecond) // seeds of one millisecond are one change
	}
	k, err := supportstore.New(db.DB).ListKeywords(t.Context(), account)
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
// sees one of the two, with its answers and commands.
func tornTable(t *testing.T, db *sqlstore.DB) {
	account := unique("a")
	of := func(name string) seedData {
		return seedData{
			Account: account, Prune: []string{supportstore.SectionKeywords, sqlstore.SectionBusiness},
			Keywords: []support.Entry{keyword(name, name, name)}, Business: []business.Code{orderCode(name, account+name)},
		}
	}
	if err := seed(t.Context(), db, of("x")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var writer sync.WaitGroup
	defer writer.Wait()
	defer cancel()
	writer.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			if err := seed(ctx, db, of([]string{"x", "y"}[i%2])); err != nil && ctx.Err() == nil {
				t.Error(err)
				return
			}
		}
	})
	for range 300 {
		k, err := supportstore.New(db.DB).ListKeywords(t.Context(), account)
		if err != nil {
			t.Fatal(err)
		}
		if len(k.Entries) != 1 || !slices.Equal(k.Entries[0].Answers, []string{k.Entries[0].Keyword, k.Entries[0].Keyword}) {
			t.Fatalf("a torn table of keywords: %+v", k.Entries)
		}
		codes, err := db.Catalogue(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		codes = slices.DeleteFunc(codes, func(c business.Code) bool { return c.Account != account })
		if len(codes) != 1 || !slices.Equal(codes[0].Commands, []string{account + codes[0].Code}) {
			t.Fatalf("a torn catalogue: %+v", codes)
		}
	}
}

func unbound(t *testing.T, db *sqlstore.DB) {
	account := unique("a")
	if err := seed(t.Context(), db, fullSeed(account)); err != nil {
		t.Fatal(err)
	}
	before, err := db.Generations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for _, step := range []struct {
		openid string
		before time.Time
		want   bool
	}{
		{"o1", now.Add(-time.Hour), false}, // the binding is younger than the event
		{"o9", now.Add(time.Second), false},
		{"o1", now.Add(time.Second), true},
		{"o1", now.Add(time.Second), false},
	} {
		if got, err := db.Unbind(t.Context(), account, step.openid, step.before); err != nil || got != step.want {
			t.Errorf("%+v: %t, %v", step, got, err)
		}
		after, err := db.Generations(t.Context())
		if err != nil || (after["bindings"] != before["bindings"]) != step.want {
			t.Errorf("%+v: generation from %s to %s, %v", step, before["bindings"], after["bindings"], err)
		}
		before = after
	}
	if _, err := db.Phone(t.Context(), account, "o1"); !errors.Is(err, business.ErrUnbound) {
		t.Errorf("o1: %v", err)
	}
	if _, err := db.Phone(t.Context(), account, "o2"); err != nil {
		t.Errorf("o2: %v", err)
	}
}

// bindingChanges: each change of a binding is noted with its follower, in the order of the
// commits, and a seed that changes nothing is no change of all.
func bindingChanges(t *testing.T, db *sqlstore.DB) {
	account := unique("a")
	start, err := db.BindingChanges(t.Context(), 0)
	if err != nil || start.Database == "" {
		t.Fatalf("%+v, %v", start, err)
	}
	last := int64(0)
	if n := len(start.Changes); n > 0 {
		last = start.Changes[n-1].Seq
	}
	bind := func(phone string, openids ...string) {
		t.Helper()
		s := seedData{Account: account}
		for _, openid := range openids {
			s.Bindings = append(s.Bindings, sqlstore.Binding{OpenID: openid, Phone: phone})
		}
		if err := seed(t.Context(), db, s); err != nil {
			t.Fatal(err)
		}
	}
	many := make([]string, 1001)
	for i := range many {
		many[i] = fmt.Sprintf("o%04d", i)
	}
	generation := start.Generation
	for _, step := range []struct {
		change func()
		want   []string
	}{
		{func() { bind("13800000001", "oA", "oB") }, []string{"oA", "oB"}},
		{func() { bind("13800000002", "oA") }, []string{"oA"}},
		{func() { bind("13800000002", "oA") }, []string{"oA"}},
		{func() {
			if _, err := db.Unbind(t.Context(), account, "oB", time.Now().Add(time.Hour)); err != nil {
				t.Error(err)
			}
		}, []string{"oB"}},
		{func() { bind("13800000003", many[:250]...) }, many[:250]},
		{func() { bind("13800000004", many...) }, []string{""}},
	} {
		step.change()
		news, err := db.BindingChanges(t.Context(), last)
		if err != nil || news.Gap || news.Database != start.Database || news.Generation == generation {
			t.Fatalf("gap %t, generation %s after %s, %v", news.Gap, news.Generation, generation, err)
		}
		generation = news.Generation
		var got []string
		for _, c := range news.Changes {
			if c.Seq <= last {
				t.Errorf("change %d comes after %d", c.Seq, last)
			}
			last = c.Seq
			if c.Account == account {
				got = append(got, c.OpenID)
			}
		}
		if diff := cmp.Diff(step.want, got); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	}
	if news, err := db.BindingChanges(t.Context(), last); err != nil || news.Gap || len(news.Changes) > 0 {
		t.Errorf("nothing new: %+v, %v", news, err)
	}
	if news, err := db.BindingChanges(t.Context(), last+1_000_000); err != nil || !news.Gap {
		t.Errorf("a change that is not known: %+v, %v", news, err)
	}
}
