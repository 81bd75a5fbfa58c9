package outbox_test

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"oalab/server/internal/job"
	"oalab/server/internal/message"
	"oalab/server/internal/outbox"
	outboxstore "oalab/server/internal/outbox/store"
	"oalab/server/internal/queue"
	"oalab/server/internal/queue/memqueue"
	"oalab/server/internal/queue/queuetest"
	replystore "oalab/server/internal/reply/store"
	"oalab/server/internal/sqldb"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// system is memqueue over the outbox on SQLite.
type system struct {
	t    *testing.T
	path string

	db      *sqldb.DB
	replies *replystore.Store // of messages that cause jobs
	rows    *outboxstore.Store
	queue   *memqueue.Queue
	relay   *outbox.Relay
	cancel  context.CancelFunc
	running sync.WaitGroup
}

func TestMemqueueOverOutbox(t *testing.T) {
	queuetest.Run(t, func(t *testing.T) queuetest.System {
		t.Helper()
		s := &system{t: t, path: filepath.Join(t.TempDir(), "core.db")}
		s.start()
		t.Cleanup(s.stop)
		return s
	})
}

func (s *system) start() {
	s.t.Helper()
	var err error
	if s.db, err = sqldb.Open(s.t.Context(), sqldb.Config{CoreDSN: s.path}); err != nil {
		s.t.Fatal(err)
	}
	if err := s.db.Migrate(s.t.Context(), sqldb.Core()); err != nil {
		s.t.Fatal(err)
	}
	s.replies, s.rows = replystore.New(s.db), outboxstore.New(s.db)
	if s.queue, err = memqueue.New(memqueue.Config{}, queuetest.Types().Queues(), nil); err != nil {
		s.t.Fatal(err)
	}
	cfg := outbox.Config{UntilAck: true, Poll: time.Hour, Batch: 7} // an hour: it must hear of each row
	s.relay = outbox.New(cfg, s.rows, s.queue, queuetest.Types().Queues(), slog.New(slog.DiscardHandler))
	s.db.OnOutbox(s.relay.Announce)
	ctx, cancel := context.WithCancel(context.WithoutCancel(s.t.Context()))
	s.cancel = cancel
	s.running.Go(func() {
		if err := s.relay.Run(ctx); err != nil {
			s.t.Error(err)
		}
	})
}

func (s *system) stop() {
	s.cancel()
	s.running.Wait()
	s.queue.Close()
	s.rows.Close()
	s.replies.Close()
	if err := s.db.Close(); err != nil {
		s.t.Error(err)
	}
}

func (s *system) Restart() { s.stop(); s.start() }

func (s *system) Consumer() queue.Consumer { return s.relay.Consumer(s.queue) }

func (s *system) Figures(name string) queue.Figures { return s.queue.Figures(name) }

func (s *system) Stored() int {
	n, err := s.db.Count(s.t.Context(), s.rows.CountJobs())
	if err != nil {
		s.t.Error(err)
		return -1
	}
	return n[0]
}

func (s *system) Durable() bool { return false }

func (s *system) Submit(ctx context.Context, env job.Envelope) error {
	_, err := s.replies.SaveReply(ctx, "a", rand.Text(), message.Reply{}, env)
	return err
}

// rows is a store in memory whose rows the test sets.
type rows struct {
	mu      sync.Mutex
	waiting []job.Envelope
	failing bool
	settled []int64
	deletes int // statements that delete
	polls   int // questions whether there are rows
	reads   int // questions for rows
}

func (r *rows) PendingJobs(_ context.Context, name string, after int64, limit int) ([]job.Envelope, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reads++
	var found []job.Envelope
	for _, e := range r.waiting {
		if e.Queue == name && e.ID > after && len(found) < limit {
			found = append(found, e)
		}
	}
	return found, nil
}

func (r *rows) SettleJob(ctx context.Context, env job.Envelope) error {
	return r.DeleteJobs(ctx, []int64{env.ID})
}

func (r *rows) remove(id int64) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failing {
		return errors.New("database away")
	}
	r.settled = append(r.settled, id)
	for i, e := range r.waiting {
		if e.ID == id {
			r.waiting = append(r.waiting[:i:i], r.waiting[i+1:]...)
			break
		}
	}
	return nil
}

func (r *rows) DeleteJobs(_ context.Context, ids []int64) error {
	r.mu.Lock()
	r.deletes++
	r.mu.Unlock()
	for _, id := range ids {
		if err := r.remove(id); err != nil {
			return err
		}
	}
	return nil
}

func (r *rows) BuryJob(ctx context.Context, env job.Envelope, _ int, _ string) error {
	return r.SettleJob(ctx, env)
}

func (r *rows) WaitingQueues(_ context.Context, queues []string) (map[string]bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.polls++
	if r.failing {
		return nil, errors.New("database away")
	}
	waiting := make(map[string]bool)
	for _, e := range r.waiting {
		waiting[e.Queue] = slices.Contains(queues, e.Queue)
	}
	return waiting, nil
}

func (r *rows) add(ids ...int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting = append(r.waiting, orders(ids...)...)
}

// orders makes rows of orders.
func orders(ids ...int64) []job.Envelope {
	envs := make([]job.Envelope, 0, len(ids))
	for _, id := range ids {
		e := queuetest.Job(queuetest.KindOrder, int(id))
		e.ID = id
		envs = append(envs, e)
	}
	return envs
}

// publisher remembers what it took, and refuses while failing.
type publisher struct {
	mu      sync.Mutex
	failing bool
	took    []int64
	again   map[int64]bool // those that a server may have worked at before
}

func (p *publisher) Publish(_ context.Context, env job.Envelope) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failing {
		return errors.New("broker away")
	}
	p.took = append(p.took, env.ID)
	if p.again == nil {
		p.again = make(map[int64]bool)
	}
	p.again[env.ID] = env.Again
	return nil
}

func (p *publisher) recover() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failing = false
}

func (p *publisher) ids() []int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]int64(nil), p.took...)
}

// fullLook is when a relay that polls each second has looked at all rows.
const fullLook = 10 * time.Second

func TestRelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, to := &rows{}, &publisher{failing: true}
		store.add(1, 2)
		relay := outbox.New(outbox.Config{UntilAck: true}, store, to, queuetest.Types().Queues(), slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { _ = relay.Run(ctx) })
		step := func(what string, wait time.Duration, want ...int64) {
			t.Helper()
			<-time.After(wait)
			synctest.Wait()
			if diff := cmp.Diff(want, to.ids()); diff != "" {
				t.Errorf("%s (-want +got)\n%s", what, diff)
			}
		}
		step("a broker that is away", 0)
		to.recover()
		step("it is back: found by the poll", time.Second, 1, 2)
		store.add(7)
		relay.Announce(orders(7))
		step("a new row, announced", 0, 1, 2, 7)
		store.add(5) // of another process
		relay.Announce(orders(0))
		step("a row that was not announced", 0, 1, 2, 7)
		step("it is found by the poll", time.Second, 1, 2, 7, 5)
		if diff := cmp.Diff(map[int64]bool{1: true, 2: true, 7: false, 5: true}, to.again); diff != "" {
			t.Errorf("a server may have worked at what was read (-want +got)\n%s", diff)
		}
		store.add(3) // committed after 5, though its number is lower
		step("a late commit is not beyond the cursor", time.Second, 1, 2, 7, 5)
		step("a late commit is found by a full look", fullLook, 1, 2, 7, 5, 3)
		step("nothing is published twice", 2*fullLook, 1, 2, 7, 5, 3)
		relay.Announce(orders(7)) // again, and late
		step("nor what is told twice", 0, 1, 2, 7, 5, 3)
		relay.Announce([]job.Envelope{{Kind: "gift", Queue: "gifts"}})
		cancel()
		running.Wait()
	})
}

// TestIdleRelay: one statement a poll, however many queues there are.
func TestIdleRelay(t *testing.T) {
	for _, untilAck := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			store := &rows{}
			relay := outbox.New(outbox.Config{UntilAck: untilAck}, store, &publisher{}, queuetest.Types().Queues(), slog.New(slog.DiscardHandler))
			ctx, cancel := context.WithCancel(t.Context())
			var running sync.WaitGroup
			running.Go(func() { _ = relay.Run(ctx) })
			<-time.After(10*time.Second + time.Millisecond)
			synctest.Wait()
			if store.polls != 10 || store.reads != len(queuetest.Types().Queues()) {
				t.Errorf("until ack %t: %d polls and %d reads in 10 s, want 10 and the first look at each queue", untilAck, store.polls, store.reads)
			}
			cancel()
			running.Wait()
		})
	}
}

// TestUnsettled: a job whose row cannot be deleted is done again.
func TestUnsettled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &rows{failing: true}
		q, err := memqueue.New(memqueue.Config{}, queuetest.Types().Queues(), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer q.Close()
		relay := outbox.New(outbox.Config{UntilAck: true}, store, q, queuetest.Types().Queues(), slog.New(slog.DiscardHandler))
		env := queuetest.Job(queuetest.KindOrder, 1)
		env.ID = 1
		if err := q.Publish(t.Context(), env); err != nil {
			t.Fatal(err)
		}
		from := relay.Consumer(q)
		d, err := from.Receive(t.Context(), queuetest.QueueOrders)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Ack(t.Context()); err == nil {
			t.Error("an acknowledgement without the row's end succeeded")
		}
		store.failing = false
		if d, err = from.Receive(t.Context(), queuetest.QueueOrders); err != nil || d.Attempt() != 2 {
			t.Fatalf("attempt %d, %v; want the second", d.Attempt(), err)
		}
		if err := d.Ack(t.Context()); err != nil {
			t.Error(err)
		}
		if f := q.Figures(queuetest.QueueOrders); f.Depth+f.InFlight != 0 {
			t.Errorf("left: %+v", f)
		}
	})
}
