package businessstore_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/server/carrier"
	"oalab/server/internal/business"
	"oalab/server/internal/sqldb/sqldbtest"
)

func pages(t *testing.T, db *rig) {
	at := time.UnixMilli(1_795_000_000_000)
	p := business.Page{Account: "demo", OpenID: sqldbtest.Unique("o"), Code: "2", Seen: "s", Key: "m1", At: at}
	want := func(w business.Page) {
		t.Helper()
		got, ok, err := db.Page(t.Context(), p.Account, p.OpenID)
		if diff := cmp.Diff(w, got); err != nil || !ok || diff != "" {
			t.Errorf("page: %t, %v\n%s", ok, err, diff)
		}
	}
	show := func(p business.Page) {
		t.Helper()
		if err := db.ShowPage(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	use := func(p business.Page, key string, want bool) {
		t.Helper()
		if got, err := db.UsePage(t.Context(), p, key); err != nil || got != want {
			t.Errorf("%s uses the page of %s: %t, %v; want %t", key, p.Key, got, err, want)
		}
	}
	if _, ok, err := db.Page(t.Context(), p.Account, p.OpenID); ok || err != nil {
		t.Fatalf("a page before one was shown: %t, %v", ok, err)
	}
	show(p)
	show(p)
	want(p)
	use(p, "m2", true)
	use(p, "m2", true) // another try
	use(p, "m3", false)
	show(p) // a try that comes late: it stays used
	use(p, "m3", false)
	next := p
	next.Code, next.Key, next.At = "2.1", "m4", at.Add(time.Second)
	show(next)
	want(next)
	show(p) // older
	want(next)
	use(p, "m5", false)
}

func oldPages(t *testing.T, db *rig) {
	at := time.UnixMilli(1000)
	p := business.Page{Account: "demo", OpenID: sqldbtest.Unique("o"), Code: "2", Seen: "s", Key: "m1", At: at}
	if err := db.ShowPage(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	there := func(want bool) {
		t.Helper()
		for range 2 {
			if _, ok, err := db.Page(t.Context(), p.Account, p.OpenID); err != nil || ok != want {
				t.Errorf("the page is there: %t, %v; want %t", ok, err, want)
			}
		}
	}
	drain := func(batch func(context.Context) (int, bool, error)) (all int) {
		t.Helper()
		for more := true; more; {
			n, again, err := batch(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			all, more = all+n, again
		}
		return all
	}
	drain(db.OldPages(at))
	there(true)
	if n := drain(db.OldPages(at.Add(time.Millisecond))); n < 1 {
		t.Errorf("%d pages went", n)
	}
	there(false)
	o, r, env := orderFor(t, sqldbtest.Unique("a"))
	c := &business.Condition{Products: []string{o.Product}, Since: at, Judge: func([]business.Held) error { return nil }}
	if _, err := db.AcceptOrder(t.Context(), o, r, c, env); err != nil {
		t.Fatal(err)
	}
	drain(db.OldTurns(time.Now().Add(-time.Hour)))
	if n := drain(db.OldTurns(time.Now().Add(time.Hour))); n < 1 {
		t.Errorf("%d turns went", n)
	}
}

func dueOnce(t *testing.T, db *rig) {
	o, _, env := orderFor(t, sqldbtest.Unique("a"))
	o.Kind, o.MB, o.Key = business.OrderOfData, 30, sqldbtest.Unique("redeem|")
	if _, err := db.AcceptDue(t.Context(), o, env); err != nil {
		t.Fatal(err)
	}
	again, _, env2 := orderFor(t, o.Account)
	again.Kind, again.MB, again.Key = o.Kind, 99, o.Key
	got, err := db.AcceptDue(t.Context(), again, env2)
	if err != nil || got.Serial != o.Serial || got.MB != 30 || got.Kind != business.OrderOfData {
		t.Errorf("again: %+v, %v", got, err)
	}
	if n := len(jobsOf(t, db, env.Queue, env.Key)) + len(jobsOf(t, db, env2.Queue, env2.Key)); n != 1 {
		t.Errorf("%d jobs", n)
	}
	claimed, err := db.ClaimOrder(t.Context(), business.Order{Serial: o.Serial}, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.FinishOrder(t.Context(), claimed, business.StateDone, ""); err != nil {
		t.Fatal(err)
	}
	if err := db.MarkTold(t.Context(), o.Serial, "sms"); err != nil {
		t.Fatal(err)
	}
	for more := true; more; {
		if _, more, err = db.OldOrders(time.Now().Add(time.Hour), nil)(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got, err = db.AcceptDue(t.Context(), again, env2); err != nil || got.Serial != o.Serial || got.State != business.StateDone {
		t.Errorf("from the archive: %+v, %v", got, err)
	}
}

func ownOrders(t *testing.T, db *rig) {
	account, openid := sqldbtest.Unique("a"), sqldbtest.Unique("o")
	var serials []string
	for range 3 {
		o, r, env := orderFor(t, account)
		o.OpenID, o.Kind, o.Effect = openid, business.OrderOfPackage, carrier.EffectiveNextMonth
		if _, err := db.AcceptOrder(t.Context(), o, r, nil, env); err != nil {
			t.Fatal(err)
		}
		serials = append(serials, o.Serial)
		<-time.After(2 * time.Millisecond) // another millisecond is another place in the list
	}
	got, err := db.OrdersOf(t.Context(), account, openid, 2)
	if err != nil || len(got) != 2 || got[0].Serial != serials[2] || got[1].Serial != serials[1] {
		t.Fatalf("own: %+v, %v", got, err)
	}
	if got[0].Kind != business.OrderOfPackage || got[0].Effect != carrier.EffectiveNextMonth {
		t.Errorf("read as %+v", got[0])
	}
	if ok, err := db.CancelOrder(t.Context(), got[0], "您已取消。", "cancel"); !ok || err != nil {
		t.Errorf("cancelled: %t, %v", ok, err)
	}
	if ok, err := db.CancelOrder(t.Context(), got[0], "您已取消。", "cancel"); ok || err != nil {
		t.Errorf("cancelled again: %t, %v", ok, err)
	}
	after, err := db.ClaimOrder(t.Context(), got[0], time.Minute)
	if !errors.Is(err, business.ErrFinished) || after.Told != "cancel" || after.State != business.StateFailed {
		t.Errorf("a cancelled order is claimed: %+v, %v", after, err)
	}
	if other, err := db.OrdersOf(t.Context(), "another", openid, 2); err != nil || len(other) != 0 {
		t.Errorf("of another account: %+v, %v", other, err)
	}
}

func heldJudged(t *testing.T, db *rig) {
	o, r, env := orderFor(t, sqldbtest.Unique("a"))
	o.Phone, o.Effect = sqldbtest.Unique("1"), carrier.EffectiveNextMonth
	if _, err := db.AcceptOrder(t.Context(), o, r, nil, env); err != nil {
		t.Fatal(err)
	}
	refused := errors.New("refused")
	var held []business.Held
	c := &business.Condition{Products: []string{o.Product, "other"}, Since: time.Now().Add(-time.Hour), Judge: func(all []business.Held) error {
		held = all
		return refused
	}}
	second, r2, env2 := orderFor(t, o.Account)
	second.Phone = o.Phone
	if _, err := db.AcceptOrder(t.Context(), second, r2, c, env2); !errors.Is(err, refused) {
		t.Errorf("accepted: %v", err)
	}
	if len(held) != 1 || held[0].Product != o.Product || held[0].Effect != o.Effect || time.Since(held[0].Created) > time.Minute {
		t.Errorf("held: %+v", held)
	}
	if _, err := db.Order(t.Context(), second.Serial); !errors.Is(err, business.ErrNoOrder) {
		t.Errorf("a refused order is stored: %v", err)
	}
	if _, found, err := db.Reply(t.Context(), second.Account, second.Key); found || err != nil {
		t.Errorf("a refused order has a reply: %t, %v", found, err)
	}
	live, err := db.Order(t.Context(), o.Serial)
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := db.CancelOrder(t.Context(), live, "", "cancel"); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if _, err := db.AcceptOrder(t.Context(), second, r2, c, env2); !errors.Is(err, refused) || len(held) != 0 {
		t.Errorf("what is cancelled is held: %+v, %v", held, err)
	}
	c.Judge = func([]business.Held) error { return nil }
	if got, err := db.AcceptOrder(t.Context(), second, r2, c, env2); err != nil || got != r2 {
		t.Errorf("accepted as %+v, %v", got, err)
	}
}

func termsKept(t *testing.T, db *rig) {
	account := sqldbtest.Unique("a")
	codes := []business.Code{
		{Account: account, Code: "2", Sort: business.SortMenu, Name: "办理", Commands: []string{"办理"}},
		{Account: account, Code: "2.1", Sort: business.SortOrder, Name: "包", Product: "P", Terms: business.Terms{
			Fen: 500, Effect: carrier.EffectiveNextMonth, Months: 3, Excludes: []string{"2.2"}, Limit: 2, SoldOut: true,
		}},
		{Account: account, Code: "2.2", Sort: business.SortOrder, Name: "另一包", Product: "Q"},
	}
	for _, same := range []int{0, 3} {
		section, err := db.orders.Seed(account, codes, false)
		if err != nil {
			t.Fatal(err)
		}
		changes, err := db.DB.Seed(t.Context(), false, section)
		if err != nil || changes[0].Same != same {
			t.Fatalf("%+v, %v", changes, err)
		}
	}
	all, err := db.Catalogue(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var mine []business.Code
	for _, c := range all {
		if c.Account == account {
			mine = append(mine, c)
		}
	}
	if diff := cmp.Diff(codes, mine); diff != "" {
		t.Errorf("-stored +read\n%s", diff)
	}
}

// cancelOrWorker: one of a cancel and a claim meets the order.
func cancelOrWorker(t *testing.T, dbs []*rig) {
	for range 20 {
		o := accept(t, dbs[0])
		var won atomic.Int32
		var wg sync.WaitGroup
		for _, db := range dbs {
			wg.Go(func() {
				if ok, err := db.CancelOrder(t.Context(), o, "您已取消。", "cancel"); err != nil {
					t.Error(err)
				} else if ok {
					won.Add(1)
				}
			})
			wg.Go(func() {
				if _, err := db.ClaimOrder(t.Context(), o, time.Minute); err == nil {
					won.Add(1)
				} else if !errors.Is(err, business.ErrLeased) && !errors.Is(err, business.ErrFinished) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 {
			t.Fatalf("%d have the order", won.Load())
		}
	}
}

// judgedInTurn: of orders of one number at one time, each sees the ones before it.
func judgedInTurn(t *testing.T, dbs []*rig) {
	phone, full := sqldbtest.Unique("1"), errors.New("full")
	c := &business.Condition{Products: []string{"P10"}, Since: time.Now().Add(-time.Hour), Judge: func(all []business.Held) error {
		if len(all) >= 2 {
			return full
		}
		return nil
	}}
	var taken atomic.Int32
	var wg sync.WaitGroup
	for i := range 4 * len(dbs) {
		o, r, env := orderFor(t, sqldbtest.Unique("a"))
		o.Phone = phone
		wg.Go(func() {
			switch _, err := dbs[i%len(dbs)].AcceptOrder(t.Context(), o, r, c, env); {
			case err == nil:
				taken.Add(1)
			case !errors.Is(err, full):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if taken.Load() != 2 {
		t.Errorf("%d orders were taken, want 2", taken.Load())
	}
}
