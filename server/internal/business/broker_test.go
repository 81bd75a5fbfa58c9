package business_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/server/internal/business"
	"oalab/server/internal/job"
	"oalab/server/internal/queue"
)

// broker is a queue that outlives the processes: it keeps what it has confirmed, and
// delivers again what a process had that died.
type broker struct {
	mu      sync.Mutex
	away    bool
	ready   map[string][]*brokered
	flying  map[*brokered]bool
	took    []job.Envelope
	waiting int // for another attempt
	looked  int // questions for what waits
	dead    map[string]int
}

type brokered struct {
	env     job.Envelope
	attempt int
}

func newBroker() *broker {
	return &broker{ready: map[string][]*brokered{}, flying: map[*brokered]bool{}, dead: map[string]int{}}
}

func (b *broker) put(m *brokered) {
	b.ready[m.env.Queue] = append(b.ready[m.env.Queue], m)
}

// lose takes back what a dead process had.
func (b *broker) lose() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for m := range b.flying {
		m.attempt++
		b.put(m)
	}
	clear(b.flying)
}

func (b *broker) held() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := len(b.flying) + b.waiting
	for _, ms := range b.ready {
		n += len(ms)
	}
	return n
}

// brokerLink is the broker as one process reaches it.
type brokerLink struct {
	*broker
	tap *tap
}

func (l *brokerLink) Publish(_ context.Context, env job.Envelope) error {
	return l.tap.run(func() error {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.away {
			return errors.New("the broker is away")
		}
		l.took = append(l.took, env)
		l.put(&brokered{env: env, attempt: 1})
		return nil
	})
}

func (l *brokerLink) Receive(ctx context.Context, name string) (queue.Delivery, error) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		l.mu.Lock()
		if ms := l.ready[name]; len(ms) > 0 && !l.tap.dead.Load() {
			l.ready[name] = ms[1:]
			l.flying[ms[0]] = true
			l.mu.Unlock()
			return &brokerDelivery{ms[0], l}, nil
		}
		l.mu.Unlock()
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-tick.C:
		}
	}
}

// Waiting counts what no process was given.
func (l *brokerLink) Waiting(_ context.Context, name string) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.away {
		return 0, errors.New("the broker is away")
	}
	l.looked++
	return len(l.ready[name]), nil
}

type brokerDelivery struct {
	*brokered
	link *brokerLink
}

func (d *brokerDelivery) Envelope() job.Envelope { return d.env }
func (d *brokerDelivery) Attempt() int           { return d.attempt }

func (d *brokerDelivery) settle(then func()) error {
	return d.link.tap.run(func() error {
		d.link.mu.Lock()
		defer d.link.mu.Unlock()
		if d.link.flying[d.brokered] {
			delete(d.link.flying, d.brokered)
			then()
		}
		return nil
	})
}

func (d *brokerDelivery) Ack(context.Context) error { return d.settle(func() {}) }
func (d *brokerDelivery) Bury(context.Context, string) error {
	return d.settle(func() { d.link.dead[d.env.Queue]++ })
}

func (d *brokerDelivery) Postpone(ctx context.Context, delay time.Duration) error {
	d.attempt = max(0, d.attempt-2)
	return d.Nack(ctx, delay)
}

func (d *brokerDelivery) Nack(_ context.Context, delay time.Duration) error {
	return d.settle(func() {
		d.attempt++
		d.link.waiting++
		time.AfterFunc(delay, func() {
			d.link.mu.Lock()
			defer d.link.mu.Unlock()
			d.link.waiting--
			d.link.put(d.brokered)
		})
	})
}

// TestBrokerAway: while the broker is away when an order ends, the job that tells it
// waits in the outbox.
func TestBrokerAway(t *testing.T) {
	w := newWorld(t)
	w.broker = newBroker()
	setAway := func(away bool) {
		w.broker.mu.Lock()
		defer w.broker.mu.Unlock()
		w.broker.away = away
	}
	w.onOrder = func(_ int, _ string, apply func()) error {
		setAway(true)
		apply()
		return nil
	}
	p := w.start(t, options{})
	defer p.stop()
	p.mustAnswer("m1", "KT10")
	until(t, "the order's job has ended, and its telling waits in the outbox", func() bool {
		rows, err := p.db.PendingJobs(t.Context(), "tells", 0, 10)
		return err == nil && len(rows) == 1 && w.broker.held() == 0
	})
	if distinct, _, _ := w.tellings(); distinct != 0 {
		t.Error("it was told while the broker was away")
	}
	setAway(false)
	until(t, "everything is settled", p.settled)
	if distinct, _, _ := w.tellings(); distinct != 1 || w.effects() != 1 {
		t.Errorf("told %d times, applied %d times; want once each", distinct, w.effects())
	}
}

// TestToldOnceUnlessKilled: a job that comes again reads whether its order is told before
// it tells; one that comes first does not.
func TestToldOnceUnlessKilled(t *testing.T) {
	w := newWorld(t)
	w.broker = newBroker()
	p := w.start(t, options{})
	defer p.stop()
	p.mustAnswer("m1", "KT10")
	until(t, "everything is settled", p.settled)
	for _, env := range w.broker.took {
		env.Again = true
		if err := handle(t, p.service, env); err != nil {
			t.Errorf("%s again: %v", env.Key, err)
		}
	}
	if len(w.broker.took) != 2 || w.tells != 1 || w.effects() != 1 {
		t.Errorf("%d jobs, sent %d template messages, applied %d times; want 2, 1, 1", len(w.broker.took), w.tells, w.effects())
	}
}

// counted notes how many statements each step took.
type counted struct {
	db    *stores
	last  int64
	steps map[string]int64
}

func (c *counted) step(name string) {
	now := c.db.engine.Statements()
	c.steps[name] += now - c.last
	c.last = now
}

// TestStatementsOfAnOrder holds what an order that comes alone costs the database
// (PERF-1). A number that grows needs a reason; orders that come together share what is
// only noted of them (TestNotesShareStatements).
func TestStatementsOfAnOrder(t *testing.T) {
	const (
		accept  = "accept: reply, order, job"
		confirm = "confirm: the job's row goes"
		claim   = "claim"
		finish  = "finish"
		settle  = "settle: the job's row goes"
		tell    = "tell"
		told    = "settle: the telling's row goes"
	)
	for name, tt := range map[string]struct {
		broker bool
		want   map[string]int64
	}{
		"over a broker": {broker: true, want: map[string]int64{accept: 3, confirm: 1, claim: 1, finish: 1, tell: 1}},
		"in a process":  {want: map[string]int64{accept: 3, claim: 1, finish: 2, settle: 1, tell: 1, told: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			db := openDB(t, w.path)
			defer db.close(t)
			c := &counted{db: db, steps: map[string]int64{}}
			w.onOrder = func(_ int, _ string, apply func()) error { c.step(claim); apply(); return nil }
			var stored []job.Envelope
			db.engine.OnOutbox(func(envs []job.Envelope) { stored = append(stored, envs...) })
			cfg, b := defaults(), newBroker()
			if tt.broker {
				cfg.Tells = &brokerLink{b, &tap{}}
			}
			s, err := business.New(cfg, db.all(), &fakeCarrier{w, &tap{}}, &fakePlatform{world: w, tap: &tap{}}, slog.New(slog.DiscardHandler), nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Reload(t.Context()); err != nil {
				t.Fatal(err)
			}
			do := func(what string, err error) {
				t.Helper()
				if err != nil {
					t.Fatalf("%s: %v", what, err)
				}
			}
			cmd := business.Command{Account: account, OpenID: follower, Key: "m1", Text: "KT10"}
			c.last = db.engine.Statements() + 1 // the number bound to the follower, which a cache knows
			_, _, err = s.Answer(t.Context(), cmd)
			do(accept, err)
			c.step(accept)
			if tt.broker {
				do(confirm, db.DeleteJobs(t.Context(), []int64{stored[0].ID}))
				c.step(confirm)
			}
			do(finish, handle(t, s, stored[0]))
			c.step(finish)
			if !tt.broker {
				do(settle, db.SettleJob(t.Context(), stored[0]))
				c.step(settle)
			}
			tells := append(stored[1:], b.took...)
			if len(tells) != 1 {
				t.Fatalf("%d jobs tell the follower", len(tells))
			}
			do(tell, handle(t, s, tells[0]))
			c.step(tell)
			if !tt.broker {
				do(told, db.SettleJob(t.Context(), tells[0]))
				c.step(told)
			}
			if diff := cmp.Diff(tt.want, c.steps); diff != "" {
				t.Errorf("statements (-want +got)\n%s", diff)
			}
			if distinct, _, _ := w.tellings(); distinct != 1 || w.effects() != 1 {
				t.Errorf("told %d times, applied %d times; want once each", distinct, w.effects())
			}
		})
	}
}
