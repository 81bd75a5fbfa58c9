package business_test

import (
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"oalab/server/internal/carrierapi"
)

// published counts what the broker was given, by key.
func (b *broker) published() (n int, twice []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	seen := make(map[string]int)
	for _, env := range b.took {
		if seen[env.Key]++; seen[env.Key] == 2 {
			twice = append(twice, env.Key)
		}
	}
	return len(b.took), twice
}

func (b *broker) looks() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.looked
}

// accept lets so many followers' messages order, many at once.
func (p *process) accept(n int) {
	p.t.Helper()
	var all sync.WaitGroup
	keys := make(chan int)
	for range 32 {
		all.Go(func() {
			for i := range keys {
				if _, err := p.answer("m"+strconv.Itoa(i), "KT10"); err != nil {
					p.t.Errorf("message %d: %v", i, err)
				}
			}
		})
	}
	for i := range n {
		keys <- i
	}
	close(keys)
	all.Wait()
}

// TestBacklog: orders that wait at the broker for a worker, however long, are published
// once. Those whose jobs the broker has lost are found and published again.
func TestBacklog(t *testing.T) {
	const orders = 60
	w := newWorld(t)
	w.broker = newBroker()
	const after = 3 * time.Second // longer than a busy machine takes for a commit
	stopped := w.start(t, options{sweep: after, workers: -1})
	stopped.accept(orders)
	until(t, "all are at the broker", func() bool { n, _ := w.broker.published(); return n >= orders })
	until(t, "all of them are stale by sweep_after", func() bool {
		now, err := stopped.db.Clock(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		stale, err := stopped.db.StaleOrders(t.Context(), now.Add(-after), orders)
		return err == nil && len(stale) == orders
	})
	from := w.broker.looks()
	until(t, "many sweeps", func() bool { return w.broker.looks() > from+20 })
	if n, twice := w.broker.published(); n != orders || len(twice) > 0 {
		t.Fatalf("%d jobs published for %d orders that wait, %d of them twice", n, orders, len(twice))
	}

	w.broker.mu.Lock()
	w.broker.ready = map[string][]*brokered{} // its data is gone
	w.broker.mu.Unlock()
	until(t, "all are published again", func() bool { _, twice := w.broker.published(); return len(twice) == orders })
	stopped.stop()

	working := w.start(t, options{sweep: after})
	defer working.stop()
	until(t, "everything is settled", working.settled)
	if distinct, _, _ := w.tellings(); w.effects() != orders || distinct != orders {
		t.Errorf("%d orders: applied %d times, told %d", orders, w.effects(), distinct)
	}
}

// TestRetriesAreBounded: the jobs of an order that can never be done end, and leave few dead
// letters; the order stays, for people to decide.
func TestRetriesAreBounded(t *testing.T) {
	const rounds, attempts = 12, 2
	for name, over := range map[string]bool{"over a broker": true, "in a process": false} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			if over {
				w.broker = newBroker()
			}
			w.onOrder = func(int, string, func()) error { return outage(carrierapi.ClassRefused, true) }
			p := w.start(t, options{sweep: time.Millisecond, attempts: attempts, dies: true})
			defer p.stop()
			r := p.mustAnswer("m1", "KT10")
			serial := words(r)[strings.LastIndex(words(r), "：")+len("："):]
			calls := func() int {
				w.mu.Lock()
				defer w.mu.Unlock()
				return w.orders
			}
			until(t, "the last round has ended", func() bool {
				o, err := p.db.Order(t.Context(), serial)
				return err == nil && o.Rounds >= rounds && p.idle()
			})
			most, before := 2*rounds*attempts, calls()
			if before < attempts || before > most {
				t.Errorf("%d calls, want no more than %d", before, most)
			}
			time.Sleep(100 * time.Millisecond) // many sweeps
			jobs, unfinished := p.db.backlog(t)
			if calls() != before || unfinished != 1 || jobs != 0 {
				t.Errorf("after the last round %d calls, %d orders unfinished, %d rows; want 0, 1, 0", calls()-before, unfinished, jobs)
			}
			// Over a broker a job that waits too long for its place is swept, and may end beside another.
			if dead := p.dead("orders"); dead < 2 || !over && dead > 2 || dead > 2*rounds {
				t.Errorf("%d dead letters, want those of the first and of the last round", dead)
			}
		})
	}
}

// TestATellThatWaitsIsNotSwept: each attempt to tell an order counts as progress, so that
// the order whose job waits for the next one has one job.
func TestATellThatWaitsIsNotSwept(t *testing.T) {
	w := newWorld(t)
	w.broker = newBroker()
	w.onTell = func(int) error { return errors.New("the platform is away") }
	p := w.start(t, options{})
	defer p.stop()
	p.mustAnswer("m1", "KT10")
	tried := func() int {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.tells
	}
	clock := func() time.Time {
		now, err := p.db.Clock(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return now
	}
	until(t, "it was tried to tell", func() bool { return tried() > 0 })
	at, before := clock().Add(time.Millisecond), tried()
	until(t, "time has passed", func() bool { return clock().After(at) })
	until(t, "it was tried again", func() bool { return tried() > before+1 }) // the first one may have begun earlier
	if stale, err := p.db.StaleOrders(t.Context(), at, 10); err != nil || len(stale) > 0 {
		t.Errorf("orders without progress: %+v, %v", stale, err)
	}
	if n, twice := w.broker.published(); n != 2 || len(twice) > 0 {
		t.Errorf("%d jobs published: %q", n, twice)
	}
}
