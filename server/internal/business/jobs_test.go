package business_test

import (
	"context"
	"testing"

	"oalab/server/internal/business"
	"oalab/server/internal/job"
)

// TestRepeatHarmless does each job that an order and a query cause once more, as after a
// kill between its work and its acknowledgement: what its type says of a repeat is what the
// carrier and the follower see.
func TestRepeatHarmless(t *testing.T) {
	w := newWorld(t)
	w.broker = newBroker()
	w.onUsage = func(ctx context.Context, call int) error {
		if call == 1 { // the callback does not wait for it
			<-ctx.Done()
			return ctx.Err()
		}
		return nil
	}
	p := w.start(t, options{})
	defer p.stop()
	p.mustAnswer("m1", "CXLL")
	p.mustAnswer("m2", "KT10")
	until(t, "everything is settled", p.settled)
	seen := map[job.Kind]bool{}
	for _, env := range w.broker.took {
		jobs, ok := p.service.Jobs().Find(env.Kind)
		if !ok || seen[env.Kind] {
			t.Fatalf("job %s: of a known type %t, a second one %t", env.Key, ok, seen[env.Kind])
		}
		seen[env.Kind] = true
		before := w.seen()
		env.Again = true
		if err := jobs.Handle(t.Context(), env); err != nil {
			t.Errorf("%s again: %v", env.Key, err)
		}
		if after := w.seen(); (after == before) != jobs.RepeatHarmless {
			t.Errorf("a repeated %s job: %d effects, then %d; its type says that a repeat is harmless: %t", env.Kind, before, after, jobs.RepeatHarmless)
		}
	}
	if want := len(business.JobTypes(business.Places{})); len(seen) != want {
		t.Errorf("%d types of jobs were repeated, want %d", len(seen), want)
	}
}

// seen is how many effects carrier and follower have seen.
func (w *world) seen() int {
	effects := w.effects()
	distinct, _, _ := w.tellings()
	w.mu.Lock()
	defer w.mu.Unlock()
	return effects + distinct + len(w.customs)
}
