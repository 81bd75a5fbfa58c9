package memqueue_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"oalab/server/internal/job"
	"oalab/server/internal/queue"
	"oalab/server/internal/queue/memqueue"
	"oalab/server/internal/queue/queuetest"
)

func newQueue(t testing.TB, cfg memqueue.Config) *memqueue.Queue {
	t.Helper()
	q, err := memqueue.New(cfg, queuetest.Types().Queues(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(q.Close)
	return q
}

func TestBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, memqueue.Config{Bound: 2})
		for i := range 2 {
			if err := q.Publish(t.Context(), queuetest.Job(queuetest.KindOrder, i)); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := q.Publish(ctx, queuetest.Job(queuetest.KindOrder, 3)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("publishing to a full queue: %v", err)
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := q.Publish(t.Context(), queuetest.Job(queuetest.KindOrder, 4)); err != nil {
				t.Error(err)
			}
		})
		d, err := q.Receive(t.Context(), queuetest.QueueOrders)
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if f := q.Figures(queuetest.QueueOrders); f.Depth != 1 || f.InFlight != 1 {
			t.Errorf("while one job is out: %+v", f) // it keeps its place: it may come back
		}
		if err := d.Ack(t.Context()); err != nil {
			t.Fatal(err)
		}
		wg.Wait()
		if f := q.Figures(queuetest.QueueOrders); f.Depth != 2 || f.InFlight != 0 {
			t.Errorf("at the end: %+v", f)
		}
	})
}

func TestDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, memqueue.Config{})
		if err := q.Publish(t.Context(), queuetest.Job(queuetest.KindOrder, 1)); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		for _, delay := range []time.Duration{time.Minute, 0, time.Second} {
			d, err := q.Receive(t.Context(), queuetest.QueueOrders)
			if err != nil {
				t.Fatal(err)
			}
			if err := d.Nack(t.Context(), delay); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := q.Receive(t.Context(), queuetest.QueueOrders); err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(start); waited != time.Minute+time.Second {
			t.Errorf("waited %s, want 1m1s", waited)
		}
	})
}

func TestDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, memqueue.Config{})
		if err := q.Publish(t.Context(), queuetest.Job(queuetest.KindOrder, 1)); err != nil {
			t.Fatal(err)
		}
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := q.Drain(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("draining a queue that no worker works at: %v", err)
		}
		if err := q.Publish(t.Context(), queuetest.Job(queuetest.KindOrder, 2)); !errors.Is(err, queue.ErrClosed) {
			t.Errorf("publishing to a draining queue: %v", err)
		}
		d, err := q.Receive(t.Context(), queuetest.QueueOrders)
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := q.Drain(t.Context()); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		if err := d.Nack(t.Context(), time.Minute); err != nil { // it may still be retried
			t.Fatal(err)
		}
		if d, err = q.Receive(t.Context(), queuetest.QueueOrders); err != nil {
			t.Fatal(err)
		}
		if err := d.Ack(t.Context()); err != nil {
			t.Fatal(err)
		}
		wg.Wait()
	})
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, memqueue.Config{Bound: 1})
		if err := q.Publish(t.Context(), queuetest.Job(queuetest.KindOrder, 1)); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := q.Receive(t.Context(), queuetest.QueueTells); !errors.Is(err, queue.ErrClosed) {
				t.Errorf("a waiting receiver: %v", err)
			}
		})
		wg.Go(func() {
			if err := q.Publish(t.Context(), queuetest.Job(queuetest.KindOrder, 2)); !errors.Is(err, queue.ErrClosed) {
				t.Errorf("a waiting publisher: %v", err)
			}
		})
		synctest.Wait()
		q.Close()
		q.Close()
		wg.Wait()
		if _, err := q.Receive(t.Context(), queuetest.QueueOrders); !errors.Is(err, queue.ErrClosed) {
			t.Errorf("receiving from a closed queue: %v", err)
		}
	})
}

func TestUnknownQueue(t *testing.T) {
	q := newQueue(t, memqueue.Config{})
	if err := q.Publish(t.Context(), job.Envelope{Kind: "gift", Queue: "gifts"}); err == nil {
		t.Error("a job of an unknown queue was taken")
	}
	if _, err := q.Receive(t.Context(), "gifts"); err == nil {
		t.Error("an unknown queue gave something out")
	}
}

func TestDeadLettersAreBounded(t *testing.T) {
	q := newQueue(t, memqueue.Config{Dead: 2})
	for i := range 3 {
		if err := q.Publish(t.Context(), queuetest.Job(queuetest.KindOrder, i)); err != nil {
			t.Fatal(err)
		}
		d, err := q.Receive(t.Context(), queuetest.QueueOrders)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Bury(t.Context(), "reason"); err != nil {
			t.Fatal(err)
		}
	}
	dead := q.Dead(queuetest.QueueOrders)
	if len(dead) != 2 || dead[0].Envelope.Key != "order:1" || dead[1].Reason != "reason" || q.Figures(queuetest.QueueOrders).Dead != 3 {
		t.Errorf("dead letters: %+v, figures %+v", dead, q.Figures(queuetest.QueueOrders))
	}
}

func TestDepthMetric(t *testing.T) {
	reg := prometheus.NewRegistry()
	q, err := memqueue.New(memqueue.Config{}, queuetest.Types().Queues(), reg)
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	families, err := reg.Gather()
	if err != nil || len(families) != 1 || families[0].GetName() != "oalab_queue_depth" || len(families[0].GetMetric()) != len(queuetest.Types().Queues()) {
		t.Errorf("at the start: %v (%v), want oalab_queue_depth for each queue", families, err)
	}
}

func BenchmarkPublishAck(b *testing.B) {
	q := newQueue(b, memqueue.Config{})
	env := queuetest.Job(queuetest.KindOrder, 1)
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		if err := q.Publish(ctx, env); err != nil {
			b.Fatal(err)
		}
		d, err := q.Receive(ctx, queuetest.QueueOrders)
		if err != nil {
			b.Fatal(err)
		}
		if err := d.Ack(ctx); err != nil {
			b.Fatal(err)
		}
	}
}
