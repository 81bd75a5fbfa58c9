package worker_test

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"oalab/server/internal/job"
	"oalab/server/internal/queue"
	"oalab/server/internal/queue/memqueue"
	"oalab/server/internal/queue/queuetest"
	"oalab/server/internal/worker"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type bench struct {
	t     *testing.T
	queue *memqueue.Queue
	work  *worker.Worker
	reg   *prometheus.Registry
}

// start runs workers for orders; it is called inside a synctest bubble.
func start(t *testing.T, cfg worker.Config, h handler) *bench {
	t.Helper()
	return startWith(t, cfg, job.Catalogue{orders(1, h)}, func(q *memqueue.Queue) queue.Consumer { return q })
}

type handler = func(context.Context, job.Envelope) error

// orders are jobs of orders.
func orders(places int, h handler) job.Type {
	return job.Type{Kind: queuetest.KindOrder, Queue: queuetest.QueueOrders, Places: places, Handle: h}
}

// startWith puts something between the worker and the queue.
func startWith(t *testing.T, cfg worker.Config, types job.Catalogue, wrap func(*memqueue.Queue) queue.Consumer) *bench {
	t.Helper()
	cfg = worker.Config{
		MaxAttempts: cmp.Or(cfg.MaxAttempts, 60), RetryBase: cmp.Or(cfg.RetryBase, 200*time.Millisecond), RetryMax: cmp.Or(cfg.RetryMax, 2*time.Second),
	}
	b := &bench{t: t, reg: prometheus.NewRegistry()}
	var err error
	if b.queue, err = memqueue.New(memqueue.Config{}, queuetest.Types().Queues(), nil); err != nil {
		t.Fatal(err)
	}
	if b.work, err = worker.New(cfg, wrap(b.queue), types, slog.New(slog.DiscardHandler), b.reg); err != nil {
		t.Fatal(err)
	}
	b.work.Start()
	return b
}

func (b *bench) publish(n int) {
	b.t.Helper()
	if err := b.queue.Publish(b.t.Context(), queuetest.Job(queuetest.KindOrder, n)); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) stop() {
	b.t.Helper()
	if err := b.work.Stop(b.t.Context()); err != nil {
		b.t.Error(err)
	}
	b.queue.Close()
}

// count reads oalab_jobs_total of the orders by result.
func (b *bench) count(result string) float64 {
	b.t.Helper()
	families, err := b.reg.Gather()
	if err != nil {
		b.t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != "oalab_jobs_total" {
			continue
		}
		for _, m := range f.GetMetric() {
			labels := map[string]string{}
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			if labels["queue"] == queuetest.QueueOrders && labels["result"] == result {
				return m.GetCounter().GetValue()
			}
		}
	}
	b.t.Fatalf("no series for result %s", result)
	return 0
}

func TestRetries(t *testing.T) {
	tests := []struct {
		name     string
		handler  func(call int) error
		attempts int
		min, max time.Duration // until the end
		dead     bool
	}{
		{"done at once", func(int) error { return nil }, 1, 0, 0, false},
		{
			"a plain error is retried", func(n int) error { return map[bool]error{true: errors.New("x")}[n < 4] },
			4, (100 + 200 + 400) * time.Millisecond, (200 + 400 + 800) * time.Millisecond, false,
		},
		{"a panic is a failed attempt", func(n int) error {
			if n == 1 {
				panic("boom")
			}
			return nil
		}, 2, 100 * time.Millisecond, 200 * time.Millisecond, false},
		{
			"the handler's own delay", func(n int) error {
				return map[bool]error{true: job.RetryAfter(time.Minute, errors.New("x"))}[n < 3]
			},
			3, 2 * time.Minute, 2 * time.Minute, false,
		},
		{"giving up", func(int) error { return job.GiveUp(errors.New("x")) }, 1, 0, 0, true},
		{"too many attempts", func(int) error { return job.Retry(errors.New("x")) }, 5, 1500 * time.Millisecond / 2, 3 * time.Second, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var calls atomic.Int64
				var last atomic.Pointer[time.Time]
				b := start(t, worker.Config{MaxAttempts: 5, RetryBase: 200 * time.Millisecond, RetryMax: 2 * time.Second},
					func(_ context.Context, env job.Envelope) error {
						now := time.Now()
						last.Store(&now)
						n := int(calls.Add(1))
						if env.Again != (n > 1) {
							t.Errorf("attempt %d is told that it comes again: %t", n, env.Again)
						}
						return tt.handler(n)
					})
				begin := time.Now()
				b.publish(1)
				<-time.After(time.Hour)
				b.stop()
				if took := last.Load().Sub(begin); took < tt.min || took > tt.max {
					t.Errorf("the last attempt came after %s, want %s to %s", took, tt.min, tt.max)
				}
				if int(calls.Load()) != tt.attempts {
					t.Errorf("%d attempts, want %d", calls.Load(), tt.attempts)
				}
				f := b.queue.Figures(queuetest.QueueOrders)
				if f.Depth != 0 || f.InFlight != 0 || (f.Dead == 1) != tt.dead {
					t.Errorf("the queue holds %+v; dead wanted: %t", f, tt.dead)
				}
				ends := b.count("done") + b.count("dead")
				if ends != 1 || b.count("retried") != float64(tt.attempts-1) {
					t.Errorf("counted %v ends and %v retries", ends, b.count("retried"))
				}
			})
		})
	}
}

func TestPoison(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, worker.Config{}, func(context.Context, job.Envelope) error { return nil })
		env := queuetest.Job(queuetest.KindTell, 1)
		env.Queue = queuetest.QueueOrders // which has no handler for it
		if err := b.queue.Publish(t.Context(), env); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Minute)
		if dead := b.queue.Dead(queuetest.QueueOrders); len(dead) != 1 || dead[0].Attempt != 1 {
			t.Errorf("dead letters %+v, want it after one attempt", dead)
		}
		b.stop()
	})
}

// lastChance gives out one delivery whose attempts before had no end.
type lastChance struct {
	queue.Delivery
	given  bool
	buried chan string
}

func (l *lastChance) Receive(ctx context.Context, _ string) (queue.Delivery, error) {
	if !l.given {
		l.given = true
		return l, nil
	}
	<-ctx.Done()
	return nil, ctx.Err()
}

func (l *lastChance) Envelope() job.Envelope { return queuetest.Job(queuetest.KindOrder, 1) }

func (l *lastChance) Attempt() int { return 6 }

func (l *lastChance) Bury(_ context.Context, reason string) error { l.buried <- reason; return nil }

// TestDeadlyJob: a job in whose attempts the process died is not tried for ever.
func TestDeadlyJob(t *testing.T) {
	from := &lastChance{buried: make(chan string, 1)}
	w, err := worker.New(worker.Config{MaxAttempts: 5, RetryBase: time.Second, RetryMax: time.Second}, from, job.Catalogue{orders(1, func(context.Context, job.Envelope) error {
		t.Error("the handler was called")
		return nil
	})}, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatal(err)
	}
	w.Start()
	if reason := <-from.buried; reason != "given up: 5 attempts had no end" {
		t.Errorf("buried because of %q", reason)
	}
	if err := w.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestConcurrency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		running, most := 0, 0
		slow := func(ctx context.Context, _ job.Envelope) error {
			mu.Lock()
			running++
			most = max(most, running)
			mu.Unlock()
			<-time.After(time.Second)
			mu.Lock()
			running--
			mu.Unlock()
			return ctx.Err()
		}
		b := startWith(t, worker.Config{}, job.Catalogue{orders(3, slow)}, func(q *memqueue.Queue) queue.Consumer { return q })
		for i := range 9 {
			b.publish(i)
		}
		<-time.After(3*time.Second + time.Millisecond)
		if f := b.queue.Figures(queuetest.QueueOrders); f.Depth+f.InFlight != 0 {
			t.Errorf("after three rounds: %+v", f)
		}
		b.stop()
		if most != 3 {
			t.Errorf("%d handlers at once, want 3", most)
		}
	})
}

func TestSoftAndHardStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := func(ctx context.Context, _ job.Envelope) error {
			select {
			case <-time.After(10 * time.Second):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		b := start(t, worker.Config{}, slow)
		b.publish(1)
		b.publish(2)
		synctest.Wait()
		begin := time.Now()
		b.stop() // soft: the running one ends, the other one stays
		if took := time.Since(begin); took != 10*time.Second {
			t.Errorf("the soft stop took %s", took)
		}
		if f := b.queue.Figures(queuetest.QueueOrders); f.Depth != 1 || b.count("done") != 1 {
			t.Errorf("after the soft stop: %+v, %v done", f, b.count("done"))
		}

		b = start(t, worker.Config{}, slow)
		b.publish(1)
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin = time.Now()
		if err := b.work.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the hard stop returned %v", err)
		}
		if took := time.Since(begin); took != time.Second {
			t.Errorf("the hard stop took %s", took)
		}
		if f := b.queue.Figures(queuetest.QueueOrders); f.Depth != 1 {
			t.Errorf("after the hard stop: %+v, want the job given back", f)
		}
		b.queue.Close()
	})
}
