package businessstore_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/server/internal/business"
	"oalab/server/internal/job"
	outboxstore "oalab/server/internal/outbox/store"
	"oalab/server/internal/sqldb/sqldbtest"
)

// buried makes an order whose job was given up, and returns it with its dead letter.
func buried(t *testing.T, db *rig) (business.Order, outboxstore.DeadLetter) {
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
func letterOf(t *testing.T, db *rig, key string) (found []outboxstore.DeadLetter) {
	t.Helper()
	all, err := db.DeadLetters(t.Context(), outboxstore.DeadFilter{Limit: 100_000})
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
func finish(t *testing.T, db *rig, o business.Order, told bool) business.Order {
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

func deadRetried(t *testing.T, db *rig) {
	ctx := t.Context()
	o, first := buried(t, db)
	if err := db.BuryJob(ctx, first.Job, 60, "in its last round"); err != nil { // a second letter of the same job
		t.Fatal(err)
	}
	retry := func(id int64, want job.Retried, wantErr error) {
		t.Helper()
		if got, err := db.RetryDead(ctx, business.JobTypes(business.Places{}), id, db.Wake); got != want || !errors.Is(err, wantErr) {
			t.Errorf("retry %d: %q, %v; want %q, %v", id, got, err, want, wantErr)
		}
	}
	retry(first.ID, job.RetriedJob, nil)
	retry(first.ID, "", outboxstore.ErrNoDeadLetter)
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
	retry(letterOf(t, db, jobs[0].Key)[0].ID, job.RetriedUnderWay, nil)
	if n := len(jobsOf(t, db, "orders", jobs[0].Key)); n != 1 {
		t.Errorf("%d jobs wait, want 1", n)
	}
	// One that is finished and untold is told; one that is told needs nothing.
	untold, letter := buried(t, db)
	finish(t, db, untold, false)
	if err := db.RestOrder(ctx, untold.Serial, time.Hour); err != nil {
		t.Fatal(err)
	}
	retry(letter.ID, job.RetriedJob, nil)
	if n := len(jobsOf(t, db, "tells", "tell:"+untold.Serial)); n != 1 {
		t.Errorf("%d jobs to tell it, want 1", n)
	}
	told, letter := buried(t, db)
	finish(t, db, told, true)
	retry(letter.ID, job.RetriedSettled, nil)
	if n := len(jobsOf(t, db, "orders", "order:"+told.Serial)) + len(jobsOf(t, db, "tells", "tell:"+told.Serial)); n != 0 {
		t.Errorf("%d jobs of an order that is told", n)
	}
	// A query comes back as it was; what names no order stays where people see it.
	query, err := jobType(business.KindQuery).New(sqldbtest.Unique("m"), map[string]string{"month": "202611"}, time.UnixMilli(1_764_400_000_000))
	if err != nil {
		t.Fatal(err)
	}
	lost, err := jobType(business.KindOrder).New(sqldbtest.Unique("S"), map[string]string{"serial": sqldbtest.Unique("S")}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for _, env := range []job.Envelope{query, lost} {
		if err := db.BuryJob(ctx, env, 3, "x"); err != nil {
			t.Fatal(err)
		}
	}
	retry(letterOf(t, db, query.Key)[0].ID, job.RetriedJob, nil)
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

func deadDropped(t *testing.T, db *rig) {
	ctx := t.Context()
	o, open := buried(t, db)
	closed, old := buried(t, db)
	finish(t, db, closed, true)
	if _, _, err := db.DropDeadBefore(ctx, old.Buried, db.OpenJobs); err != nil {
		t.Fatal(err)
	}
	if len(letterOf(t, db, old.Job.Key)) != 1 {
		t.Error("one that is too young was dropped")
	}
	dropped, kept, err := db.DropDeadBefore(ctx, old.Buried.Add(time.Millisecond), db.OpenJobs)
	if err != nil || dropped < 1 || kept < 1 {
		t.Errorf("dropped %d, kept %d, %v", dropped, kept, err)
	}
	if len(letterOf(t, db, old.Job.Key)) != 0 || len(letterOf(t, db, open.Job.Key)) != 1 {
		t.Error("the letter of the told order is to go, that of the open one to stay")
	}
	if err := db.DropDead(ctx, open.ID); err != nil {
		t.Error(err)
	}
	if err := db.DropDead(ctx, open.ID); !errors.Is(err, outboxstore.ErrNoDeadLetter) {
		t.Errorf("dropped twice: %v", err)
	}
	if _, err := db.Order(ctx, o.Serial); err != nil {
		t.Errorf("the order of a dropped letter: %v", err)
	}
	if _, next := buried(t, db); next.ID <= open.ID {
		t.Errorf("ID %d was given again after %d", next.ID, open.ID)
	}
}
