package load

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Step is a stretch of a stepped load: so many clients, each of which sends its next
// operation when it has the answer to its last, make so many requests together.
type Step struct {
	Clients, Requests int
	// Most is for how long the step may begin operations; 0 does not bound it. A step of a
	// slow system then has fewer requests: as many as it answers in that time.
	Most time.Duration
}

// Stepped is a closed load in steps (SCN-5): the operations of one step are all over
// before those of the next begin. All steps are one attack, so that operations are
// numbered through, in the order of the steps.
type Stepped struct {
	Common
	Steps []Step // required
	// Between is called before each step, with its index, while nothing is in flight; the
	// step begins when it returns. An error ends the load. Nil: not called.
	Between func(ctx context.Context, step int) error
	// Over is called when all operations of a step are over, before the next one's Between,
	// with how many they were; it must be quick. Nil: not called.
	Over func(step, requests int)
}

// Run works as Open.Run does. Nothing is scheduled in a closed load, so nothing is late;
// what an interrupt left over counts as dropped.
func (s Stepped) Run(ctx context.Context) (Summary, error) {
	if err := s.validate(); err != nil {
		return Summary{}, err
	}
	t := &turns{bench: newBench(), ctx: ctx, steps: s.Steps, between: s.Between, told: s.Over}
	for _, step := range s.Steps {
		t.total += step.Requests
	}
	a := &attack{Common: s.Common, workers: 1, arrivals: t}
	sum, err := a.run(ctx)
	t.finish()
	sum.Scheduled = t.total - t.spared
	sum.Dropped = sum.Scheduled - sum.Started
	if t.err != nil && ctx.Err() == nil {
		err = errors.Join(err, t.err)
	}
	return sum, err
}

func (s *Stepped) validate() error {
	if err := s.Common.validate(); err != nil {
		return err
	}
	if len(s.Steps) == 0 {
		return errors.New("load: a stepped load needs a step")
	}
	for i, step := range s.Steps {
		if step.Clients < 1 || step.Clients > maxWorkers || step.Requests < 1 {
			return fmt.Errorf("load: step %d has %d clients and %d requests; each must be at least 1, the clients at most %d", i, step.Clients, step.Requests, maxWorkers)
		}
	}
	return nil
}

// turns lets as many operations be in flight as the present step has clients.
type turns struct {
	bench
	ctx     context.Context
	steps   []Step
	between func(context.Context, int) error
	told    func(step, requests int)
	total   int // requests of all steps

	step     int  // the next one to begin
	left     int  // requests of the present step that have not begun
	clients  int  // of the present step
	inFlight int  // operations
	changing bool // a worker begins the next step
	sent     int
	err      error // of between

	open   bool      // a step has begun, and its end is not told
	until  time.Time // from when on the present step begins nothing; zero: no bound
	cut    int       // requests of the present step that it had no time for
	spared int       // and of all steps
}

// next lets w go as soon as the step has a client free. A client whose operation has
// ended when its answer begins would be too early: until the body is read the operation
// is in flight.
func (t *turns) next(w *worker) (turn, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if w.busy {
		w.busy = false
		t.inFlight--
	}
	for !t.over {
		if t.left > 0 && !t.until.IsZero() && time.Now().After(t.until) {
			t.spared += t.left
			t.cut, t.left = t.left, 0
		}
		switch {
		case t.left > 0 && t.inFlight < t.clients:
			t.left--
			t.inFlight++
			w.busy = true
			start := turn{uint64(t.sent), time.Since(t.base)}
			t.sent++
			return start, true
		case t.left == 0 && t.inFlight == 0 && !t.changing:
			t.change()
		default:
			t.sit(w)
		}
	}
	return turn{}, false
}

// change begins the next step, with as many workers as it needs; mu is held, but not
// while between is at it.
func (t *turns) change() {
	t.finish()
	if t.step == len(t.steps) {
		t.close()
		return
	}
	t.changing = true
	defer func() { t.changing = false }()
	if t.between != nil {
		t.mu.Unlock()
		err := t.between(t.ctx, t.step)
		t.mu.Lock()
		if t.err = err; err != nil {
			t.close()
		}
	}
	if t.over {
		return
	}
	step := t.steps[t.step]
	t.step++
	t.clients, t.left, t.cut, t.open, t.until = step.Clients, step.Requests, 0, true, time.Time{}
	if step.Most > 0 {
		t.until = time.Now().Add(step.Most)
	}
	for range min(step.Clients, step.Requests) - 1 { // the worker that asks is one of them
		if !t.rouse() {
			t.more()
		}
	}
}

func (t *turns) started() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sent
}

func (t *turns) due(time.Duration) (now, all int) { return 0, t.total }

// finish tells the end of the present step, once.
func (t *turns) finish() {
	if t.open && t.told != nil {
		t.told(t.step-1, t.steps[t.step-1].Requests-t.left-t.cut)
	}
	t.open = false
}
