package load

import (
	"context"
	"errors"
	"fmt"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// Step is a stretch of a stepped load: so many clients, each of which sends its next
// operation when it has the answer to its last, make so many requests together.
type Step struct {
	Clients, Requests int
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
}

// Run works as Open.Run does. Nothing is scheduled in a closed load, so nothing is late;
// what an interrupt left over counts as dropped.
func (s Stepped) Run(ctx context.Context) (Summary, error) {
	if err := s.validate(); err != nil {
		return Summary{}, err
	}
	t := &turns{ctx: ctx, steps: s.Steps, between: s.Between}
	total := 0
	for _, step := range s.Steps {
		t.most = max(t.most, step.Clients)
		total += step.Requests
	}
	t.free = make(chan struct{}, t.most)
	a := &attack{Common: s.Common, workers: t.most, pacer: newPacer(nil, uint64(total))}
	a.pacer.gate, a.each = t.pass, t.over
	sum, err := a.run(ctx)
	sum.Scheduled = total
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

// turns lets as many operations be in flight as the present step has clients. One
// goroutine, the pacer's, calls pass; another, the load's own, calls over.
type turns struct {
	ctx     context.Context
	steps   []Step
	between func(context.Context, int) error

	step    int           // the next one to begin
	left    int           // requests of the present step that have not begun
	clients int           // of the present step
	most    int           // clients of any step
	free    chan struct{} // one for each client that has nothing in flight
	err     error         // of between
}

// pass lets the next operation go as soon as a client is free.
func (t *turns) pass(_ uint64, halted <-chan struct{}) bool {
	if t.left == 0 && !t.begin(halted) {
		return false
	}
	select {
	case <-t.free:
		t.left--
		return true
	case <-halted:
		return false
	}
}

// begin waits until nothing is in flight and begins the next step.
func (t *turns) begin(halted <-chan struct{}) bool {
	for range t.clients {
		select {
		case <-t.free:
		case <-halted:
			return false
		}
	}
	if t.between != nil {
		if t.err = t.between(t.ctx, t.step); t.err != nil {
			return false
		}
	}
	step := t.steps[t.step]
	t.step++
	t.clients, t.left = step.Clients, step.Requests
	for range t.clients {
		t.free <- struct{}{}
	}
	return true
}

// over frees the client of an operation that has ended. Not when its answer begins:
// until its body is read it is still in flight.
func (t *turns) over(*vegeta.Result) { t.free <- struct{}{} }
