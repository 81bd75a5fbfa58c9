package chaos

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// The pause between two attempts to recover grows from the first to the last.
const (
	retryFirst = 50 * time.Millisecond
	retryLast  = time.Second
)

// run is one run of a schedule. Each window is written by its own lane only.
type run struct {
	*Injector
	base    time.Time
	windows []Window
	cancel  context.CancelCauseFunc
}

// since is the time after the base, on the monotonic clock if base has it.
func (r *run) since() time.Duration { return time.Since(r.base) }

// lane runs the entries of one fault on one target, one after the other.
func (r *run) lane(ctx context.Context, entries []int) {
	var unhealed error
	for n, i := range entries {
		e, w := r.schedule[i], &r.windows[i]
		*w = Window{Fault: e.Fault.Name(), Target: e.Fault.Target(), PlannedFrom: e.At, PlannedTo: e.end()}
		if r.options.Serial && n > 0 {
			e.At = r.settled(entries[n-1], e.At)
		}
		switch {
		case unhealed != nil:
			w.Err = fmt.Errorf("%s on %s at %v not injected: an earlier window did not heal: %w",
				w.Fault, w.Target, e.At, unhealed)
		default:
			unhealed = r.entry(ctx, e, w)
		}
		r.tell(r.options.OnWindow, *w)
	}
}

// settled is when an entry that is planned at a moment begins, given the one before: one
// that healed later than that leaves the system some time first.
func (r *run) settled(before int, at time.Duration) time.Duration {
	if healed := r.windows[before].Healed; healed > at {
		return healed + r.options.Settle
	}
	return at
}

// entry runs one entry into its window and returns an error if it did not heal.
func (r *run) entry(ctx context.Context, e Entry, w *Window) error {
	if !r.sleep(ctx, e.At) {
		w.Err = fmt.Errorf("%s on %s at %v not injected: %w", w.Fault, w.Target, e.At, context.Cause(ctx))
		return nil
	}
	w.Begun = r.since()
	g := newGuard(e.Fault)
	if err := r.inject(ctx, g); err != nil {
		r.failed(w, err)
	} else {
		w.From = r.since()
		r.tell(r.options.OnActive, *w)
		r.sleep(ctx, e.due(w.From))
	}

	w.To = r.since()
	if err := r.recover(context.WithoutCancel(ctx), g); err != nil {
		r.failed(w, err)
		return err
	}
	w.Healed = r.since()
	return nil
}

func (r *run) inject(ctx context.Context, g *guard) error {
	if err := r.bound(ctx, g.Inject); err != nil {
		return err
	}
	return r.bound(ctx, g.AwaitEffect)
}

// recover repeats recovery and its observation until the fault is seen healed or
// the bound is reached. ctx is detached: nothing but the bound may end this.
func (r *run) recover(ctx context.Context, g *guard) error {
	ctx, cancel := context.WithTimeout(ctx, Patient(ctx, r.options.RecoverTimeout))
	defer cancel()
	pause := retryFirst
	for attempt := 1; ; attempt++ {
		err := r.bound(ctx, g.Recover)
		if err == nil {
			err = r.bound(ctx, g.AwaitHealed)
		}
		if err == nil {
			return nil
		}
		r.options.Log.WarnContext(ctx, "recovery failed",
			"fault", g.fault.Name(), "target", string(g.fault.Target()), "attempt", attempt, "error", err)
		r.endOnPanic(err)
		wait := time.NewTimer(pause)
		select {
		case <-wait.C:
			pause = min(2*pause, retryLast)
		case <-ctx.Done():
			wait.Stop()
			return fmt.Errorf("not healed after %d attempts in %v: %w (it began with: %w)",
				attempt, Patient(ctx, r.options.RecoverTimeout), err, g.Failed())
		}
	}
}

// failed notes an error in the window.
func (r *run) failed(w *Window, err error) {
	w.Err = errors.Join(w.Err, err)
	r.endOnPanic(err)
}

// endOnPanic ends the whole schedule when err is a panic: the harness has a bug,
// and the other faults must not go on without it.
func (r *run) endOnPanic(err error) {
	if p, ok := errors.AsType[*PanicError](err); ok {
		r.cancel(p)
	}
}

// bound runs one step within the step's bound.
func (r *run) bound(ctx context.Context, step func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, Patient(ctx, r.options.StepTimeout))
	defer cancel()
	return step(ctx)
}

// sleep waits until base+at; false means ctx ended first.
func (r *run) sleep(ctx context.Context, at time.Duration) bool {
	if ctx.Err() != nil {
		return false
	}
	t := time.NewTimer(time.Until(r.base.Add(at)))
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
