package queuetest

import (
	"testing"
	"time"

	"oalab/server/internal/queue"
)

// postponed: a postponed attempt does not count, the next one is never the first all the
// same, and waits for its delay like one that was given back.
func postponed(t *testing.T, s System) { //nolint:thelper // a part of the suite is a test
	const delay = 30 * time.Millisecond
	submit(t, s, Job(KindOrder, 1))
	var settled time.Time
	var waits time.Duration
	for i, step := range []struct {
		attempt  int // that comes
		postpone bool
		delay    time.Duration
	}{
		{1, true, delay}, {2, true, 0}, {2, true, delay}, {2, false, 0}, {3, true, delay}, {3, false, delay}, {4, true, 0},
	} {
		d := receive(t, s, QueueOrders)
		if d.Attempt() != step.attempt || d.Envelope().Key != "order:1" {
			t.Errorf("step %d: %s came as attempt %d, want order:1 as %d", i, d.Envelope().Key, d.Attempt(), step.attempt)
		}
		if waited := time.Since(settled); waited < waits {
			t.Errorf("step %d: came again after %s, not before %s was asked for", i, waited, waits)
		}
		settle := d.Nack
		if step.postpone {
			settle = d.Postpone
		}
		settled, waits = time.Now(), step.delay
		if err := settle(t.Context(), step.delay); err != nil {
			t.Fatal(err)
		}
	}
	ack(t, receive(t, s, QueueOrders))
	empty(t, s)
}

// killedWhilePostponed: what is postponed is held like what was given back, and outlives the
// process with its attempts where the queue does.
func killedWhilePostponed(t *testing.T, s System) { //nolint:thelper // a part of the suite is a test
	const delay = time.Second
	submit(t, s, Job(KindTell, 1))
	if err := receive(t, s, QueueTells).Nack(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	d := receive(t, s, QueueTells)
	before := time.Now()
	if err := d.Postpone(t.Context(), delay); err != nil {
		t.Fatal(err)
	}
	await(t, "a postponed job shows in the depth alone", func() bool { return s.Figures(QueueTells) == queue.Figures{Depth: 1} })
	s.Restart()
	d = receive(t, s, QueueTells)
	if waited := time.Since(before); s.Durable() && (waited < delay || d.Attempt() != 2) {
		t.Errorf("after a kill it came as attempt %d after %s, want attempt 2 and %s", d.Attempt(), waited, delay)
	}
	ack(t, d)
	empty(t, s)
}
