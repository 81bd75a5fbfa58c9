package businessstore_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/server/internal/business"
	"oalab/server/internal/message"
	"oalab/server/internal/sqldb/sqldbtest"
)

// removed is how many rows the retention took.
type removed struct{ replies, orders, letters int }

// retain removes what is older than these ages.
func retain(t *testing.T, db *rig, replies, orders, letters time.Duration) removed {
	t.Helper()
	now, err := db.DB.Clock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return removed{
		replies: sqldbtest.Batches(t, db.OldReplies(now.Add(-replies), db.OpenMessages)),
		orders:  sqldbtest.Batches(t, db.OldOrders(now.Add(-orders), nil)),
		letters: sqldbtest.Batches(t, db.OldLetters(now.Add(-letters), db.OpenJobs)),
	}
}

const century = 100 * 365 * 24 * time.Hour

func retained(t *testing.T, db *rig) {
	ctx := t.Context()
	open, openLetter := buried(t, db)
	untold, untoldLetter := buried(t, db)
	finish(t, db, untold, false)
	told, toldLetter := buried(t, db)
	told = finish(t, db, told, true)
	account := sqldbtest.Unique("a")
	keys := make([]string, 3)
	for i := range keys {
		keys[i] = sqldbtest.Unique("m")
	}
	for _, key := range keys {
		if _, err := db.SaveReply(ctx, account, key, message.Text("x")); err != nil {
			t.Fatal(err)
		}
	}
	hasReply := func(account, key string) bool {
		t.Helper()
		_, found, err := db.Reply(ctx, account, key)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	if rows := retain(t, db, time.Hour, time.Hour, time.Hour); rows != (removed{}) {
		t.Errorf("what is young was removed: %+v", rows)
	}
	time.Sleep(5 * time.Millisecond) // a row of this millisecond is not older than it
	rows := retain(t, db, 0, 0, 0)
	if rows.replies < len(keys)+1 || rows.orders < 1 || rows.letters < 1 {
		t.Errorf("removed %+v", rows)
	}
	if hasReply(account, keys[0]) || hasReply(account, keys[2]) || hasReply(told.Account, told.Key) {
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
func isStale(t *testing.T, db *rig, serial string) bool {
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

func archived(t *testing.T, db *rig) {
	ctx := t.Context()
	told := finish(t, db, accept(t, db), true)
	time.Sleep(5 * time.Millisecond)
	if rows := retain(t, db, 0, 0, century); rows.orders < 1 {
		t.Fatalf("removed %+v", rows)
	}
	if again := retain(t, db, century, 0, century); again != (removed{}) {
		t.Errorf("removed again: %+v", again)
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
	if _, err := db.AcceptOrder(ctx, second, r, nil, env); err == nil || !strings.Contains(err.Error(), "has an order in the archive") {
		t.Errorf("its message again: %v", err)
	}
	third, r, env := orderFor(t, sqldbtest.Unique("a"))
	third.Serial = told.Serial
	if _, err := db.AcceptOrder(ctx, third, r, nil, env); err == nil || !strings.Contains(err.Error(), "has an order in the archive") {
		t.Errorf("its serial again: %v", err)
	}
	for _, o := range []business.Order{second, third} {
		if _, found, err := db.Reply(ctx, o.Account, o.Key); err != nil || found {
			t.Errorf("a refused order left a reply: %t, %v", found, err)
		}
	}
}
