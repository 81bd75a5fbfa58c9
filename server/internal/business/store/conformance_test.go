package businessstore_test

import (
	"context"
	"errors"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"oalab/server/internal/business"
	businessstore "oalab/server/internal/business/store"
	"oalab/server/internal/job"
	"oalab/server/internal/message"
	outboxstore "oalab/server/internal/outbox/store"
	replystore "oalab/server/internal/reply/store"
	"oalab/server/internal/sqldb"
	"oalab/server/internal/sqldb/sqldbtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The stores of the rig, by names of their own.
type (
	orders  = businessstore.Store
	replies = replystore.Store
	outbox  = outboxstore.Store
)

// rig is the store with its database, and with the stores of what is committed with an order.
type rig struct {
	*sqldb.DB
	*orders
	*replies
	*outbox
}

func open(tb testing.TB, db *sqldb.DB) *rig {
	tb.Helper()
	r := &rig{DB: db, replies: replystore.New(db), outbox: outboxstore.New(db)}
	r.orders = businessstore.New(db, r.replies)
	tb.Cleanup(r.outbox.Close)
	tb.Cleanup(r.replies.Close)
	tb.Cleanup(r.orders.Close)
	return r
}

var suite = sqldbtest.Suite[*rig]{
	Open: open,
	Tests: map[string]func(*testing.T, *rig){
		"migrating again changes nothing":              migrateAgain,
		"a message makes one order":                    oneOrderAMessage,
		"one worker has an order":                      oneWorker,
		"a claim after a lost worker is unknown":       lostWorker,
		"an order goes through its states":             orderStates,
		"a stale change is refused":                    staleChange,
		"an order that stands still is found":          staleOrders,
		"an order has one job":                         requeued,
		"a dead letter is put back into work once":     deadRetried,
		"a dead letter of an open order stays":         deadDropped,
		"what is old and closed is removed":            retained,
		"an archived order is found and stays unique":  archived,
		"a claim of what is out of date reads":         staleClaim,
		"notes that come together share a statement":   sharedNotes,
		"codes that contradict each other are refused": conflictingCodes,
		"a catalogue is read as of one moment":         tornCatalogue,
		"a failed transaction leaves nothing behind":   allOrNothing,
		"a page is used once, and the youngest stays":  pages,
		"what is due is stored once":                   dueOnce,
		"followers have their own orders":              ownOrders,
		"what a number has is judged":                  heldJudged,
		"old pages and turns go":                       oldPages,
		"terms are kept":                               termsKept,
	},
	Many: map[string]func(*testing.T, []*rig){
		"a message has one reply and one order": oneReplyOfMany,
		"an order has one worker":               oneWorkerOfMany,
		"a job is stored once":                  oneJobOfMany,
		"neighbours do not wait":                neighbours,
		"a cancel or a worker has an order":     cancelOrWorker,
		"orders of a number are judged in turn": judgedInTurn,
	},
}

func TestSQLite(t *testing.T) { suite.SQLite(t) }

func TestMySQL(t *testing.T) { suite.MySQL(t, os.Getenv) }

func orderFor(t *testing.T, account string) (business.Order, message.Reply, job.Envelope) {
	t.Helper()
	o := business.Order{
		Serial: sqldbtest.Unique("12345678"), Account: account, OpenID: "oFollower", Phone: "13800000000", Code: "2.1.1",
		Product: "P10", Name: "10元流量包", Key: sqldbtest.Unique("m"),
	}
	env, err := jobType(business.KindOrder).New(o.Serial, map[string]string{"serial": o.Serial}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return o, message.Text("受理 " + o.Serial), env
}

func accept(t *testing.T, db *rig) business.Order {
	t.Helper()
	o, r, env := orderFor(t, sqldbtest.Unique("a"))
	if _, err := db.AcceptOrder(t.Context(), o, r, nil, env); err != nil {
		t.Fatal(err)
	}
	got, err := db.Order(t.Context(), o.Serial)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// jobs returns the waiting jobs of one order, by key.
func jobsOf(t *testing.T, db *rig, queue, key string) []job.Envelope {
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

func migrateAgain(t *testing.T, db *rig) {
	o := accept(t, db)
	if err := db.Migrate(t.Context(), sqldb.Core()); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Order(t.Context(), o.Serial); err != nil {
		t.Errorf("order after the second migration: %v", err)
	}
}

func oneOrderAMessage(t *testing.T, db *rig) {
	first, reply, env := orderFor(t, sqldbtest.Unique("a"))
	if got, err := db.AcceptOrder(t.Context(), first, reply, nil, env); err != nil || got != reply {
		t.Fatalf("first: %+v, %v", got, err)
	}
	second, other, env2 := orderFor(t, first.Account)
	second.Key = first.Key
	if got, err := db.AcceptOrder(t.Context(), second, other, nil, env2); err != nil || got != reply {
		t.Fatalf("second: %+v, %v; want the first reply %+v", got, err, reply)
	}
	if _, err := db.Order(t.Context(), second.Serial); !errors.Is(err, business.ErrNoOrder) {
		t.Errorf("second order: %v, want none", err)
	}
	if n := len(jobsOf(t, db, "orders", env.Key)); n != 1 {
		t.Errorf("%d jobs of the first order, want 1", n)
	}
	if n := len(jobsOf(t, db, "orders", env2.Key)); n != 0 {
		t.Errorf("%d jobs of the second order, want 0", n)
	}
}

func oneWorker(t *testing.T, db *rig) {
	o := accept(t, db)
	const workers = 12
	var mu sync.Mutex
	var claimed, leased int
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			_, err := db.ClaimOrder(t.Context(), o, time.Minute)
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

func lostWorker(t *testing.T, db *rig) {
	o := accept(t, db)
	got, err := db.ClaimOrder(t.Context(), o, time.Millisecond)
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
func claimWhenFree(t *testing.T, db *rig, serial string) (business.Order, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for {
		o, err := db.ClaimOrder(ctx, business.Order{Serial: serial}, time.Minute)
		if !errors.Is(err, business.ErrLeased) {
			return o, err
		}
	}
}

func orderStates(t *testing.T, db *rig) {
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
	claimed, err := db.ClaimOrder(ctx, o, time.Minute)
	step("claim", claimed, err, business.StateSent)
	if err := db.ReleaseOrder(ctx, claimed, business.StateQueued, "connection refused"); err != nil {
		t.Fatal(err)
	}
	got, err := reread()
	step("release as surely not sent", got, err, business.StateQueued)
	claimed, err = db.ClaimOrder(ctx, o, time.Minute)
	claimed.Reason = "connection refused"
	step("claim again", claimed, err, business.StateSent)
	if err := db.ReleaseOrder(ctx, claimed, business.StateUnknown, "timeout"); err != nil {
		t.Fatal(err)
	}
	claimed, err = db.ClaimOrder(ctx, o, time.Minute)
	step("claim of an unknown one", claimed, err, business.StateUnknown)
	claimed, err = db.ResendOrder(ctx, claimed, time.Minute)
	step("resend", claimed, err, business.StateSent)
	if left, err := db.Count(ctx, db.CountJobs(), db.CountUnfinished(), db.CountDead()); err != nil || left[0] < 1 || left[1] < 1 {
		t.Errorf("left: %v, %v; want at least this job and its order", left, err)
	}
	tell, err := jobType(business.KindTell).New(o.Serial, 0, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := db.FinishOrder(ctx, claimed, business.StateDone, "", tell); err != nil {
		t.Fatal(err)
	}
	got, err = reread()
	step("finish", got, err, business.StateDone)
	if n := len(jobsOf(t, db, "tells", tell.Key)); n != 1 {
		t.Errorf("%d tell jobs, want 1", n)
	}
	if _, err := db.ClaimOrder(ctx, o, time.Minute); !errors.Is(err, business.ErrFinished) {
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

func staleChange(t *testing.T, db *rig) {
	ctx := t.Context()
	o, err := db.ClaimOrder(ctx, accept(t, db), time.Minute)
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

func staleOrders(t *testing.T, db *rig) {
	ctx := t.Context()
	o := accept(t, db)
	find := func(age time.Duration) bool {
		now, err := db.DB.Clock(ctx)
		if err != nil {
			t.Fatal(err)
		}
		orders, err := db.StaleOrders(ctx, now.Add(-age), 1_000_000)
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
	claimed, err := db.ClaimOrder(ctx, o, time.Minute)
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

func requeued(t *testing.T, db *rig) {
	ctx := t.Context()
	o, r, env := orderFor(t, sqldbtest.Unique("a"))
	var mu sync.Mutex
	var heard []job.Envelope
	db.OnOutbox(func(stored []job.Envelope) { mu.Lock(); defer mu.Unlock(); heard = append(heard, stored...) })
	if _, err := db.AcceptOrder(ctx, o, r, nil, env); err != nil {
		t.Fatal(err)
	}
	if err := db.RequeueOrders(ctx, []string{o.Serial}, []job.Envelope{env}); err != nil {
		t.Fatal(err)
	}
	waiting := jobsOf(t, db, "orders", env.Key)
	if len(waiting) != 1 {
		t.Fatalf("%d jobs wait, want 1", len(waiting))
	}
	env.ID = waiting[0].ID
	if diff := cmp.Diff(env, waiting[0], cmp.Comparer(func(a, b time.Time) bool { return a.UnixMilli() == b.UnixMilli() })); diff != "" {
		t.Errorf("the job came back changed:\n%s", diff)
	}
	if err := db.SettleJob(ctx, env); err != nil {
		t.Fatal(err)
	}
	if err := db.RequeueOrders(ctx, []string{o.Serial}, []job.Envelope{env}); err != nil {
		t.Fatal(err)
	}
	again := jobsOf(t, db, "orders", env.Key)
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

// What a job carries may be out of date: the claim then goes by what is stored.
func staleClaim(t *testing.T, db *rig) {
	ctx := t.Context()
	known := accept(t, db)
	claimed, err := db.ClaimOrder(ctx, known, time.Minute)
	if err != nil || claimed.State != business.StateSent {
		t.Fatalf("claimed: %+v, %v", claimed, err)
	}
	if _, err := db.ClaimOrder(ctx, known, time.Minute); !errors.Is(err, business.ErrLeased) {
		t.Errorf("a second claim: %v, want ErrLeased", err)
	}
	if err := db.ReleaseOrder(ctx, claimed, business.StateUnknown, "timeout"); err != nil {
		t.Fatal(err)
	}
	if claimed, err = db.ClaimOrder(ctx, known, time.Minute); err != nil || claimed.State != business.StateUnknown || claimed.Attempts != 2 {
		t.Fatalf("after a call without an answer: %+v, %v; want it unknown, at the second attempt", claimed, err)
	}
	if err := db.FinishOrder(ctx, claimed, business.StateDone, ""); err != nil {
		t.Fatal(err)
	}
	for _, told := range []string{"", business.ToldTemplate} {
		got, err := db.ClaimOrder(ctx, known, time.Minute)
		if !errors.Is(err, business.ErrFinished) || got.Told != told {
			t.Errorf("after the end: told %q, %v; want %q, ErrFinished", got.Told, err, told)
		}
		if err := db.MarkTold(ctx, known.Serial, business.ToldTemplate); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.ClaimOrder(ctx, business.Order{Serial: "NONE", Version: 1}, time.Minute); !errors.Is(err, business.ErrNoOrder) {
		t.Errorf("no order: %v", err)
	}
}

// PERF-1: what is only noted of orders costs its share of a statement.
func sharedNotes(t *testing.T, db *rig) {
	ctx := t.Context()
	const orders = 16
	all, rows := make([]business.Order, orders), make([]job.Envelope, orders)
	for i := range all {
		o, err := db.ClaimOrder(ctx, accept(t, db), time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		all[i], rows[i] = o, jobsOf(t, db, "orders", "order:"+o.Serial)[0]
		if i == orders-1 { // not at its end yet
			break
		}
		if err := db.FinishOrder(ctx, o, business.StateDone, ""); err != nil {
			t.Fatal(err)
		}
	}
	for name, note := range map[string]func(i int) error{
		"told":    func(i int) error { return db.MarkTold(ctx, all[i].Serial, business.ToldTemplate) },
		"settled": func(i int) error { return db.SettleJob(ctx, rows[i]) },
	} {
		before := db.Statements()
		var wg sync.WaitGroup
		for i := range orders {
			wg.Go(func() {
				if err := note(i); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			})
		}
		wg.Wait()
		// A busy machine may spread the callers over more than one rhythm.
		if n := db.Statements() - before; n > orders/2 {
			t.Errorf("%s: %d notes took %d statements", name, orders, n)
		}
	}
	for i, o := range all {
		want := business.ToldTemplate
		if i == orders-1 {
			want = ""
		}
		if got, err := db.Order(ctx, o.Serial); err != nil || got.Told != want {
			t.Errorf("order %d is told by %q (%v), want %q", i, got.Told, err, want)
		}
		if n := len(jobsOf(t, db, "orders", rows[i].Key)); n != 0 {
			t.Errorf("order %d has %d rows", i, n)
		}
	}
}

func allOrNothing(t *testing.T, db *rig) {
	ctx := t.Context()
	o, r, env := orderFor(t, sqldbtest.Unique("a"))
	bad := job.Envelope{Key: "x", Kind: "no such kind", Payload: []byte("1")}
	if _, err := db.AcceptOrder(ctx, o, r, nil, env, bad); err == nil {
		t.Fatal("a job of no queue was stored")
	}
	if _, err := db.Order(ctx, o.Serial); !errors.Is(err, business.ErrNoOrder) {
		t.Errorf("the order of the failed transaction: %v", err)
	}
	if _, found, err := db.Reply(ctx, o.Account, o.Key); found || err != nil {
		t.Errorf("the reply of the failed transaction: found %t, %v", found, err)
	}
	if n := len(jobsOf(t, db, "orders", env.Key)); n != 0 {
		t.Errorf("%d jobs of the failed transaction", n)
	}
}

func jobType(kind job.Kind) job.Type {
	found, _ := business.JobTypes(business.Places{}).Find(kind)
	return found
}
