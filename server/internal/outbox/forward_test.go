package outbox_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/server/internal/job"
	"oalab/server/internal/outbox"
	"oalab/server/internal/queue/queuetest"
)

// server is a relay to a broker on rows that it may share with others.
type server struct {
	relay *outbox.Relay
	to    *publisher
	stop  func()
}

func startServer(t *testing.T, store outbox.Store, cfg outbox.Config) *server {
	t.Helper()
	s := &server{to: &publisher{}}
	s.relay = outbox.New(cfg, store, s.to, queuetest.Types().Queues(), slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = s.relay.Run(ctx) })
	s.stop = func() { cancel(); running.Wait() }
	return s
}

// commit stores rows as the server does that writes them.
func (s *server) commit(store *rows, ids ...int64) {
	store.add(ids...)
	s.relay.Announce(orders(ids...))
}

func (s *server) fail(failing bool) {
	s.to.mu.Lock()
	defer s.to.mu.Unlock()
	s.to.failing = failing
}

func (s *server) took() []int64 {
	ids := s.to.ids()
	slices.Sort(ids)
	return ids
}

func (r *rows) fail(failing bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failing = failing
}

func (r *rows) left() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.waiting)
}

// TestTwoServersShareRows: each publishes what it has written, and what a server
// that is gone has left.
func TestTwoServersShareRows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &rows{}
		store.add(1) // of a server that was killed
		a, b := startServer(t, store, outbox.Config{Batch: 2}), startServer(t, store, outbox.Config{Batch: 2})
		synctest.Wait()
		b.fail(true) // so that the abandoned row is published once in this test
		a.commit(store, 2, 3, 4, 5)
		synctest.Wait()
		if diff := cmp.Diff([]int64{2, 3, 4, 5}, a.took()); diff != "" {
			t.Errorf("before any poll (-want +got)\n%s", diff)
		}
		<-time.After(1500 * time.Millisecond)
		if diff := cmp.Diff([]int64{2, 3, 4, 5}, a.took()); diff != "" || store.left() != 1 {
			t.Errorf("a row of another server was taken at once (-want +got)\n%s", diff)
		}
		<-time.After(time.Second)
		b.fail(false)
		b.commit(store, 6)
		synctest.Wait()
		if diff := cmp.Diff([]int64{1, 2, 3, 4, 5}, a.took()); diff != "" {
			t.Errorf("an abandoned row (-want +got)\n%s", diff)
		}
		<-time.After(10 * time.Second)
		if diff := cmp.Diff([]int64{6}, b.took()); diff != "" || store.left() != 0 {
			t.Errorf("of the other server (-want +got)\n%s\n%d rows are left", diff, store.left())
		}
		a.stop()
		b.stop()
	})
}

// TestRowsOutlastTheBroker: what was committed while it was away is published by
// its own server once it is back, and by no other.
func TestRowsOutlastTheBroker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &rows{}
		a, b := startServer(t, store, outbox.Config{}), startServer(t, store, outbox.Config{})
		a.fail(true)
		b.fail(true)
		a.commit(store, 1, 2)
		b.commit(store, 3)
		<-time.After(10 * time.Second)
		a.fail(false)
		b.fail(false)
		<-time.After(10 * time.Second)
		if diff := cmp.Diff([][]int64{{1, 2}, {3}}, [][]int64{a.took(), b.took()}); diff != "" || store.left() != 0 {
			t.Errorf("-want +got\n%s\n%d rows are left", diff, store.left())
		}
		a.stop()
		b.stop()
	})
}

// TestConfirmedRowsAreNotSentAgain: a confirmed row that cannot be deleted is
// deleted later.
func TestConfirmedRowsAreNotSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &rows{failing: true}
		s := startServer(t, store, outbox.Config{})
		s.commit(store, 1, 2)
		<-time.After(10 * time.Second)
		if diff := cmp.Diff([]int64{1, 2}, s.took()); diff != "" || store.left() != 2 {
			t.Errorf("while the database is away (-want +got)\n%s\n%d rows are left", diff, store.left())
		}
		store.fail(false)
		<-time.After(time.Second)
		synctest.Wait()
		if diff := cmp.Diff([]int64{1, 2}, s.took()); diff != "" || store.left() != 0 {
			t.Errorf("when it is back (-want +got)\n%s\n%d rows are left", diff, store.left())
		}
		s.stop()
	})
}

// slowBroker confirms after a while and counts who waits.
type slowBroker struct {
	mu            sync.Mutex
	waiting, most int
	confirmed     int
}

func (s *slowBroker) Publish(ctx context.Context, _ job.Envelope) error {
	s.mu.Lock()
	s.waiting++
	s.most = max(s.most, s.waiting)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.waiting--
	}()
	select {
	case <-time.After(100 * time.Millisecond):
	case <-ctx.Done():
		return ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.confirmed++
	return nil
}

// TestConfirmsArePipelined: rows do not wait for each other's confirm, and a stop
// waits for those on their way.
func TestConfirmsArePipelined(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, to := &rows{}, &slowBroker{}
		relay := outbox.New(outbox.Config{Window: 8}, store, to, queuetest.Types().Queues(), slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() {
			if err := relay.Run(ctx); err != nil && !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
		synctest.Wait() // the relay has looked around
		ids := make([]int64, 24)
		for i := range ids {
			ids[i] = int64(i + 1)
		}
		store.add(ids...)
		relay.Announce(orders(ids...))
		<-time.After(150 * time.Millisecond) // one window is confirmed, the next one on its way
		cancel()
		running.Wait()
		if to.most != 8 || to.confirmed != 16 || store.left() != 8 {
			t.Errorf("%d at once, %d confirmed, %d rows left; want 8, 16, 8", to.most, to.confirmed, store.left())
		}
	})
}

// TestConfirmedRowsShareADelete: the row of a confirmed job that came alone is deleted at
// once, and rows that come while the broker confirms go together (PERF-6).
func TestConfirmedRowsShareADelete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &rows{}
		relay := outbox.New(outbox.Config{}, store, &slowBroker{}, queuetest.Types().Queues(), slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { _ = relay.Run(ctx) })
		<-time.After(10 * time.Millisecond) // off the polls
		commit := func(id int64) {
			store.add(id)
			relay.Announce(orders(id))
		}
		state := func(what string, deletes, left int) {
			t.Helper()
			synctest.Wait()
			rows := store.left()
			store.mu.Lock()
			defer store.mu.Unlock()
			if store.deletes != deletes || rows != left {
				t.Errorf("%s: %d statements, %d rows left; want %d, %d", what, store.deletes, rows, deletes, left)
			}
		}
		commit(1)
		<-time.After(99 * time.Millisecond)
		state("not confirmed yet", 0, 1)
		<-time.After(time.Millisecond)
		state("one alone", 1, 0)
		for id := range int64(5) {
			commit(id + 2)
			<-time.After(10 * time.Millisecond)
		}
		<-time.After(50 * time.Millisecond)
		state("the first of five", 2, 4)
		<-time.After(100 * time.Millisecond)
		state("those that came meanwhile", 3, 0)
		cancel()
		running.Wait()
	})
}
