package probe

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"
)

// stuckGrace is how long a question may go on after its time, before it is left
// behind.
const stuckGrace = 100 * time.Millisecond

// watch asks one probe.
type watch struct {
	*Runner
	probe Probe
	last  time.Time   // when it was asked last
	stuck chan answer // an open question that was left behind, or nil
}

type answer struct {
	readings []Reading
	err      error
}

var errStuck = errors.New("no answer, and the question before is still open")

func (w *watch) loop(ctx context.Context, cancel context.CancelFunc) {
	tick := time.NewTicker(w.probe.Every)
	defer tick.Stop()
	for ctx.Err() == nil {
		if !w.once(ctx) {
			cancel()
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}

// once asks and records. It returns false when the record cannot be kept.
func (w *watch) once(ctx context.Context) bool {
	now := time.Now()
	missed := 0
	if !w.last.IsZero() {
		missed = max(0, int((now.Sub(w.last)+w.probe.Every/2)/w.probe.Every)-1)
	}
	w.last = now
	a := w.ask(ctx)
	if a.err != nil && ctx.Err() != nil {
		return true // the end of the run took the answer away: nothing was observed
	}
	return w.record(w.probe, now.Sub(w.base), missed, a.readings, a.err)
}

func (w *watch) ask(ctx context.Context) answer {
	if w.stuck != nil {
		select {
		case <-w.stuck:
			w.stuck = nil
		default:
			return answer{err: errStuck}
		}
	}
	ctx, cancel := context.WithTimeout(ctx, w.probe.Timeout)
	defer cancel()
	got := make(chan answer, 1)
	go func() {
		defer func() {
			if v := recover(); v != nil {
				w.log.ErrorContext(ctx, "probe panics", "probe", w.probe.Name, "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
				got <- answer{err: fmt.Errorf("panic: %v", v)}
			}
		}()
		readings, err := w.probe.Read(ctx)
		got <- answer{readings: readings, err: err}
	}()
	select {
	case a := <-got:
		return a
	case <-ctx.Done():
	}
	late := fmt.Errorf("no answer within %v", w.probe.Timeout)
	grace := time.NewTimer(stuckGrace)
	defer grace.Stop()
	select {
	case a := <-got:
		if a.err != nil {
			late = fmt.Errorf("%w: %w", late, a.err)
		}
	case <-grace.C:
		w.stuck = got
	}
	return answer{err: late}
}
