package chaos

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"
)

// ErrStep is wrapped by the error of a step that is not legal in the present
// state of a fault. The fault was not called and its state is what it was.
var ErrStep = errors.New("step out of order")

// ErrStuck is wrapped by the error of a step that did not return although its
// context had ended. The call is left behind and the fault counts as invalid.
var ErrStuck = errors.New("step does not return")

// PanicError is a panic inside a step of a fault, turned into the step's error.
type PanicError struct {
	Value any
	Stack []byte
}

// Error names the value; the stack is in the field.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// stuckGrace is how long a step may go on after its context ended.
const stuckGrace = time.Second

// state is where a guarded fault stands.
type state int

const (
	idle       state = iota // not in the system
	injecting               // Inject runs or ran, not yet seen in effect
	active                  // seen in effect
	recovering              // Recover runs or ran, not yet seen healed
	invalid                 // a step failed: the state of the system is unknown
)

func (s state) String() string {
	switch s {
	case idle:
		return "idle"
	case injecting:
		return "injecting"
	case active:
		return "active"
	case recovering:
		return "recovering"
	case invalid:
		return "invalid"
	}
	return fmt.Sprintf("state(%d)", int(s))
}

// guard keeps the steps of one fault in order, from any number of goroutines,
// and remembers what is left to undo.
//
//	        Inject              AwaitEffect
//	idle ───────────► injecting ───────────► active
//	 ▲                    │                     │
//	 │                    │ Recover             │ Recover
//	 │ AwaitHealed        ▼                     │
//	 └──────────────── recovering ◄─────────────┘
//	                      ▲ Recover
//	                      │
//	any failed step ──► invalid      (from which only Recover is legal)
//
// A step that is not drawn is refused with ErrStep and changes nothing. A step
// that fails, panics or does not return leads to invalid. Steps exclude each
// other: one that is asked for while another runs waits for it, or for its
// context, and is judged by the state it then finds.
type guard struct {
	fault Fault
	turn  chan struct{} // holds one token while a step runs

	mu     sync.Mutex
	now    state
	failed error // the first step that failed since the fault was last idle
}

func newGuard(f Fault) *guard { return &guard{fault: f, turn: make(chan struct{}, 1)} }

// State is where the fault stands now; during a step, the state it moves to.
func (g *guard) State() state {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.now
}

// Failed is the first failure since the fault was last idle, nil if there was none.
func (g *guard) Failed() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.failed
}

// Inject puts the fault into the system.
func (g *guard) Inject(ctx context.Context) error {
	return g.step(ctx, "inject", g.fault.Inject, injecting, injecting, idle)
}

// AwaitEffect waits until the fault is in effect.
func (g *guard) AwaitEffect(ctx context.Context) error {
	return g.step(ctx, "await effect", g.fault.AwaitEffect, injecting, active, injecting)
}

// Recover takes the fault out of the system.
func (g *guard) Recover(ctx context.Context) error {
	return g.step(ctx, "recover", g.fault.Recover, recovering, recovering, injecting, active, invalid)
}

// AwaitHealed waits until the fault is no longer in effect.
func (g *guard) AwaitHealed(ctx context.Context) error {
	return g.step(ctx, "await healed", g.fault.AwaitHealed, recovering, idle, recovering)
}

// step runs one step: legal in the states from, in state during while it runs,
// in state done when it succeeded.
func (g *guard) step(ctx context.Context, name string, call func(context.Context) error, during, done state, from ...state) error {
	select {
	case g.turn <- struct{}{}: // free: the fault hears of an ended ctx itself
	default:
		select {
		case g.turn <- struct{}{}:
		case <-ctx.Done():
			return fmt.Errorf("%s %s: waiting for another step: %w", name, g.fault.Name(), ctx.Err())
		}
	}
	defer func() { <-g.turn }()

	if err := g.begin(name, during, from); err != nil {
		return err
	}
	err := bounded(ctx, call)
	if err != nil {
		err = fmt.Errorf("%s %s on %s: %w", name, g.fault.Name(), g.fault.Target(), err)
	}
	g.end(done, err)
	return err
}

func (g *guard) begin(name string, during state, from []state) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if slices.Contains(from, g.now) {
		g.now = during
		return nil
	}
	return fmt.Errorf("%s %s: %w: it is %s", name, g.fault.Name(), ErrStep, g.now)
}

func (g *guard) end(done state, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case err != nil:
		g.now = invalid
		if g.failed == nil {
			g.failed = err
		}
	default:
		g.now = done
		if done == idle {
			g.failed = nil
		}
	}
}

// bounded calls and returns the call's error, its panic as an error, or ErrStuck
// when it outlives ctx. Recovery may not hang on a fault that breaks its contract.
func bounded(ctx context.Context, call func(context.Context) error) error {
	result := make(chan error, 1)
	go func() {
		defer func() {
			if v := recover(); v != nil {
				result <- &PanicError{Value: v, Stack: debug.Stack()}
			}
		}()
		result <- call(ctx)
	}()
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
	}
	grace := Patient(ctx, stuckGrace)
	late := time.NewTimer(grace)
	defer late.Stop()
	select {
	case err := <-result:
		return err
	case <-late.C:
		return fmt.Errorf("%w %v after %w", ErrStuck, grace, context.Cause(ctx))
	}
}
