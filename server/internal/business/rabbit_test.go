package business_test

import (
	"context"
	"crypto/rand"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"oalab/server/internal/business"
	"oalab/server/internal/outbox"
	"oalab/server/internal/queue/rabbit"
)

// TestBacklogAtRabbitMQ is TestBacklog at a real broker, with sweep_after at its default:
// 20 000 orders behind a stopped worker are published once. After the broker has lost its
// data all of them are published again, once.
func TestBacklogAtRabbitMQ(t *testing.T) {
	address := os.Getenv("OALAB_TEST_AMQP_URL")
	if address == "" {
		const remedy = "no RabbitMQ here: the backlog at a broker is not tested. Remedy: start RabbitMQ 4 and set " +
			"OALAB_TEST_AMQP_URL=amqp://user:password@host:5672/"
		if slices.Contains(strings.Split(os.Getenv("OALAB_REQUIRE"), ","), "docker") {
			t.Fatal(remedy)
		}
		t.Skip("SKIPPED: " + remedy)
	}
	orders := 20_000
	if raceDetector { // SQLite takes ten times as long there; the same code runs without it
		orders = 1000
	}
	w := newWorld(t)
	log := slog.New(slog.DiscardHandler)
	q, err := rabbit.New(rabbit.Config{URL: address, Prefix: "oalab-test." + rand.Text()[:12] + "."}, business.JobTypes(business.Places{}).Queues(), log, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 20*time.Second)
		defer cancel()
		if err := q.Remove(ctx); err != nil {
			t.Error(err)
		}
	}()
	p := &process{t: t, world: w, tap: &tap{}, db: openDB(t, w.path)}
	defer p.db.close(t)
	relay := outbox.New(outbox.Config{}, p.db, q, business.JobTypes(business.Places{}).Queues(), log)
	p.db.engine.OnOutbox(relay.Announce)
	cfg := defaults()
	after, retryMax := cfg.SweepAfter, cfg.RetryMax
	cfg.Tells, cfg.Holding = q, q
	p.service, err = business.New(cfg, p.db.all(), &fakeCarrier{world: w, tap: p.tap}, &fakePlatform{world: w, tap: p.tap}, log, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.service.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	p.running.Go(func() { _ = relay.Run(ctx) })
	p.running.Go(func() { _ = p.service.Sweep(ctx) })
	defer p.running.Wait()
	defer stop()
	waiting := func() int {
		n, err := q.Waiting(t.Context(), "orders")
		if err != nil {
			return -1
		}
		return n
	}
	stored := func() int {
		jobs, _ := p.db.backlog(t)
		return jobs
	}
	patiently := func(what string, ok func() bool) {
		t.Helper()
		for deadline := time.Now().Add(3 * time.Minute); !ok(); time.Sleep(50 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("in vain: %s; %d wait at the broker, %d rows", what, waiting(), stored())
			}
		}
	}
	patiently("the broker is there", func() bool { return waiting() == 0 })
	p.accept(orders)
	patiently("all are at the broker", func() bool { return stored() == 0 && waiting() >= orders })
	for range 4 { // sweeps that all orders are old enough for
		from := time.Now()
		patiently("time passes", func() bool { return time.Since(from) > after/2 })
		if n := waiting(); n != orders {
			t.Fatalf("%d jobs at the broker for %d orders: %d were published twice", n, orders, n-orders)
		}
	}
	if err := q.Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	patiently("all are published again", func() bool { return stored() == 0 && waiting() >= orders })
	from := time.Now()
	patiently("time passes", func() bool { return time.Since(from) > after+retryMax })
	if n := waiting(); n != orders {
		t.Errorf("%d jobs at the broker for %d orders whose jobs were lost", n, orders)
	}
}
