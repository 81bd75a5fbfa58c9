package outboxstore_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jmoiron/sqlx"
	"go.uber.org/goleak"

	"oalab/server/internal/job"
	outboxstore "oalab/server/internal/outbox/store"
	"oalab/server/internal/sqldb"
	"oalab/server/internal/sqldb/sqldbtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is the store with its database.
type rig struct {
	db *sqldb.DB
	*outboxstore.Store
}

var suite = sqldbtest.Suite[*rig]{
	Open: func(tb testing.TB, db *sqldb.DB) *rig {
		tb.Helper()
		s := outboxstore.New(db)
		tb.Cleanup(s.Close)
		return &rig{db, s}
	},
	Tests: map[string]func(*testing.T, *rig){
		"a job waits once":                         jobOnce,
		"confirmed jobs are gone":                  confirmed,
		"jobs are settled and buried":              settleAndBury,
		"jobs that end together share a statement": settledTogether,
		"queues with rows are told apart":          waitingQueues,
		"dead letters are listed":                  deadListed,
		"a dead letter is put back into work once": deadRetried,
		"a dead letter is dropped":                 deadDropped,
	},
	Many: map[string]func(*testing.T, []*rig){"a job is settled by any": settledByAny},
}

func TestSQLite(t *testing.T) { suite.SQLite(t) }

func TestMySQL(t *testing.T) { suite.MySQL(t, os.Getenv) }

const (
	kind  job.Kind = "order"
	queue string   = "orders"
)

func newJob() job.Envelope {
	key := sqldbtest.Unique("order:")
	return job.Envelope{Key: key, Kind: kind, Queue: queue, Payload: []byte(`{"serial":"` + key + `"}`), Created: time.UnixMilli(1_764_400_000_000)}
}

// store stores a job and returns it with its row, 0 when there was one already.
func store(t *testing.T, r *rig, env job.Envelope) job.Envelope {
	t.Helper()
	var stored []job.Envelope
	err := r.db.Update(t.Context(), "store a job", func(ctx context.Context, tx *sqlx.Tx) (err error) {
		stored, err = r.db.InsertJobs(ctx, tx, []job.Envelope{env})
		return err
	})
	if err != nil || len(stored) != 1 {
		t.Fatalf("stored %+v, %v", stored, err)
	}
	r.db.Announce(stored)
	return stored[0]
}

// jobsOf returns the waiting jobs with a key.
func jobsOf(t *testing.T, db *rig, key string) []job.Envelope {
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

func jobOnce(t *testing.T, db *rig) {
	var heard []int64
	db.db.OnOutbox(func(stored []job.Envelope) { heard = append(heard, stored[0].ID) })
	env := newJob()
	first := store(t, db, env)
	if diff := cmp.Diff([]job.Envelope{first}, jobsOf(t, db, env.Key)); diff != "" {
		t.Errorf("the job came back changed: -want +got\n%s", diff)
	}
	if again := store(t, db, env); again.ID != 0 || len(jobsOf(t, db, env.Key)) != 1 {
		t.Errorf("stored twice: %+v", again)
	}
	if err := db.SettleJob(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	next := store(t, db, env)
	if next.ID == 0 || next.ID == first.ID {
		t.Errorf("row %d after row %d was settled", next.ID, first.ID)
	}
	if diff := cmp.Diff([]int64{first.ID, 0, next.ID}, heard); diff != "" {
		t.Errorf("announced rows, 0 for one that was left alone: -want +got\n%s", diff)
	}
}

func confirmed(t *testing.T, db *rig) {
	gone, left := store(t, db, newJob()), store(t, db, newJob())
	for range 2 { // the second time the row is gone
		if err := db.DeleteJobs(t.Context(), []int64{gone.ID}); err != nil {
			t.Fatal(err)
		}
	}
	if n, m := len(jobsOf(t, db, gone.Key)), len(jobsOf(t, db, left.Key)); n != 0 || m != 1 {
		t.Errorf("%d and %d rows, want 0 and 1", n, m)
	}
	if err := db.DeleteJobs(t.Context(), nil); err != nil {
		t.Errorf("deleting nothing: %v", err)
	}
}

func settleAndBury(t *testing.T, db *rig) {
	env := store(t, db, newJob())
	if err := db.BuryJob(t.Context(), env, 60, strings.Repeat("错", 2000)); err != nil {
		t.Fatal(err)
	}
	if n := len(jobsOf(t, db, env.Key)); n != 0 {
		t.Errorf("%d rows after the burial, want 0", n)
	}
	if letters := letterOf(t, db, env.Key); len(letters) != 1 || len([]rune(letters[0].Reason)) != 500 {
		t.Errorf("%d letters", len(letters))
	}
	if err := db.SettleJob(t.Context(), env); err != nil {
		t.Errorf("settling a row that is gone: %v", err)
	}
}

// PERF-1: the end of a job costs its share of a statement.
func settledTogether(t *testing.T, db *rig) {
	const jobs = 16
	rows := make([]job.Envelope, jobs)
	for i := range rows {
		rows[i] = store(t, db, newJob())
	}
	before := db.db.Statements()
	var wg sync.WaitGroup
	for _, env := range rows {
		wg.Go(func() {
			if err := db.SettleJob(t.Context(), env); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	// A busy machine may spread the callers over more than one rhythm.
	if n := db.db.Statements() - before; n > jobs/2 {
		t.Errorf("the end of %d jobs took %d statements", jobs, n)
	}
	for _, env := range rows {
		if n := len(jobsOf(t, db, env.Key)); n != 0 {
			t.Errorf("job %s has %d rows", env.Key, n)
		}
	}
}

func waitingQueues(t *testing.T, db *rig) {
	env := newJob()
	env.Queue = sqldbtest.Unique("q")
	store(t, db, env)
	got, err := db.WaitingQueues(t.Context(), []string{env.Queue, "none"})
	if diff := cmp.Diff(map[string]bool{env.Queue: true, "none": false}, got); err != nil || diff != "" {
		t.Errorf("%v: -want +got\n%s", err, diff)
	}
	counts, err := db.db.Count(t.Context(), db.CountJobs(), db.CountDead())
	if err != nil || counts[0] < 1 || counts[1] < 0 {
		t.Errorf("counted %v, %v", counts, err)
	}
}

// buried stores a job and gives it up. It returns the job, and its dead letter.
func buried(t *testing.T, db *rig) (job.Envelope, outboxstore.DeadLetter) {
	t.Helper()
	env := store(t, db, newJob())
	if err := db.BuryJob(t.Context(), env, 60, "the carrier is away"); err != nil {
		t.Fatal(err)
	}
	return env, letterOf(t, db, env.Key)[0]
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

func deadListed(t *testing.T, db *rig) {
	env, letter := buried(t, db)
	now, err := db.db.Clock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if letter.Job.Key != env.Key || letter.Attempts != 60 || letter.Reason != "the carrier is away" || letter.Job.Kind != kind {
		t.Errorf("the letter is %+v", letter)
	}
	if age := now.Sub(letter.Buried); age < 0 || age > time.Minute {
		t.Errorf("buried %s ago by the database's clock", age)
	}
	for name, f := range map[string]outboxstore.DeadFilter{
		"all": {}, "kind": {Kind: kind}, "since": {From: letter.Buried}, "before": {Before: letter.ID + 1}, "until": {To: letter.Buried.Add(time.Millisecond)},
		"another kind": {Kind: "tell"}, "later": {From: now.Add(time.Hour)}, "earlier": {To: letter.Buried}, "below": {Before: letter.ID},
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
	if one, err := db.DeadLetters(t.Context(), outboxstore.DeadFilter{Limit: 1}); err != nil || len(one) != 1 {
		t.Errorf("%d letters with a limit of 1, %v", len(one), err)
	}
}

// deadRetried: what the job is about is prepared in the transaction of the retry.
func deadRetried(t *testing.T, db *rig) {
	types := job.Catalogue{{Kind: kind, Queue: queue}}
	wake := func(_ context.Context, _ *sqlx.Tx, env job.Envelope) (job.Envelope, job.Retried, error) {
		return env, "", nil
	}
	retry := func(id int64, wake outboxstore.Waking, want job.Retried, wantErr error) {
		t.Helper()
		if got, err := db.RetryDead(t.Context(), types, id, wake); got != want || !errors.Is(err, wantErr) {
			t.Errorf("retry %d: %q, %v; want %q, %v", id, got, err, want, wantErr)
		}
	}
	env, letter := buried(t, db)
	failed := errors.New("the order is away")
	retry(letter.ID, func(ctx context.Context, tx *sqlx.Tx, env job.Envelope) (job.Envelope, job.Retried, error) {
		if _, err := tx.ExecContext(ctx, "DELETE FROM dead_letter"); err != nil {
			t.Error(err)
		}
		return env, "", failed
	}, "", failed)
	if n := len(letterOf(t, db, env.Key)); n != 1 {
		t.Fatalf("%d letters after a retry that failed, want 1", n)
	}
	retry(letter.ID, wake, job.RetriedJob, nil)
	retry(letter.ID, wake, "", outboxstore.ErrNoDeadLetter)
	back := jobsOf(t, db, env.Key)
	if len(back) != 1 {
		t.Fatalf("%d jobs", len(back))
	}
	env.ID = back[0].ID
	if diff := cmp.Diff(env, back[0]); diff != "" {
		t.Errorf("the job came back changed: -want +got\n%s", diff)
	}
	// Two letters of a job whose row waits: both go, and the row stays the only one.
	for range 2 {
		if err := db.BuryJob(t.Context(), job.Envelope{Key: env.Key, Kind: kind, Payload: env.Payload, Created: env.Created}, 1, "x"); err != nil {
			t.Fatal(err)
		}
	}
	retry(letterOf(t, db, env.Key)[1].ID, wake, job.RetriedUnderWay, nil)
	if n, m := len(letterOf(t, db, env.Key)), len(jobsOf(t, db, env.Key)); n != 0 || m != 1 {
		t.Errorf("%d letters and %d rows, want 0 and 1", n, m)
	}
	settled, letter := buried(t, db)
	retry(letter.ID, func(_ context.Context, _ *sqlx.Tx, env job.Envelope) (job.Envelope, job.Retried, error) {
		return env, job.RetriedSettled, nil
	}, job.RetriedSettled, nil)
	if n, m := len(letterOf(t, db, settled.Key)), len(jobsOf(t, db, settled.Key)); n != 0 || m != 0 {
		t.Errorf("%d letters and %d rows of a job that needs nothing", n, m)
	}
}

// deadDropped: a letter that is open stays, for a person and for the retention.
func deadDropped(t *testing.T, db *rig) {
	kept, open := buried(t, db)
	is := func(ctx context.Context, jobs []job.Envelope) ([]bool, error) {
		found := make([]bool, len(jobs))
		for i, env := range jobs {
			found[i] = env.Key == kept.Key
		}
		return found, ctx.Err()
	}
	for name, drop := range map[string]func(before time.Time) int{
		"by hand": func(before time.Time) int {
			n, left, err := db.DropDeadBefore(t.Context(), before, is)
			if err != nil || left != 1 && n > 0 {
				t.Errorf("kept %d, %v", left, err)
			}
			return n
		},
		"by age": func(before time.Time) int { return sqldbtest.Batches(t, db.OldLetters(before, is)) },
	} {
		env, letter := buried(t, db)
		drop(letter.Buried)
		if len(letterOf(t, db, env.Key)) != 1 {
			t.Errorf("%s: one that is too young was dropped", name)
		}
		if n := drop(letter.Buried.Add(time.Millisecond)); n < 1 || len(letterOf(t, db, env.Key)) != 0 || len(letterOf(t, db, kept.Key)) != 1 {
			t.Errorf("%s: %d were dropped", name, n)
		}
	}
	if err := db.DropDead(t.Context(), open.ID); err != nil {
		t.Error(err)
	}
	if err := db.DropDead(t.Context(), open.ID); !errors.Is(err, outboxstore.ErrNoDeadLetter) {
		t.Errorf("dropped twice: %v", err)
	}
	if _, next := buried(t, db); next.ID <= open.ID {
		t.Errorf("ID %d was given again after %d", next.ID, open.ID)
	}
}

// Relays of all servers see a row, and each may be the one that settles it.
func settledByAny(t *testing.T, dbs []*rig) {
	env := store(t, dbs[0], newJob())
	for i, db := range dbs {
		if n := len(jobsOf(t, db, env.Key)); n != 1 {
			t.Fatalf("server %d sees %d rows, want 1", i, n)
		}
	}
	sqldbtest.Together(dbs, func(_ int, db *rig) {
		if err := db.SettleJob(t.Context(), env); err != nil {
			t.Error(err)
		}
	})
	if n := len(jobsOf(t, dbs[0], env.Key)); n != 0 {
		t.Errorf("%d rows after it was settled", n)
	}
}
