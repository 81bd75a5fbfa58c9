package sqlstore_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/server/internal/business"
	"oalab/server/internal/job"
	"oalab/server/internal/sqlstore"
	"oalab/server/internal/support"
)

// conformance is what every engine must do. The tests use keys of their own, so
// that they can share a database with others.
func conformance(t *testing.T, open open) {
	for name, test := range map[string]func(*testing.T, *sqlstore.DB){
		"migrating again changes nothing":            migrateAgain,
		"the first reply stays":                      firstReplyStays,
		"a message makes one order":                  oneOrderAMessage,
		"one worker has an order":                    oneWorker,
		"a claim after a lost worker is unknown":     lostWorker,
		"an order goes through its states":           orderStates,
		"a stale change is refused":                  staleChange,
		"an order that stands still is found":        staleOrders,
		"a job waits once":                           jobOnce,
		"jobs are settled and buried":                settleAndBury,
		"accepted orders are queued when published":  published,
		"confirmed jobs are gone, orders queued":     confirmed,
		"seeding twice changes nothing":              seedTwice,
		"a change of bindings has a name":            bindingGeneration,
		"keys are told apart by every byte":          everyByte,
		"one server refreshes a token":               oneRefresher,
		"a token is committed with its life":         tokenCommitted,
		"a lost refresher is fenced off":             lostRefresher,
		"a failed transaction leaves nothing behind": allOrNothing,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

func unique(prefix string) string { return prefix + rand.Text()[:16] }

func orderFor(t *testing.T, account string) (business.Order, business.Reply, job.Envelope) {
	t.Helper()
	o := business.Order{
		Serial: rand.Text()[:24], Account: account, OpenID: "oFollower", Phone: "13800000000", Code: "2.1.1",
		Product: "P10", Name: "10元流量包", Key: unique("m"),
	}
	env, err := job.New(job.KindOrder, o.Serial, map[string]string{"serial": o.Serial}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return o, business.Reply{Text: "受理 " + o.Serial}, env
}

func accept(t *testing.T, db *sqlstore.DB) business.Order {
	t.Helper()
	o, r, env := orderFor(t, unique("a"))
	if _, err := db.AcceptOrder(t.Context(), o, r, env); err != nil {
		t.Fatal(err)
	}
	got, err := db.Order(t.Context(), o.Serial)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// jobs returns the waiting jobs of one order, by key.
func jobsOf(t *testing.T, db *sqlstore.DB, queue, key string) []job.Envelope {
	t.Helper()
	var found []job.Envelope
	for after := int64(0); ; {
		rows, err := db.PendingJobs(t.Context(), queue, after, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			after = r.ID
			if r.Key == key {
				found = append(found, r)
			}
		}
		if len(rows) < 100 {
			return found
		}
	}
}

func migrateAgain(t *testing.T, db *sqlstore.DB) {
	o := accept(t, db)
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Order(t.Context(), o.Serial); err != nil {
		t.Errorf("order after the second migration: %v", err)
	}
}

func firstReplyStays(t *testing.T, db *sqlstore.DB) {
	account, key := unique("a"), unique("m")
	if _, found, err := db.Reply(t.Context(), account, key); err != nil || found {
		t.Fatalf("before: found %t, err %v", found, err)
	}
	const writers = 16
	got := make([]business.Reply, writers)
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			var err error
			got[i], err = db.SaveReply(t.Context(), account, key, business.Reply{Text: fmt.Sprint("reply ", i), Later: i%2 == 0})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	stored, found, err := db.Reply(t.Context(), account, key)
	if err != nil || !found {
		t.Fatalf("after: found %t, err %v", found, err)
	}
	for i, r := range got {
		if r != stored {
			t.Errorf("writer %d was told %+v, stored is %+v", i, r, stored)
		}
	}
}

// Event keys are free text: what looks alike is still another message.
func everyByte(t *testing.T, db *sqlstore.DB) {
	account := unique("a")
	keys := []string{"k", "K", "k ", " k", "ｋ", "é", "e\u0301", "e", "ß", "ss", "", " ", "k\\", "k'", "k\"", "k\x00", "😀", "😁"}
	for _, key := range keys {
		want := business.Reply{Text: "of " + key}
		if got, err := db.SaveReply(t.Context(), account, key, want); err != nil || got != want {
			t.Errorf("key %q: saved as %q, %v", key, got.Text, err)
		}
	}
	for _, key := range keys {
		if got, found, err := db.Reply(t.Context(), account, key); err != nil || !found || got.Text != "of "+key {
			t.Errorf("key %q: found %t %q, %v", key, found, got.Text, err)
		}
	}
}

func oneOrderAMessage(t *testing.T, db *sqlstore.DB) {
	first, reply, env := orderFor(t, unique("a"))
	if got, err := db.AcceptOrder(t.Context(), first, reply, env); err != nil || got != reply {
		t.Fatalf("first: %+v, %v", got, err)
	}
	second, other, env2 := orderFor(t, first.Account)
	second.Key = first.Key
	if got, err := db.AcceptOrder(t.Context(), second, other, env2); err != nil || got != reply {
		t.Fatalf("second: %+v, %v; want the first reply %+v", got, err, reply)
	}
	if _, err := db.Order(t.Context(), second.Serial); !errors.Is(err, business.ErrNoOrder) {
		t.Errorf("second order: %v, want none", err)
	}
	if n := len(jobsOf(t, db, job.QueueOrders, env.Key)); n != 1 {
		t.Errorf("%d jobs of the first order, want 1", n)
	}
	if n := len(jobsOf(t, db, job.QueueOrders, env2.Key)); n != 0 {
		t.Errorf("%d jobs of the second order, want 0", n)
	}
}

func oneWorker(t *testing.T, db *sqlstore.DB) {
	o := accept(t, db)
	const workers = 12
	var mu sync.Mutex
	var claimed, leased int
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			_, err := db.ClaimOrder(t.Context(), o.Serial, time.Minute)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				claimed++
			case errors.Is(err, business.ErrLeased):
				leased++
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if claimed != 1 || leased != workers-1 {
		t.Errorf("%d claims, %d refused; want 1 and %d", claimed, leased, workers-1)
	}
}

func lostWorker(t *testing.T, db *sqlstore.DB) {
	o := accept(t, db)
	got, err := db.ClaimOrder(t.Context(), o.Serial, time.Millisecond)
	if err != nil || got.State != business.StateSent || got.Attempts != 1 {
		t.Fatalf("first claim: %+v, %v", got, err)
	}
	again, err := claimWhenFree(t, db, o.Serial)
	if err != nil || again.State != business.StateUnknown || again.Attempts != 2 {
		t.Fatalf("claim after the lease: %+v, %v", again, err)
	}
	if err := db.FinishOrder(t.Context(), got, business.StateDone, ""); !errors.Is(err, business.ErrStale) {
		t.Errorf("the lost worker finishes: %v, want ErrStale", err)
	}
}

// claimWhenFree claims as soon as the lease has ended.
func claimWhenFree(t *testing.T, db *sqlstore.DB, serial string) (business.Order, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for {
		o, err := db.ClaimOrder(ctx, serial, time.Minute)
		if !errors.Is(err, business.ErrLeased) {
			return o, err
		}
	}
}

func orderStates(t *testing.T, db *sqlstore.DB) {
	ctx := t.Context()
	o := accept(t, db)
	step := func(what string, got business.Order, err error, state business.State) business.Order {
		t.Helper()
		if err != nil || got.State != state {
			t.Fatalf("%s: state %s, err %v; want %s", what, got.State, err, state)
		}
		stored, err := db.Order(ctx, got.Serial)
		if diff := cmp.Diff(got, stored); err != nil || diff != "" {
			t.Fatalf("%s: the store differs (err %v):\n%s", what, err, diff)
		}
		return stored
	}
	reread := func() (business.Order, error) { return db.Order(ctx, o.Serial) }
	claimed, err := db.ClaimOrder(ctx, o.Serial, time.Minute)
	step("claim", claimed, err, business.StateSent)
	if err := db.ReleaseOrder(ctx, claimed, business.StateQueued, "connection refused"); err != nil {
		t.Fatal(err)
	}
	got, err := reread()
	step("release as surely not sent", got, err, business.StateQueued)
	claimed, err = db.ClaimOrder(ctx, o.Serial, time.Minute)
	claimed.Reason = "connection refused"
	step("claim again", claimed, err, business.StateSent)
	if err := db.ReleaseOrder(ctx, claimed, business.StateUnknown, "timeout"); err != nil {
		t.Fatal(err)
	}
	claimed, err = db.ClaimOrder(ctx, o.Serial, time.Minute)
	step("claim of an unknown one", claimed, err, business.StateUnknown)
	claimed, err = db.ResendOrder(ctx, claimed, time.Minute)
	step("resend", claimed, err, business.StateSent)
	if left, err := db.Backlog(ctx); err != nil || left.Unfinished < 1 || left.Jobs < 1 {
		t.Errorf("left: %+v, %v; want at least this order and its job", left, err)
	}
	tell, err := job.New(job.KindTell, o.Serial, 0, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := db.FinishOrder(ctx, claimed, business.StateDone, "", tell); err != nil {
		t.Fatal(err)
	}
	got, err = reread()
	step("finish", got, err, business.StateDone)
	if n := len(jobsOf(t, db, job.QueueTells, tell.Key)); n != 1 {
		t.Errorf("%d tell jobs, want 1", n)
	}
	if _, err := db.ClaimOrder(ctx, o.Serial, time.Minute); !errors.Is(err, business.ErrFinished) {
		t.Errorf("claim of a finished order: %v", err)
	}
	for _, way := range []string{"template", "sms"} {
		if err := db.MarkTold(ctx, o.Serial, way); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := reread(); err != nil || got.Told != "template" {
		t.Errorf("told by %q (%v), want the first note", got.Told, err)
	}
}

func staleChange(t *testing.T, db *sqlstore.DB) {
	ctx := t.Context()
	o, err := db.ClaimOrder(ctx, accept(t, db).Serial, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.ReleaseOrder(ctx, o, business.StateUnknown, ""); err != nil {
		t.Fatal(err)
	}
	o.State = business.StateUnknown // the version stays behind
	if _, err := db.ResendOrder(ctx, o, time.Minute); !errors.Is(err, business.ErrStale) {
		t.Errorf("resend: %v", err)
	}
	if err := db.ReleaseOrder(ctx, o, business.StateUnknown, ""); !errors.Is(err, business.ErrStale) {
		t.Errorf("release: %v", err)
	}
	if err := db.FinishOrder(ctx, o, business.StateDone, ""); !errors.Is(err, business.ErrStale) {
		t.Errorf("finish: %v", err)
	}
	if err := db.ReleaseOrder(ctx, o, business.StateAccepted, ""); err == nil || errors.Is(err, business.ErrStale) {
		t.Errorf("a move that does not exist: %v", err)
	}
}

func staleOrders(t *testing.T, db *sqlstore.DB) {
	ctx := t.Context()
	o := accept(t, db)
	find := func(age time.Duration) bool {
		orders, err := db.StaleOrders(ctx, age, 1_000_000)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range orders {
			if s.Serial == o.Serial {
				return true
			}
		}
		return false
	}
	if find(time.Hour) {
		t.Error("found as stale for an hour at once")
	}
	until(t, "the order is stale", func() bool { return find(0) })
	claimed, err := db.ClaimOrder(ctx, o.Serial, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.FinishOrder(ctx, claimed, business.StateFailed, "refused"); err != nil {
		t.Fatal(err)
	}
	until(t, "the untold order is stale", func() bool { return find(0) })
	if err := db.MarkTold(ctx, o.Serial, "template"); err != nil {
		t.Fatal(err)
	}
	if find(-time.Hour) {
		t.Error("a settled order is found as stale")
	}
}

// until waits for a condition.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); {
		if time.Now().After(deadline) {
			t.Fatalf("in vain: %s", what)
		}
	}
}

func jobOnce(t *testing.T, db *sqlstore.DB) {
	ctx := t.Context()
	o, r, env := orderFor(t, unique("a"))
	var mu sync.Mutex
	var heard []job.Envelope
	db.OnOutbox(func(stored []job.Envelope) { mu.Lock(); defer mu.Unlock(); heard = append(heard, stored...) })
	if _, err := db.AcceptOrder(ctx, o, r, env); err != nil {
		t.Fatal(err)
	}
	if err := db.RequeueOrders(ctx, []string{o.Serial}, []job.Envelope{env}); err != nil {
		t.Fatal(err)
	}
	waiting := jobsOf(t, db, job.QueueOrders, env.Key)
	if len(waiting) != 1 {
		t.Fatalf("%d jobs wait, want 1", len(waiting))
	}
	env.ID = waiting[0].ID
	if diff := cmp.Diff(env, waiting[0], cmp.Comparer(func(a, b time.Time) bool { return a.UnixMilli() == b.UnixMilli() })); diff != "" {
		t.Errorf("the job came back changed:\n%s", diff)
	}
	if err := db.SettleJob(ctx, env.ID); err != nil {
		t.Fatal(err)
	}
	if err := db.RequeueOrders(ctx, []string{o.Serial}, []job.Envelope{env}); err != nil {
		t.Fatal(err)
	}
	again := jobsOf(t, db, job.QueueOrders, env.Key)
	if len(again) != 1 || again[0].ID == env.ID {
		t.Fatalf("after settling and requeueing: %+v, want one new row", again)
	}
	mu.Lock()
	defer mu.Unlock()
	var ids []int64
	for _, e := range heard {
		if e.Key == env.Key {
			ids = append(ids, e.ID)
		}
	}
	if diff := cmp.Diff([]int64{waiting[0].ID, 0, again[0].ID}, ids); diff != "" {
		t.Errorf("announced rows, 0 for one that was left alone (-want +got)\n%s", diff)
	}
}

func confirmed(t *testing.T, db *sqlstore.DB) {
	ctx := t.Context()
	waiting, claimed := accept(t, db), accept(t, db)
	if _, err := db.ClaimOrder(ctx, claimed.Serial, time.Minute); err != nil {
		t.Fatal(err)
	}
	var envs []job.Envelope
	for _, o := range []business.Order{waiting, claimed} {
		envs = append(envs, jobsOf(t, db, job.QueueOrders, "order:"+o.Serial)...)
	}
	if len(envs) != 2 {
		t.Fatalf("%d jobs wait, want 2", len(envs))
	}
	for range 2 { // the second time the rows are gone
		if err := db.JobsConfirmed(ctx, envs); err != nil {
			t.Fatal(err)
		}
	}
	for serial, want := range map[string]business.State{waiting.Serial: business.StateQueued, claimed.Serial: business.StateSent} {
		if o, err := db.Order(ctx, serial); err != nil || o.State != want {
			t.Errorf("order is %s (%v), want %s", o.State, err, want)
		}
		if left := jobsOf(t, db, job.QueueOrders, "order:"+serial); len(left) != 0 {
			t.Errorf("left of order %s: %+v", serial, left)
		}
	}
	if err := db.JobsConfirmed(ctx, nil); err != nil {
		t.Errorf("confirming nothing: %v", err)
	}
}

func settleAndBury(t *testing.T, db *sqlstore.DB) {
	ctx := t.Context()
	o, r, env := orderFor(t, unique("a"))
	if _, err := db.AcceptOrder(ctx, o, r, env); err != nil {
		t.Fatal(err)
	}
	env = jobsOf(t, db, job.QueueOrders, env.Key)[0]
	long := make([]rune, 2000)
	for i := range long {
		long[i] = '错'
	}
	if err := db.BuryJob(ctx, env, 60, string(long)); err != nil {
		t.Fatal(err)
	}
	if n := len(jobsOf(t, db, job.QueueOrders, env.Key)); n != 0 {
		t.Errorf("%d rows after the burial, want 0", n)
	}
	if err := db.SettleJob(ctx, env.ID); err != nil {
		t.Errorf("settling a row that is gone: %v", err)
	}
}

func published(t *testing.T, db *sqlstore.DB) {
	ctx := t.Context()
	waiting, claimed := accept(t, db), accept(t, db)
	if _, err := db.ClaimOrder(ctx, claimed.Serial, time.Minute); err != nil {
		t.Fatal(err)
	}
	var envs []job.Envelope
	for _, o := range []business.Order{waiting, claimed} {
		envs = append(envs, jobsOf(t, db, job.QueueOrders, "order:"+o.Serial)...)
	}
	if err := db.JobsPublished(ctx, envs); err != nil {
		t.Fatal(err)
	}
	for serial, want := range map[string]business.State{waiting.Serial: business.StateQueued, claimed.Serial: business.StateSent} {
		if o, err := db.Order(ctx, serial); err != nil || o.State != want {
			t.Errorf("order is %s (%v), want %s", o.State, err, want)
		}
	}
}

func seedTwice(t *testing.T, db *sqlstore.DB) {
	ctx := t.Context()
	account := unique("a")
	seed := sqlstore.SeedData{
		Account: account,
		Keywords: []support.Entry{
			{Keyword: "资费", Match: support.MatchEqual, Answers: []string{"一", "二😀"}},
			{Keyword: "隐藏", Match: support.MatchMessageContains, Answers: []string{"x"}, Hidden: true},
		},
		Business: []business.Code{
			{Code: "1.3", Sort: business.SortQuery, Name: "剩余流量", Commands: []string{"CXLL", "cxll"}, MenuKey: "Q", Operation: "QueryUsage"},
			{Code: "2.1.1", Sort: business.SortOrder, Name: "流量包", Commands: []string{"KT10"}, Product: "P10"},
		},
		Bindings: []sqlstore.Binding{{OpenID: "o1", Phone: "13800000001"}, {OpenID: "o2", Phone: "13800000002"}},
	}
	for range 2 {
		if err := db.Seed(ctx, seed); err != nil {
			t.Fatal(err)
		}
		keywords, err := db.ListKeywords(ctx, account)
		if diff := cmp.Diff(seed.Keywords, keywords); err != nil || diff != "" {
			t.Errorf("keywords (err %v):\n%s", err, diff)
		}
		all, err := db.Catalogue(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var codes []business.Code
		for _, c := range all {
			if c.Account == account {
				codes = append(codes, c)
			}
		}
		if diff := cmp.Diff(seed.Business, codes); diff != "" {
			t.Errorf("catalogue:\n%s", diff)
		}
		if phone, err := db.Phone(ctx, account, "o2"); err != nil || phone != "13800000002" {
			t.Errorf("binding: %s, %v", phone, err)
		}
	}
	if _, err := db.Phone(ctx, account, "O2"); !errors.Is(err, business.ErrUnbound) {
		t.Errorf("another follower, by case: %v, want ErrUnbound", err)
	}
	seed.Keywords = []support.Entry{{Keyword: "资费", Match: support.MatchEqual, Answers: []string{"三"}}}
	if err := db.Seed(ctx, seed); err != nil {
		t.Fatal(err)
	}
	if keywords, err := db.ListKeywords(ctx, account); err != nil || len(keywords) != 2 || !cmp.Equal(keywords[0], seed.Keywords[0]) {
		t.Errorf("after replacing one entry: %+v, %v", keywords, err)
	}
}

// The name changes with the bindings, in the same commit, and with nothing else.
func bindingGeneration(t *testing.T, db *sqlstore.DB) {
	ctx, account := t.Context(), unique("a")
	seen := map[string]bool{}
	for i, step := range []struct {
		seed    sqlstore.SeedData
		changes bool
	}{
		{sqlstore.SeedData{Account: account}, false},
		{sqlstore.SeedData{Account: account, Bindings: []sqlstore.Binding{{OpenID: "o1", Phone: "13800000001"}}}, true},
		{sqlstore.SeedData{Account: account, Bindings: []sqlstore.Binding{{OpenID: "o1", Phone: "13800000002"}}}, true},
		{sqlstore.SeedData{Account: account, Bindings: []sqlstore.Binding{{OpenID: "o2", Phone: "13800000002"}}}, true},
	} {
		before, err := db.BindingGeneration(ctx)
		if err != nil || before == "" {
			t.Fatalf("%q, %v", before, err)
		}
		seen[before] = true
		if err := db.Seed(ctx, step.seed); err != nil {
			t.Fatal(err)
		}
		if after, err := db.BindingGeneration(ctx); err != nil || (after != before) != step.changes || seen[after] == step.changes {
			t.Errorf("step %d: from %q to %q, %v; want a new name: %t", i, before, after, err, step.changes)
		}
	}
	var mine []string
	err := db.EachBinding(ctx, func(of, openid, phone string) {
		if of == account {
			mine = append(mine, openid+" "+phone)
		}
	})
	slices.Sort(mine)
	if diff := cmp.Diff([]string{"o1 13800000002", "o2 13800000002"}, mine); err != nil || diff != "" {
		t.Errorf("all bindings (err %v):\n%s", err, diff)
	}
}

func allOrNothing(t *testing.T, db *sqlstore.DB) {
	ctx := t.Context()
	o, r, env := orderFor(t, unique("a"))
	bad := job.Envelope{Key: "x", Kind: "no such kind", Payload: []byte("1")}
	if _, err := db.AcceptOrder(ctx, o, r, env, bad); err == nil {
		t.Fatal("a job of no queue was stored")
	}
	if _, err := db.Order(ctx, o.Serial); !errors.Is(err, business.ErrNoOrder) {
		t.Errorf("the order of the failed transaction: %v", err)
	}
	if _, found, err := db.Reply(ctx, o.Account, o.Key); found || err != nil {
		t.Errorf("the reply of the failed transaction: found %t, %v", found, err)
	}
	if n := len(jobsOf(t, db, job.QueueOrders, env.Key)); n != 0 {
		t.Errorf("%d jobs of the failed transaction", n)
	}
}
