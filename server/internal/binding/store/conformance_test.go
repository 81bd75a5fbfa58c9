package bindingstore_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"oalab/server/internal/binding"
	bindingstore "oalab/server/internal/binding/store"
	"oalab/server/internal/freshness"
	"oalab/server/internal/sqldb"
	"oalab/server/internal/sqldb/sqldbtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is the store with its database.
type rig struct {
	db *sqldb.DB
	*bindingstore.Store
}

var suite = sqldbtest.Suite[*rig]{
	Open: func(_ testing.TB, db *sqldb.DB) *rig { return &rig{db, bindingstore.New(db)} },
	Tests: map[string]func(*testing.T, *rig){
		"a follower is found by every byte":            found,
		"a follower who leaves is unbound":             unbound,
		"a follower binds a number":                    boundByThemselves,
		"a change of a binding names its follower":     bindingChanges,
		"a change of bindings has a name":              generations,
		"a seed ends no binding that it does not name": seedPrunes,
	},
	Many: map[string]func(*testing.T, []*rig){"seeds follow each other": seedsOfMany},
}

func TestSQLite(t *testing.T) { suite.SQLite(t) }

func TestMySQL(t *testing.T) { suite.MySQL(t, os.Getenv) }

// seed stores bindings of an account, and with prune ends the others.
func seed(ctx context.Context, r *rig, account string, prune bool, all ...binding.Binding) error {
	_, err := r.db.Seed(ctx, false, r.Seed(account, all, prune))
	return err
}

// bind binds followers of an account to one number.
func bind(t *testing.T, r *rig, account, phone string, openids ...string) {
	t.Helper()
	var all []binding.Binding
	for _, openid := range openids {
		all = append(all, binding.Binding{OpenID: openid, Phone: phone})
	}
	if err := seed(t.Context(), r, account, false, all...); err != nil {
		t.Fatal(err)
	}
}

// of returns the bindings of an account, sorted.
func of(t *testing.T, r *rig, account string) (found []string) {
	t.Helper()
	err := r.EachBinding(t.Context(), func(of, openid, phone string) {
		if of == account {
			found = append(found, openid+" "+phone)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(found)
	return found
}

func found(t *testing.T, db *rig) {
	account := sqldbtest.Unique("a")
	for range 2 {
		bind(t, db, account, "13800000001", "o1", "oé", "o ")
		bind(t, db, account, "13800000002", "o2")
		for openid, phone := range map[string]string{"o1": "13800000001", "oé": "13800000001", "o ": "13800000001", "o2": "13800000002"} {
			if got, err := db.Phone(t.Context(), account, openid); err != nil || got != phone {
				t.Errorf("%q has %q, %v; want %s", openid, got, err, phone)
			}
		}
		for _, openid := range []string{"O1", "oe", "o", "o9", ""} {
			if got, err := db.Phone(t.Context(), account, openid); !errors.Is(err, binding.ErrUnbound) {
				t.Errorf("%q has %q, %v; want ErrUnbound", openid, got, err)
			}
		}
	}
}

func seedPrunes(t *testing.T, db *rig) {
	account, other := sqldbtest.Unique("a"), sqldbtest.Unique("a")
	for _, account := range []string{account, other} {
		bind(t, db, account, "13800000001", "o1", "o2")
	}
	small := []binding.Binding{{OpenID: "o1", Phone: "13800000009"}, {OpenID: "o3", Phone: "13800000003"}}
	for _, step := range []struct {
		prune bool
		all   []binding.Binding
		want  []string
	}{
		{false, small, []string{"o1 13800000009", "o2 13800000001", "o3 13800000003"}},
		{true, small, []string{"o1 13800000009", "o3 13800000003"}},
		{true, nil, []string{"o1 13800000009", "o3 13800000003"}}, // no list ends none
	} {
		if err := seed(t.Context(), db, account, step.prune, step.all...); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(step.want, of(t, db, account)); diff != "" {
			t.Errorf("prune %t: -want +got\n%s", step.prune, diff)
		}
	}
	if diff := cmp.Diff([]string{"o1 13800000001", "o2 13800000001"}, of(t, db, other)); diff != "" {
		t.Errorf("another account: -want +got\n%s", diff)
	}
}

// generations: the name of the bindings changes in the same commit as they do, also where a
// seed names what is there already.
func generations(t *testing.T, db *rig) {
	account := sqldbtest.Unique("a")
	var before string
	for _, all := range [][]binding.Binding{{{OpenID: "o1", Phone: "1"}}, {{OpenID: "o1", Phone: "2"}}, {{OpenID: "o2", Phone: "2"}}, {{OpenID: "o2", Phone: "2"}}, nil} {
		if err := seed(t.Context(), db, account, false, all...); err != nil {
			t.Fatal(err)
		}
		names, err := db.db.Generations(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if now := names[freshness.Bindings]; (now != before) != (all != nil) || now == "" {
			t.Errorf("%v: generation from %q to %q", all, before, now)
		}
		before = names[freshness.Bindings]
	}
	if diff := cmp.Diff([]string{"o1 2", "o2 2"}, of(t, db, account)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func unbound(t *testing.T, db *rig) {
	account := sqldbtest.Unique("a")
	bind(t, db, account, "13800000001", "o1", "o2")
	before, err := db.db.Generations(t.Context())
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
		after, err := db.db.Generations(t.Context())
		if err != nil || (after["bindings"] != before["bindings"]) != step.want {
			t.Errorf("%+v: generation from %s to %s, %v", step, before["bindings"], after["bindings"], err)
		}
		before = after
	}
	if _, err := db.Phone(t.Context(), account, "o1"); !errors.Is(err, binding.ErrUnbound) {
		t.Errorf("o1: %v", err)
	}
	if _, err := db.Phone(t.Context(), account, "o2"); err != nil {
		t.Errorf("o2: %v", err)
	}
}

// bindingChanges: each change of a binding is noted with its follower, in the order of the
// commits, and a seed that changes nothing is no change of all.
func bindingChanges(t *testing.T, db *rig) {
	account := sqldbtest.Unique("a")
	start, err := db.BindingChanges(t.Context(), 0)
	if err != nil || start.Database == "" {
		t.Fatalf("%+v, %v", start, err)
	}
	last := int64(0)
	if n := len(start.Changes); n > 0 {
		last = start.Changes[n-1].Seq
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
		{func() { bind(t, db, account, "13800000001", "oA", "oB") }, []string{"oA", "oB"}},
		{func() { bind(t, db, account, "13800000002", "oA") }, []string{"oA"}},
		{func() { bind(t, db, account, "13800000002", "oA") }, []string{"oA"}},
		{func() {
			if _, err := db.Unbind(t.Context(), account, "oB", time.Now().Add(time.Hour)); err != nil {
				t.Error(err)
			}
		}, []string{"oB"}},
		{func() { bind(t, db, account, "13800000003", many[:250]...) }, many[:250]},
		{func() { bind(t, db, account, "13800000004", many...) }, []string{""}},
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

// All seed the same keys; the last one's data is whole.
func seedsOfMany(t *testing.T, dbs []*rig) {
	account := sqldbtest.Unique("a")
	sqldbtest.Together(dbs, func(server int, db *rig) {
		phone := fmt.Sprintf("1380000000%d", server)
		for range 5 {
			all := []binding.Binding{{OpenID: "o1", Phone: phone}, {OpenID: "o2", Phone: phone}}
			if server%2 == 1 {
				all[0], all[1] = all[1], all[0]
			}
			if err := seed(t.Context(), db, account, false, all...); err != nil {
				t.Errorf("server %d: %v", server, err)
			}
		}
	})
	one, err1 := dbs[0].Phone(t.Context(), account, "o1")
	two, err2 := dbs[0].Phone(t.Context(), account, "o2")
	if err1 != nil || err2 != nil || one != two {
		t.Errorf("bindings of two seeds are mixed: %s (%v), %s (%v)", one, err1, two, err2)
	}
}

// boundByThemselves: a follower has one number, the last; a number can have followers of
// several accounts. Each change is noted, a repeat is none.
func boundByThemselves(t *testing.T, r *rig) {
	account, other := sqldbtest.Unique("a"), sqldbtest.Unique("a")
	last := int64(0)
	changed := func(want ...string) {
		t.Helper()
		news, err := r.BindingChanges(t.Context(), last)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range news.Changes {
			last = c.Seq
			if c.Account == account || c.Account == other {
				got = append(got, c.Account[:1]+c.OpenID)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	}
	for _, step := range []struct {
		account, phone string
		want           []string
	}{
		{account, "13800000001", []string{"ao1"}},
		{account, "13800000001", nil},
		{account, "13800000002", []string{"ao1"}},
		{other, "13800000002", []string{"ao1"}},
	} {
		if err := r.Bind(t.Context(), step.account, "o1", step.phone); err != nil {
			t.Fatal(err)
		}
		if got, err := r.Phone(t.Context(), step.account, "o1"); err != nil || got != step.phone {
			t.Errorf("%q, %v, want %s", got, err, step.phone)
		}
		changed(step.want...)
	}
}
