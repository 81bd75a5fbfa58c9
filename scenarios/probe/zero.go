package probe

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// ErrOver is wrapped by the error of an AwaitZero whose probes have ended.
var ErrOver = errors.New("the probes have ended")

// Series names what a probe reads. A name without labels stands for all series
// of that name.
type Series struct {
	Probe string
	Name  string
}

// String is both names.
func (s Series) String() string { return s.Probe + " " + s.Name }

func (s Series) matches(reading string) bool {
	return reading == s.Name || strings.HasPrefix(reading, s.Name+"{")
}

// waiter waits until all its series read zero. Guarded by the Runner's mutex.
type waiter struct {
	from   time.Duration // questions before this do not count
	need   int
	streak map[Series]int    // answers in a row with all zero
	last   map[Series]string // what was read last
	done   chan time.Duration
}

// AwaitZero waits until each series read 0 in the given number of consecutive
// questions that are asked from now on, and returns the time after base of the
// last of these. An answer without the series, or none at all, starts the count
// anew. When ctx ends the error says which series were not zero and what they
// read last. The probes keep being recorded, so that the evidence shows it too.
func (r *Runner) AwaitZero(ctx context.Context, consecutive int, series ...Series) (time.Duration, error) {
	if consecutive < 1 || len(series) == 0 {
		return 0, fmt.Errorf("waiting for %d zeros of %d series: both must be at least 1", consecutive, len(series))
	}
	w := &waiter{
		from: time.Since(r.base), need: consecutive,
		streak: make(map[Series]int), last: make(map[Series]string), done: make(chan time.Duration, 1),
	}
	r.mu.Lock()
	for _, s := range series {
		if r.stats[s.Probe] == nil {
			r.mu.Unlock()
			return 0, fmt.Errorf("there is no probe %s to read %s", s.Probe, s.Name)
		}
		w.streak[s], w.last[s] = 0, "was not read yet"
	}
	r.waiters[w] = struct{}{}
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.waiters, w)
	}()

	why := ErrOver
	select {
	case at := <-w.done:
		return at, nil
	case <-r.over:
	case <-ctx.Done():
		why = ctx.Err()
	}
	select {
	case at := <-w.done: // both at once: what was reached counts
		return at, nil
	default:
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return 0, fmt.Errorf("%w before all was zero: %s", why, w.open(series))
}

// observe takes one question and its answer.
func (w *waiter) observe(probe string, at time.Duration, readings []Reading, err error) {
	if at < w.from {
		return
	}
	for s := range w.streak {
		if s.Probe != probe {
			continue
		}
		zero, saw := judge(s, readings, err)
		if zero {
			w.streak[s]++
		} else {
			w.streak[s] = 0
		}
		w.last[s] = fmt.Sprintf("%s at %.3f s", saw, at.Seconds())
	}
	for _, n := range w.streak {
		if n < w.need {
			return
		}
	}
	select {
	case w.done <- at:
	default: // it was reached before
	}
}

// judge says whether one answer shows the series, all zero, and what it showed.
func judge(s Series, readings []Reading, err error) (zero bool, saw string) {
	if err != nil {
		return false, fmt.Sprintf("no answer (%v)", err)
	}
	saw = "not among the readings"
	for _, r := range readings {
		if !s.matches(r.Name) {
			continue
		}
		if err := r.problem(); err != nil {
			return false, fmt.Sprintf("%s: %v", r.Name, err)
		}
		if r.Value != 0 {
			return false, fmt.Sprintf("%s = %v", r.Name, r.Value)
		}
		zero, saw = true, "0"
	}
	return zero, saw
}

// open describes the series that are not zero often enough.
func (w *waiter) open(series []Series) string {
	var all []string
	for _, s := range series {
		if n := w.streak[s]; n < w.need {
			all = append(all, fmt.Sprintf("%s: %s (%d of %d zeros in a row)", s, w.last[s], n, w.need))
		}
	}
	return strings.Join(all, "; ")
}
