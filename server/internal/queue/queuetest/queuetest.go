// Package queuetest owns the conformance suite of the work queue: what every
// carrier of jobs must do, a kill between the confirm and the acknowledgement
// included (BIZ-5, STO-6).
package queuetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"oalab/server/internal/job"
	"oalab/server/internal/queue"
)

// System is one queue as its users see it, together with what keeps its jobs
// when the process dies.
type System interface {
	// Submit returns once the job is safe.
	Submit(ctx context.Context, env job.Envelope) error
	// Consumer gives the jobs out. After a Restart it must be asked for again.
	Consumer() queue.Consumer
	// Restart drops everything that a killed process would lose and starts anew.
	Restart()
	// Figures says what the named queue holds.
	Figures(queue string) queue.Figures
	// Stored returns the number of jobs that a restart would bring back.
	Stored() int
	// Durable reports whether the queue itself outlives a Restart: attempts then go
	// on counting, and a job still waits for its delay.
	Durable() bool
}

// patience bounds each wait of the suite.
const patience = 20 * time.Second

// Run runs the suite; open starts an empty System, which the test's clean-up ends.
func Run(t *testing.T, open func(t *testing.T) System) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, System){
		"each job is delivered once":                  once,
		"an acknowledged job is gone after a restart": acknowledged,
		"a kill before the acknowledgement":           killedBeforeAck,
		"a job given back comes again later":          givenBack,
		"a kill while a job waits for its retry":      killedInDelay,
		"a buried job is gone":                        buried,
		"settling twice does nothing":                 settledTwice,
		"receivers stop with their context":           stopped,
		"queues do not hold each other up":            independent,
		"a job arrives as it was submitted":           unchanged,
		"a kill between two attempts":                 killedBetweenAttempts,
		"a settlement after the kill ends no job":     settledTooLate,
		"a short delay does not wait for a long one":  overtaking,
		"many jobs wait at once":                      manyDelayed,
		"an attempt that does not count":              postponed,
		"a kill while a job is postponed":             killedWhilePostponed,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

// The kinds of jobs that the tests of queues use, and what carries them.
const (
	KindOrder job.Kind = "order"
	KindQuery job.Kind = "query"
	KindTell  job.Kind = "tell"

	QueueOrders  = "orders"
	QueueQueries = "queries"
	QueueTells   = "tells"
)

// Types are the types of these jobs, with one place each.
func Types() job.Catalogue {
	return job.Catalogue{{Kind: KindOrder, Queue: QueueOrders, Places: 1}, {Kind: KindQuery, Queue: QueueQueries, Places: 1}, {Kind: KindTell, Queue: QueueTells, Places: 1}}
}

// Job makes a job of the given kind.
func Job(kind job.Kind, n int) job.Envelope {
	t, _ := Types().Find(kind)
	return job.Envelope{
		Key: fmt.Sprintf("%s:%d", kind, n), Kind: kind, Queue: t.Queue, Payload: json.RawMessage(fmt.Sprintf(`{"n":%d}`, n)), Created: time.UnixMilli(int64(n)),
	}
}

func submit(t *testing.T, s System, env job.Envelope) {
	t.Helper()
	if err := s.Submit(t.Context(), env); err != nil {
		t.Fatal(err)
	}
}

func receive(t *testing.T, s System, name string) queue.Delivery {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	d, err := s.Consumer().Receive(ctx, name)
	if err != nil {
		t.Fatalf("receive from %s: %v", name, err)
	}
	return d
}

func ack(t *testing.T, d queue.Delivery) {
	t.Helper()
	if err := d.Ack(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// empty waits until nothing is held and nothing would come back.
func empty(t *testing.T, s System) {
	t.Helper()
	await(t, "no job is left", func() bool {
		left := s.Stored()
		for _, name := range Types().Queues() {
			f := s.Figures(name)
			left += f.Depth + f.InFlight
		}
		return left == 0
	})
}

// await waits for a condition.
func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(patience); !ok(); {
		select {
		case <-deadline:
			t.Fatalf("waited in vain: %s", what)
		case <-tick.C:
		}
	}
}

func once(t *testing.T, s System) { //nolint:thelper // a part of the suite is a test
	const jobs = 200
	var mu sync.Mutex
	seen := map[string]int{}
	ctx, done := context.WithTimeout(t.Context(), patience)
	defer done()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				d, err := s.Consumer().Receive(ctx, QueueOrders)
				if err != nil {
					return
				}
				mu.Lock()
				seen[d.Envelope().Key]++
				all := len(seen) == jobs
				mu.Unlock()
				if err := d.Ack(t.Context()); err != nil {
					t.Error(err)
				}
				if all {
					done()
				}
			}
		})
	}
	for i := range jobs {
		submit(t, s, Job(KindOrder, i))
	}
	wg.Wait()
	for key, n := range seen {
		if n != 1 {
			t.Errorf("%s was delivered %d times", key, n)
		}
	}
	if len(seen) != jobs {
		t.Errorf("%d jobs were delivered, want %d", len(seen), jobs)
	}
	empty(t, s)
}

func acknowledged(t *testing.T, s System) { //nolint:thelper // a part of the suite is a test
	submit(t, s, Job(KindOrder, 1))
	ack(t, receive(t, s, QueueOrders))
	s.Restart()
	submit(t, s, Job(KindOrder, 2))
	d := receive(t, s, QueueOrders)
	if d.Envelope().Key != "order:2" {
		t.Errorf("%s came back", d.Envelope().Key)
	}
	ack(t, d)
	empty(t, s)
}

func killedBeforeAck(t *testing.T, s System) { //nolint:thelper // a part of the suite is a test
	submit(t, s, Job(KindOrder, 1))
	submit(t, s, Job(KindOrder, 2))
	first := receive(t, s, QueueOrders) // published and confirmed, not acknowledged
	if first.Attempt() != 1 {
		t.Errorf("attempt %d, want 1", first.Attempt())
	}
	s.Restart()
	seen := map[string]bool{}
	for range 2 {
		d := receive(t, s, QueueOrders)
		seen[d.Envelope().Key] = true
		if string(d.Envelope().Payload) == "" || d.Envelope().Kind != KindOrder {
			t.Errorf("came back as %+v", d.Envelope())
		}
		ack(t, d)
	}
	if len(seen) != 2 {
		t.Errorf("after the kill came %v, want both jobs", seen)
	}
	empty(t, s)
}

func givenBack(t *testing.T, s System) { //nolint:thelper // a part of the suite is a test
	const delay = 30 * time.Millisecond
	submit(t, s, Job(KindOrder, 1))
	for attempt := 1; attempt <= 3; attempt++ {
		d := receive(t, s, QueueOrders)
		if d.Attempt() != attempt {
			t.Errorf("attempt %d, want %d", d.Attempt(), attempt)
		}
		before := time.Now()
		if err := d.Nack(t.Context(), delay); err != nil {
			t.Fatal(err)
		}
		again := receive(t, s, QueueOrders)
		if waited := time.Since(before); waited < delay {
			t.Errorf("came again after %s, not before %s was asked for", waited, delay)
		}
		attempt++
		if err := again.Nack(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
	}
	ack(t, receive(t, s, QueueOrders))
	empty(t, s)
}

func killedInDelay(t *testing.T, s System) { //nolint:thelper // a part of the suite is a test
	const delay = time.Second
	submit(t, s, Job(KindTell, 1))
	d := receive(t, s, QueueTells)
	before := time.Now()
	if err := d.Nack(t.Context(), delay); err != nil {
		t.Fatal(err)
	}
	await(t, "a delayed job shows in the depth alone", func() bool { return s.Figures(QueueTells) == queue.Figures{Depth: 1} })
	s.Restart()
	d = receive(t, s, QueueTells)
	if waited := time.Since(before); s.Durable() && waited < delay {
		t.Errorf("after a kill it came again after %s, not before %s was asked for", waited, delay)
	}
	ack(t, d)
	empty(t, s)
}

func buried(t *testing.T, s System) { //nolint:thelper // a part of the suite is a test
	submit(t, s, Job(KindQuery, 1))
	if err := receive(t, s, QueueQueries).Bury(t.Context(), "poison"); err != nil {
		t.Fatal(err)
	}
	if f := s.Figures(QueueQueries); f.Dead != 1 {
		t.Errorf("the dead letters are %+v, want one", f)
	}
	empty(t, s)
	s.Restart()
	submit(t, s, Job(KindQuery, 2))
	d := receive(t, s, QueueQueries)
	if d.Envelope().Key != "query:2" {
		t.Errorf("%s rose again", d.Envelope().Key)
	}
	ack(t, d)
	empty(t, s)
}

func settledTwice(t *testing.T, s System) { //nolint:thelper // a part of the suite is a test
	submit(t, s, Job(KindOrder, 1))
	d := receive(t, s, QueueOrders)
	ack(t, d)
	for what, err := range map[string]error{
		"ack": d.Ack(t.Context()), "nack": d.Nack(t.Context(), 0), "postpone": d.Postpone(t.Context(), 0), "bury": d.Bury(t.Context(), "x"),
	} {
		if err != nil {
			t.Errorf("%s after the end: %v", what, err)
		}
	}
	empty(t, s)
	if f := s.Figures(QueueOrders); f.Dead != 0 {
		t.Errorf("an acknowledged job was buried: %+v", f)
	}
}

func stopped(t *testing.T, s System) { //nolint:thelper // a part of the suite is a test
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error)
	go func() {
		_, err := s.Consumer().Receive(ctx, QueueOrders)
		result <- err
	}()
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Errorf("receive returned %v", err)
	}
	submit(t, s, Job(KindOrder, 1)) // nothing was swallowed by the one that left
	ack(t, receive(t, s, QueueOrders))
	empty(t, s)
}

func independent(t *testing.T, s System) { //nolint:thelper // a part of the suite is a test
	for i := range 50 {
		submit(t, s, Job(KindQuery, i))
	}
	submit(t, s, Job(KindOrder, 1))
	ack(t, receive(t, s, QueueOrders))
	for range 50 {
		ack(t, receive(t, s, QueueQueries))
	}
	empty(t, s)
}

func unchanged(t *testing.T, s System) { //nolint:thelper // a part of the suite is a test
	want := Job(KindTell, 1)
	want.Again = true // of a row that was read it is said, of one that was announced it may be
	want.Key, want.Payload = "tell:\u8ba2\u5355 \u2713", json.RawMessage(`{"text":"流量 <10> & more","n":[1,2]}`)
	submit(t, s, want)
	d := receive(t, s, QueueTells)
	same := cmp.Options{cmpopts.IgnoreFields(job.Envelope{}, "ID"), cmp.Transformer("text", func(m json.RawMessage) (v any) {
		if err := json.Unmarshal(m, &v); err != nil {
			t.Errorf("payload %s: %v", m, err)
		}
		return v
	})}
	if diff := cmp.Diff(want, d.Envelope(), same); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if err := d.Nack(t.Context(), time.Millisecond); err != nil {
		t.Fatal(err)
	}
	d = receive(t, s, QueueTells)
	if diff := cmp.Diff(want, d.Envelope(), same); diff != "" {
		t.Errorf("after it was given back (-want +got)\n%s", diff)
	}
	ack(t, d)
	empty(t, s)
}

func killedBetweenAttempts(t *testing.T, s System) { //nolint:thelper // a part of the suite is a test
	submit(t, s, Job(KindOrder, 1))
	for range 2 {
		if err := receive(t, s, QueueOrders).Nack(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
	}
	if d := receive(t, s, QueueOrders); d.Attempt() != 3 {
		t.Errorf("attempt %d, want 3", d.Attempt())
	}
	s.Restart()
	d := receive(t, s, QueueOrders)
	if s.Durable() && d.Attempt() != 4 { // the one that was killed was an attempt
		t.Errorf("attempt %d after the kill, want 4", d.Attempt())
	}
	ack(t, d)
	empty(t, s)
}

func settledTooLate(t *testing.T, s System) { //nolint:thelper // a part of the suite is a test
	submit(t, s, Job(KindOrder, 1))
	submit(t, s, Job(KindOrder, 2))
	late := []queue.Delivery{receive(t, s, QueueOrders), receive(t, s, QueueOrders)}
	s.Restart()
	again := []queue.Delivery{receive(t, s, QueueOrders), receive(t, s, QueueOrders)}
	for _, d := range late {
		_ = d.Ack(t.Context()) // whether it says so or not: it is too late
	}
	s.Restart()
	seen := map[string]bool{}
	for range again {
		d := receive(t, s, QueueOrders)
		seen[d.Envelope().Key] = true
		ack(t, d)
	}
	if len(seen) != 2 {
		t.Errorf("after a late settlement came %v, want both jobs", seen)
	}
	empty(t, s)
}

func overtaking(t *testing.T, s System) { //nolint:thelper // a part of the suite is a test
	const long = 2 * time.Second
	for i := range 2 {
		submit(t, s, Job(KindOrder, i))
	}
	start := time.Now()
	var last string
	for _, delay := range []time.Duration{long, 10 * time.Millisecond} {
		d := receive(t, s, QueueOrders)
		if err := d.Nack(t.Context(), delay); err != nil {
			t.Fatal(err)
		}
		last = d.Envelope().Key
	}
	d := receive(t, s, QueueOrders)
	if got := d.Envelope().Key; got != last {
		t.Errorf("%s came before %s, which was delayed for less", got, last)
	}
	ack(t, d)
	ack(t, receive(t, s, QueueOrders))
	if waited := time.Since(start); waited < long {
		t.Errorf("the long delay took %s", waited)
	}
	empty(t, s)
}

func manyDelayed(t *testing.T, s System) { //nolint:thelper // a part of the suite is a test
	const jobs = 100
	for i := range jobs {
		submit(t, s, Job(KindOrder, i))
	}
	seen := map[string]int{}
	for range 2 * jobs { // each comes twice, the second time among the first ones of others
		d := receive(t, s, QueueOrders)
		key := d.Envelope().Key
		if seen[key]++; d.Attempt() != seen[key] {
			t.Errorf("%s came as attempt %d, want %d", key, d.Attempt(), seen[key])
		}
		if seen[key] == 2 {
			ack(t, d)
		} else if err := d.Nack(t.Context(), time.Duration(jobs-len(seen))*time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
	if len(seen) != jobs {
		t.Errorf("%d jobs came, want %d", len(seen), jobs)
	}
	empty(t, s)
}
