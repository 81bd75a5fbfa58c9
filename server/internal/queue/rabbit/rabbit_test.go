package rabbit

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	amqp "github.com/rabbitmq/amqp091-go"

	"oalab/internal/deadport"
	"oalab/server/internal/job"
	"oalab/server/internal/queue"
	"oalab/server/internal/queue/queuetest"
)

// TestBrokerAway needs no broker: everything says so, in time, and nothing hangs.
func TestBrokerAway(t *testing.T) {
	log := &lockedText{}
	q, err := New(Config{URL: "amqp://u:hunter2@" + deadport.Addr(t) + "/", Prefix: "oalab.", Timeout: 100 * time.Millisecond}, queuetest.Types().Queues(),
		slog.New(slog.NewTextHandler(log, nil)), nil)
	if err != nil {
		t.Fatal(err)
	}
	err = q.Publish(t.Context(), queuetest.Job(queuetest.KindOrder, 1))
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "refused") {
		t.Errorf("publish: %v, want the end of its time and the reason", err)
	}
	if err := q.Ready(t.Context()); err == nil {
		t.Error("it is ready")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := q.Receive(ctx, queuetest.QueueOrders); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("receive: %v", err)
	}
	if _, err := q.Figures(ctx, queuetest.QueueOrders); err == nil {
		t.Error("it has figures")
	}
	if err := q.Drain(t.Context()); err != nil {
		t.Errorf("drain: %v", err)
	}
	q.Close()
	q.Close()
	if err := q.Publish(t.Context(), queuetest.Job(queuetest.KindOrder, 1)); !errors.Is(err, queue.ErrClosed) {
		t.Errorf("publish after the end: %v", err)
	}
	if _, err := q.Receive(t.Context(), queuetest.QueueOrders); !errors.Is(err, queue.ErrClosed) {
		t.Errorf("receive after the end: %v", err)
	}
	if strings.Contains(log.String(), "hunter2") {
		t.Errorf("the log shows the password:\n%s", log)
	}
}

func TestUnknownQueue(t *testing.T) {
	r := newRig(t, nil)
	if err := r.Publish(t.Context(), job.Envelope{Key: "gift:1", Kind: "gift", Queue: "gifts"}); err == nil {
		t.Error("a job of an unknown queue was taken")
	}
	if _, err := r.Receive(t.Context(), "gifts"); err == nil {
		t.Error("an unknown queue gave something out")
	}
}

// TestPoison: what cannot be read goes to the dead letters and holds up nothing.
func TestPoison(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Prefetch = map[string]int{queuetest.QueueOrders: 1} })
	r.publish(queuetest.KindTell, 0) // so that the queues are there
	for _, body := range []string{"", "\xff\x00", `{"kind":"order"}`} {
		r.put(queuetest.QueueOrders, body, amqp.Table{attemptHeader: "many"})
	}
	r.publish(queuetest.KindOrder, 1)
	d := r.receive(queuetest.QueueOrders)
	if d.Envelope().Key != "order:1" {
		t.Errorf("%s came", d.Envelope().Key)
	}
	if err := errors.Join(d.Ack(t.Context()), r.receive(queuetest.QueueTells).Ack(t.Context())); err != nil {
		t.Error(err)
	}
	for range 3 {
		if reason, _ := r.take(queuetest.QueueOrders + ".dead").Headers[reasonHeader].(string); !strings.Contains(reason, "read message") {
			t.Errorf("dead for the reason %q", reason)
		}
	}
	r.empty()
}

func TestDeadLetterKeepsItsReason(t *testing.T) {
	r := newRig(t, nil)
	r.publish(queuetest.KindOrder, 1)
	if err := r.receive(queuetest.QueueOrders).Nack(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if err := r.receive(queuetest.QueueOrders).Bury(t.Context(), strings.Repeat("x", 200_000)); err != nil {
		t.Fatal(err)
	}
	r.until("one dead letter", func() bool { return r.figures(queuetest.QueueOrders).Dead == 1 })
	dead := r.take(queuetest.QueueOrders + ".dead")
	reason, _ := dead.Headers[reasonHeader].(string)
	if env, err := parse(queuetest.QueueOrders, dead.Body); err != nil || env.Key != "order:1" || len(reason) != maxReason ||
		attempts(dead.Headers) != 2 || dead.DeliveryMode != amqp.Persistent || dead.MessageId != "order:1" {
		t.Errorf("the dead letter is %+v (%v)", dead, err)
	}
}

func TestRemove(t *testing.T) {
	r := newRig(t, nil)
	r.publish(queuetest.KindOrder, 1)
	if err := r.Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := r.Publish(t.Context(), queuetest.Job(queuetest.KindOrder, 2)); !errors.Is(err, errNoQueue) {
		t.Errorf("publish to queues that are gone: %v", err)
	}
	r.publish(queuetest.KindOrder, 3)
	if f := r.figures(queuetest.QueueOrders); f.Depth != 1 {
		t.Errorf("made again they hold %+v, want the new job", f)
	}
}

func TestUnroutable(t *testing.T) {
	r := newRig(t, nil)
	r.publish(queuetest.KindTell, 1)
	if err := r.Ready(t.Context()); err != nil { // the queues are not being made meanwhile
		r.until("it is ready", func() bool { return r.Ready(t.Context()) == nil })
	}
	if _, err := r.channel().QueueDelete(r.cfg.Prefix+queuetest.QueueTells, false, false, false); err != nil {
		t.Fatal(err)
	}
	if err := r.Publish(t.Context(), queuetest.Job(queuetest.KindTell, 2)); !errors.Is(err, errNoQueue) {
		t.Errorf("publish to a queue that is gone: %v", err)
	}
	r.publish(queuetest.KindTell, 3) // it is there again
	if _, err := r.channel().QueueDelete(r.cfg.Prefix+queuetest.QueueTells, false, false, false); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	taken := map[job.Kind]int{}
	// Together with others that can be routed. While the queue is being made again
	// the broker may also refuse what it routed there; both are told to the caller.
	for i := range 20 {
		all.Go(func() {
			kind := []job.Kind{queuetest.KindTell, queuetest.KindOrder}[i%2]
			err := r.Publish(t.Context(), queuetest.Job(kind, i))
			switch {
			case err == nil:
				mu.Lock()
				taken[kind]++
				mu.Unlock()
			case kind == queuetest.KindOrder || !errors.Is(err, errNoQueue) && !errors.Is(err, errRefused):
				t.Errorf("publish a job of kind %s: %v", kind, err)
			}
		})
	}
	all.Wait()
	if orders, tells := r.figures(queuetest.QueueOrders).Depth, r.figures(queuetest.QueueTells).Depth; orders != 10 || tells != taken[queuetest.KindTell] {
		t.Errorf("%d orders and %d tells; want 10, and the %d that were confirmed", orders, tells, taken[queuetest.KindTell])
	}
}

// TestConsumerComesBack: a queue deleted under its consumer is made again.
func TestConsumerComesBack(t *testing.T) {
	r := newRig(t, nil)
	r.publish(queuetest.KindTell, 1)
	if err := r.receive(queuetest.QueueTells).Ack(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := r.channel().QueueDelete(r.cfg.Prefix+queuetest.QueueTells, false, false, false); err != nil {
		t.Fatal(err)
	}
	r.until("it is published again", func() bool { return r.Publish(t.Context(), queuetest.Job(queuetest.KindTell, 2)) == nil })
	if d := r.receive(queuetest.QueueTells); d.Envelope().Key != "tell:2" {
		t.Errorf("%s came", d.Envelope().Key)
	}
}

// TestNoLimitOfDeliveries: the broker's own limit of 20 does not drop a job.
func TestNoLimitOfDeliveries(t *testing.T) {
	const times = 25
	r := newRig(t, nil)
	r.publish(queuetest.KindOrder, 1)
	ch := r.channel()
	for range times {
		r.until("it is there", func() bool {
			d, ok, err := ch.Get(r.cfg.Prefix+queuetest.QueueOrders, false)
			if err != nil {
				t.Fatal(err)
			}
			return ok && d.Reject(true) == nil
		})
	}
	if d := r.receive(queuetest.QueueOrders); d.Attempt() != times+1 {
		t.Errorf("attempt %d, want %d", d.Attempt(), times+1)
	}
}

// TestLongDelay: a delay that is longer than a delivery may be held goes through
// the queue several times.
func TestLongDelay(t *testing.T) {
	const delay = 250 * time.Millisecond
	r := newRig(t, func(c *Config) { c.hold = 60 * time.Millisecond })
	r.publish(queuetest.KindOrder, 1)
	d := r.receive(queuetest.QueueOrders)
	start := time.Now()
	if err := d.Nack(t.Context(), delay); err != nil {
		t.Fatal(err)
	}
	d = r.receive(queuetest.QueueOrders)
	if waited := time.Since(start); waited < delay || d.Attempt() != 2 {
		t.Errorf("attempt %d came after %s", d.Attempt(), waited)
	}
	if err := d.Ack(t.Context()); err != nil {
		t.Error(err)
	}
	r.empty()
}

// TestBlocked: a broker short of disk takes nothing, but gives out and hears
// acknowledgements. What its notice does is tested here, without an alarm.
func TestBlocked(t *testing.T) {
	r := newRig(t, nil)
	r.publish(queuetest.KindOrder, 1)
	p, err := r.publishing.get()
	if err != nil {
		t.Fatal(err)
	}
	p.block(amqp.Blocking{Active: true, Reason: "low on disk"})
	p.block(amqp.Blocking{Active: true, Reason: "low on disk"})
	short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := r.Publish(short, queuetest.Job(queuetest.KindOrder, 2)); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "low on disk") {
		t.Errorf("publish: %v", err)
	}
	if err := r.Ready(t.Context()); err == nil || !strings.Contains(err.Error(), "low on disk") {
		t.Errorf("ready: %v", err)
	}
	const delay = 50 * time.Millisecond
	for attempt := 1; attempt <= 3; attempt++ { // it stays here, and its attempts count
		d := r.receive(queuetest.QueueOrders)
		if d.Attempt() != attempt {
			t.Errorf("attempt %d, want %d", d.Attempt(), attempt)
		}
		start := time.Now()
		if attempt == 3 {
			if err := d.Ack(t.Context()); err != nil {
				t.Error(err)
			}
			break
		}
		if err := d.Nack(t.Context(), delay); err != nil {
			t.Fatal(err)
		}
		if f := r.figures(queuetest.QueueOrders); f.Depth != 1 && time.Since(start) < delay {
			t.Errorf("a job that waits here shows as %+v", f)
		}
		r.until("its delay is over", func() bool { return time.Since(start) >= delay || r.figures(queuetest.QueueOrders).Depth == 1 })
	}
	p.block(amqp.Blocking{Active: false})
	r.publish(queuetest.KindOrder, 3)
	if err := r.receive(queuetest.QueueOrders).Ack(t.Context()); err != nil {
		t.Error(err)
	}
	r.empty()
}

// TestDrain: what was not received goes to another server at once and is not
// counted as an attempt; what was received is waited for.
func TestDrain(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Prefetch = map[string]int{queuetest.QueueOrders: 3} })
	for i := range 4 {
		r.publish(queuetest.KindOrder, i)
	}
	first, delayed := r.receive(queuetest.QueueOrders), r.receive(queuetest.QueueOrders)
	if err := delayed.Nack(t.Context(), 200*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	r.until("it has all that it may have", func() bool {
		f := r.lines[queuetest.QueueOrders].figures()
		return f.Depth == 3 && f.InFlight == 1 // two not received, one that waits
	})
	drained := make(chan error, 1)
	go func() { drained <- r.Drain(t.Context()) }()
	<-r.draining
	if _, err := r.Receive(t.Context(), queuetest.QueueOrders); !errors.Is(err, queue.ErrClosed) {
		t.Errorf("receive: %v", err)
	}
	other, err := New(r.cfg, queuetest.Types().Queues(), slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	for range 3 {
		d, err := other.Receive(t.Context(), queuetest.QueueOrders)
		if err != nil {
			t.Fatal(err)
		}
		want := 1
		if d.Envelope().Key == delayed.Envelope().Key {
			want = 2
		}
		if d.Attempt() != want {
			t.Errorf("%s came as attempt %d, want %d", d.Envelope().Key, d.Attempt(), want)
		}
		if err := d.Ack(t.Context()); err != nil {
			t.Error(err)
		}
	}
	select {
	case err := <-drained:
		t.Errorf("drained (%v) while a job is unsettled", err)
	default:
	}
	short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := r.Drain(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("an impatient drain: %v", err)
	}
	if err := first.Ack(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-drained; err != nil {
		t.Error(err)
	}
	r.publish(queuetest.KindOrder, 9) // publishing goes on
	d, err := other.Receive(t.Context(), queuetest.QueueOrders)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Ack(t.Context()); err != nil {
		t.Error(err)
	}
	r.empty()
}

func TestMetrics(t *testing.T) {
	r := newRig(t, nil)
	reg := prometheus.NewRegistry()
	q, err := New(r.cfg, queuetest.Types().Queues(), slog.New(slog.DiscardHandler), reg)
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	r.publish(queuetest.KindOrder, 1)
	read := func() map[string]float64 {
		families, err := reg.Gather()
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]float64{}
		for _, f := range families {
			for _, m := range f.GetMetric() {
				got[f.GetName()+" "+m.GetLabel()[0].GetValue()] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
			}
		}
		return got
	}
	r.until("the metrics say what there is", func() bool {
		got := read()
		return len(got) == 7 && got["oalab_queue_depth orders"] == 1 && got["oalab_queue_depth tells"] == 0 &&
			got["oalab_broker_up publish"] == 1 && got["oalab_broker_up work"] == 1 &&
			got["oalab_broker_connections_total publish"] == 1 && got["oalab_broker_connections_total work"] == 1
	})
	q.Close()
	if got := read(); got["oalab_queue_depth orders"] != -1 || got["oalab_broker_up work"] != 0 {
		t.Errorf("without a broker: %v", got)
	}
}
