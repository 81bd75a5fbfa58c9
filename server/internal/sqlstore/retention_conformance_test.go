package sqlstore_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/server/internal/business"
	"oalab/server/internal/job"
	"oalab/server/internal/message"
	"oalab/server/internal/sqlstore"
)

// buried makes an order whose job was given up, and returns it with its dead letter.
func buried(t *testing.T, db *sqlstore.DB) (business.Order, sqlstore.DeadLetter) {
	t.Helper()
	o := accept(t, db)
	env := jobsOf(t, db, "orders", "order:"+o.Serial)[0]
	if err := db.RestOrder(t.Context(), o.Serial, 100*365*24*time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := db.BuryJob(t.Context(), env, 60, "the carrier is away"); err != nil {
		t.Fatal(err)
	}
	return o, letterOf(t, db, env.Key)[0]
}

// letterOf returns the dead letters of a job, the latest first.
func letterOf(t *testing.T, db *sqlstore.DB, key string) (found []sqlstore.DeadLetter) {
	t.Helper()
	all, err := db.DeadLetters(t.Context(), sqlstore.DeadFilter{Limit: 100_000})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range all {
		if l.Job.Key == key {
			found = append(found, l)
		}
	}
	return found
}

// finish brings an order to its end, told or not.
func finish(t *testing.T, db *sqlstore.DB, o business.Order, told bool) business.Order {
	t.Helper()
	o, err := db.ClaimOrder(t.Context(), o, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.FinishOrder(t.Context(), o, business.StateDone, ""); err != nil {
		t.Fatal(err)
	}
	if told {
		if err := db.MarkTold(t.Context(), o.Serial, "template"); err != nil {
			t.Fatal(err)
		}
	}
	if o, err = db.Order(t.Context(), o.Serial); err != nil {
		t.Fatal(err)
	}
	return o
}

func deadListed(t *testing.T, db *sqlstore.DB) {
	o, letter := buried(t, db)
	now, err := db.Clock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if letter.Serial() != o.Serial || letter.Attempts != 60 || letter.Reason != "the carrier is away" || letter.Job.Kind != business.KindOrder {
		t.Errorf("the letter is %+v", letter)
	}
	if age := now.Sub(letter.Buried); age < 0 || age > time.Minute {
		t.Errorf("buried %s ago by the database's clock", age)
	}
	for name, f := range map[string]sqlstore.DeadFilter{
		"all": {}, "kind": {Kind: business.KindOrder}, "since": {From: letter.Buried}, "before": {Before: letter.ID + 1}, "until": {To: letter.Buried.Add(time.Millisecond)},
		"another kind": {Kind: business.KindTell}, "later": {From: now.Add(time.Hour)}, "earlier": {To: letter.Buried}, "below": {Before: letter.ID},
	} {
		f.Limit = 100_000
		letters, err := db.DeadLetters(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for i, l := range letters {
			found = found || l.ID == letter.ID
			if i > 0 && letters[i-1].ID <= l.ID {
				t.Errorf("%s: %d comes after %d", name, l.ID, letters[i-1].ID)
			}
		}
		want := name == "all" || name == "kind" || name == "since" || name == "before" || name == "until"
		if found != want {
			t.Errorf("%s: found %t, want %t", name, found, want)
		}
	}
	if one, err := db.DeadLetters(t.Context(), sqlstore.DeadFilter{Limit: 1}); err != nil || len(one) != 1 {
		t.Errorf("%d letters with a limit of 1, %v", len(one), err)
	}
}

func deadRetried(t *testing.T, db *sqlstore.DB) {
	ctx := t.Context()
	o, first := buried(t, db)
	if err := db.BuryJob(ctx, first.Job, 60, "in its last round"); err != nil { // a second letter of the same job
		t.Fatal(err)
	}
	retry := func(id int64, want sqlstore.Retried, wantErr error) {
		t.Helper()
		if got, err := db.RetryDead(ctx, business.JobTypes(business.Places{}), id); got != want || !errors.Is(err, wantErr) {
			t.Errorf("retry %d: %q, %v; want %q, %v", id, got, err, want, wantErr)
		}
	}
	retry(first.ID, sqlstore.RetriedJob, nil)
	retry(first.ID, "", sqlstore.ErrNoDeadLetter)
	if left := letterOf(t, db, first.Job.Key); len(left) != 0 {
		t.Errorf("%d letters of the job are left", len(left))
	}
	jobs := jobsOf(t, db, "orders", "order:"+o.Serial)
	if len(jobs) != 1 || jobs[0].Kind != business.KindOrder || !strings.Contains(string(jobs[0].Payload), o.Serial) {
		t.Fatalf("jobs %+v, want one of the order", jobs)
	}
	again, err := db.Order(ctx, o.Serial)
	if err != nil || again.Rounds != 0 || again.State != o.State || again.Serial != o.Serial {
		t.Errorf("the order is %+v, %v", again, err)
	}
	// A letter of an order whose job waits, and of one that is being worked at.
	if err := db.BuryJob(ctx, job.Envelope{Key: jobs[0].Key, Kind: business.KindOrder, Queue: "orders", Payload: jobs[0].Payload, Created: time.Now()}, 1, "x"); err != nil {
		t.Fatal(err)
	}
	retry(letterOf(t, db, jobs[0].Key)[0].ID, sqlstore.RetriedUnderWay, nil)
	if n := len(jobsOf(t, db, "orders", jobs[0].Key)); n != 1 {
		t.Errorf("%d jobs wait, want 1", n)
	}
	// One that is finished and untold is told; one that is told needs nothing.
	untold, letter := buried(t, db)
	finish(t, db, untold, false)
	if err := db.RestOrder(ctx, untold.Serial, time.Hour); err != nil {
		t.Fatal(err)
	}
	retry(letter.ID, sqlstore.RetriedJob, nil)
	if n := len(jobsOf(t, db, "tells", "tell:"+untold.Serial)); n != 1 {
		t.Errorf("%d jobs to tell it, want 1", n)
	}
	told, letter := buried(t, db)
	finish(t, db, told, true)
	retry(letter.ID, sqlstore.RetriedSettled, nil)
	if n := len(jobsOf(t, db, "orders", "order:"+told.Serial)) + len(jobsOf(t, db, "tells", "tell:"+told.Serial)); n != 0 {
		t.Errorf("%d jobs of an order that is told", n)
	}
	// A query comes back as it was; what names no order stays where people see it.
	query, err := jobType(business.KindQuery).New(unique("m"), map[string]string{"month": "202611"}, time.UnixMilli(1_764_400_000_000))
	if err != nil {
		t.Fatal(err)
	}
	lost, err := jobType(business.KindOrder).New(unique("S"), map[string]string{"serial": unique("S")}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for _, env := range []job.Envelope{query, lost} {
		if err := db.BuryJob(ctx, env, 3, "x"); err != nil {
			t.Fatal(err)
		}
	}
	retry(letterOf(t, db, query.Key)[0].ID, sqlstore.RetriedJob, nil)
	back := jobsOf(t, db, "queries", query.Key)
	if len(back) != 1 {
		t.Fatalf("%d jobs of the query", len(back))
	}
	back[0].ID = 0
	if diff := cmp.Diff(query, back[0]); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	id := letterOf(t, db, lost.Key)[0].ID
	retry(id, "", business.ErrNoOrder)
	if n := len(letterOf(t, db, lost.Key)); n != 1 {
		t.Errorf("%d letters of a job that cannot be retried, want 1", n)
	}
	if err := db.DropDead(ctx, id); err != nil {
		t.Error(err)
	}
}

func deadDropped(t *testing.T, db *sqlstore.DB) {
	ctx := t.Context()
	o, open := buried(t, db)
	closed, old := buried(t, db)
	finish(t, db, closed, true)
	if _, _, err := db.DropDeadBefore(ctx, old.Buried); err != nil {
		t.Fatal(err)
	}
	if len(letterOf(t, db, old.Job.Key)) != 1 {
		t.Error("one that is too young was dropped")
	}
	dropped, kept, err := db.DropDeadBefore(ctx, old.Buried.Add(time.Millisecond))
	if err != nil || dropped < 1 || kept < 1 {
		t.Errorf("dropped %d, kept %d, %v", dropped, kept, err)
	}
	if len(letterOf(t, db, old.Job.Key)) != 0 || len(letterOf(t, db, open.Job.Key)) != 1 {
		t.Error("the letter of the told order is to go, that of the open one to stay")
	}
	if err := db.DropDead(ctx, open.ID); err != nil {
		t.Error(err)
	}
	if err := db.DropDead(ctx, open.ID); !errors.Is(err, sqlstore.ErrNoDeadLetter) {
		t.Errorf("dropped twice: %v", err)
	}
	if _, err := db.Order(ctx, o.Serial); err != nil {
		t.Errorf("the order of a dropped letter: %v", err)
	}
	if _, next := buried(t, db); next.ID <= open.ID {
		t.Errorf("ID %d was given again after %d", next.ID, open.ID)
	}
}

// retain removes what is older than one age, and returns how many rows by table.
func retain(t *testing.T, db *sqlstore.DB, r sqlstore.Retention) map[string]int {
	t.Helper()
	rows := map[string]int{}
	if err := db.Retain(t.Context(), r, func(table string, n int) { rows[table] += n }); err != nil {
		t.Fatal(err)
	}
	return rows
}

const century = 100 * 365 * 24 * time.Hour

func retained(t *testing.T, db *sqlstore.DB) {
	ctx := t.Context()
	open, openLetter := buried(t, db)
	untold, untoldLetter := buried(t, db)
	finish(t, db, untold, false)
	told, toldLetter := buried(t, db)
	told = finish(t, db, told, true)
	account := unique("a")
	keys := make([]string, 450) // more than two batches
	for i := range keys {
		keys[i] = unique("m")
	}
	saveTogether(t, db, account, keys, func(int) string { return "x" })
	hasReply := func(account, key string) bool {
		t.Helper()
		_, found, err := db.Reply(ctx, account, key)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	if rows := retain(t, db, sqlstore.Retention{Replies: time.Hour, Orders: time.Hour, DeadLetters: time.Hour}); len(rows) != 0 {
		t.Errorf("what is young was removed: %v", rows)
	}
	time.Sleep(5 * time.Millisecond) // a row of this millisecond is not older than it
	rows := retain(t, db, sqlstore.Retention{})
	if rows[sqlstore.RetainReplies] < len(keys)+1 || rows[sqlstore.RetainOrders] < 1 || rows[sqlstore.RetainDeadLetters] < 1 {
		t.Errorf("removed %v", rows)
	}
	if hasReply(account, keys[0]) || hasReply(account, keys[449]) || hasReply(told.Account, told.Key) {
		t.Error("replies are left")
	}
	for name, left := range map[string]bool{
		"reply of an open order": hasReply(open.Account, open.Key), "reply of an untold order": hasReply(untold.Account, untold.Key),
		"letter of an open order":    len(letterOf(t, db, openLetter.Job.Key)) == 1,
		"letter of an untold order":  len(letterOf(t, db, untoldLetter.Job.Key)) == 1,
		"no letter of a told order":  len(letterOf(t, db, toldLetter.Job.Key)) == 0,
		"the open order among those": isStale(t, db, open.Serial), "the untold order among those": isStale(t, db, untold.Serial),
	} {
		if !left {
			t.Errorf("lacks: %s", name)
		}
	}
}

// isStale reports whether a live order is unfinished or untold.
func isStale(t *testing.T, db *sqlstore.DB, serial string) bool {
	t.Helper()
	orders, err := db.StaleOrders(t.Context(), time.Now().Add(2*century), 1_000_000)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range orders {
		if o.Serial == serial {
			return true
		}
	}
	return false
}

func archived(t *testing.T, db *sqlstore.DB) {
	ctx := t.Context()
	told := finish(t, db, accept(t, db), true)
	time.Sleep(5 * time.Millisecond)
	if rows := retain(t, db, sqlstore.Retention{Replies: 0, Orders: 0, DeadLetters: century}); rows[sqlstore.RetainOrders] < 1 {
		t.Fatalf("removed %v", rows)
	}
	if again := retain(t, db, sqlstore.Retention{Replies: century, Orders: 0, DeadLetters: century}); len(again) != 0 {
		t.Errorf("removed again: %v", again)
	}
	got, err := db.Order(ctx, told.Serial)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(told, got); diff != "" {
		t.Errorf("the archive has another order: -want +got\n%s", diff)
	}
	// A late job of it finds it finished.
	if o, err := db.ClaimOrder(ctx, business.Order{Serial: told.Serial, Version: 1}, time.Minute); !errors.Is(err, business.ErrFinished) || o.Told == "" {
		t.Errorf("claimed: %+v, %v", o, err)
	}
	// Its message makes no second order, and its serial names no other one.
	second, r, env := orderFor(t, told.Account)
	second.Key = told.Key
	if _, err := db.AcceptOrder(ctx, second, r, env); err == nil || !strings.Contains(err.Error(), "has an order in the archive") {
		t.Errorf("its message again: %v", err)
	}
	third, r, env := orderFor(t, unique("a"))
	third.Serial = told.Serial
	if _, err := db.AcceptOrder(ctx, third, r, env); err == nil || !strings.Contains(err.Error(), "has an order in the archive") {
		t.Errorf("its serial again: %v", err)
	}
	for _, o := range []business.Order{second, third} {
		if _, found, err := db.Reply(ctx, o.Account, o.Key); err != nil || found {
			t.Errorf("a refused order left a reply: %t, %v", found, err)
		}
	}
}

// retainedAlone: while one works, another one is told so and takes nothing.
func retainedAlone(t *testing.T, db *sqlstore.DB) {
	for range 250 {
		if _, err := db.SaveReply(t.Context(), unique("a"), unique("m"), message.Text("x")); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(5 * time.Millisecond)
	asked := false
	r := sqlstore.Retention{Orders: century, DeadLetters: century}
	err := db.Retain(t.Context(), r, func(string, int) {
		if asked {
			return
		}
		asked = true
		if err := db.Retain(t.Context(), r, func(table string, n int) { t.Errorf("another one took %d %s", n, table) }); !errors.Is(err, sqlstore.ErrRetaining) {
			t.Errorf("another one: %v", err)
		}
	})
	if err != nil || !asked {
		t.Errorf("asked %t, %v", asked, err)
	}
}
