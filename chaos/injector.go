package chaos

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"
)

// ErrAborted is wrapped by the error of a Run that Abort ended.
var ErrAborted = errors.New("schedule aborted")

// ErrUsed is returned by a second Run of one Injector.
var ErrUsed = errors.New("an injector runs its schedule once; make a new one")

// Options are the bounds and the listeners of an Injector. The zero value is usable.
type Options struct {
	// StepTimeout bounds each single step of a fault; 0 means 30 s. Both time-outs are
	// longer by the Patience of the context of Run.
	StepTimeout time.Duration
	// RecoverTimeout bounds the recovery of one fault with all its repetitions;
	// 0 means twice StepTimeout.
	RecoverTimeout time.Duration
	// Serial lets no two entries overlap: each waits, past its time if need be, until the
	// one before has healed. A late one has its whole length.
	Serial bool
	// Settle is the time from the end of an entry until the next one begins that had to
	// wait for it, with Serial; 0 means none.
	Settle time.Duration
	// OnActive is told when a fault was seen in effect: From is set, To is zero.
	OnActive func(Window)
	// OnWindow is told when a window is over, however it ended. Calls of both
	// listeners never overlap; a panic in one ends the schedule like one in a fault.
	OnWindow func(Window)
	// Log gets a line for each step that failed; nil is silent.
	Log *slog.Logger
}

// Injector runs one schedule and always recovers (CHA-3).
type Injector struct {
	schedule Schedule
	options  Options
	abort    chan struct{}
	aborting sync.Once
	started  sync.Once

	telling chan struct{} // held by the listener that is being told
}

// NewInjector returns an injector for one run of a schedule, which Run validates.
func NewInjector(s Schedule, o Options) *Injector {
	if o.StepTimeout <= 0 {
		o.StepTimeout = 30 * time.Second
	}
	if o.RecoverTimeout <= 0 {
		o.RecoverTimeout = 2 * o.StepTimeout
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Injector{schedule: s, options: o, abort: make(chan struct{}), telling: make(chan struct{}, 1)}
}

// Abort ends the schedule now: what is in effect is recovered, what was not yet
// injected never is. It returns at once; Run returns when all is recovered. It
// may be called at any time, from anywhere, any number of times.
func (in *Injector) Abort() { in.aborting.Do(func() { close(in.abort) }) }

// Run injects each entry at base+At, waits until it is in effect, recovers it at
// base+At+For (for a Lasting fault For after it was in effect, if that is later)
// and waits until it is healed. Entries overlap as planned; those of one fault on
// one target (with Options.Serial all) follow each other, and one whose predecessor
// did not heal is not injected.
//
// When ctx ends, Abort is called or a fault panics, everything that was injected
// is recovered before Run returns, in a context of its own that RecoverTimeout
// bounds. A recovery that fails is repeated within that bound.
//
// Run returns one window per entry, in the order of the schedule, and the joined
// errors: what ended the schedule early and each Window.Err.
func (in *Injector) Run(ctx context.Context, base time.Time) ([]Window, error) {
	first := false
	in.started.Do(func() { first = true })
	if !first {
		return nil, ErrUsed
	}
	if err := in.schedule.Validate(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	over := make(chan struct{})
	defer close(over)
	go func() {
		select {
		case <-in.abort:
			cancel(ErrAborted)
		case <-over:
		}
	}()

	r := &run{Injector: in, base: base, windows: make([]Window, len(in.schedule)), cancel: cancel}
	var lanes sync.WaitGroup
	for _, lane := range in.lanes() {
		lanes.Go(func() { r.lane(ctx, lane) })
	}
	lanes.Wait()

	errs := []error{context.Cause(ctx)}
	for _, w := range r.windows {
		errs = append(errs, w.Err)
	}
	return r.windows, errors.Join(errs...)
}

// lanes groups the entries by fault and target, or puts all into one, each group by start.
func (in *Injector) lanes() map[key][]int {
	lanes := make(map[key][]int)
	for i, e := range in.schedule {
		k := e.key()
		if in.options.Serial {
			k = key{}
		}
		lanes[k] = append(lanes[k], i)
	}
	for _, lane := range lanes {
		sortByStart(in.schedule, lane)
	}
	return lanes
}

// tell calls a listener; its panic may not keep a fault from being recovered.
func (r *run) tell(listener func(Window), w Window) {
	if listener == nil {
		return
	}
	r.telling <- struct{}{}
	defer func() { <-r.telling }()
	defer func() {
		if v := recover(); v != nil {
			r.cancel(fmt.Errorf("listener of %s: %w", w.Fault, &PanicError{Value: v, Stack: debug.Stack()}))
		}
	}()
	listener(w)
}
