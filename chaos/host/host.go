// Package host owns the faults that hit a whole process or host (CHA-2), against
// anything that a Controller can control: kill, stop, freeze and restart; and, where
// it has the power for it, off the network, short of processor, memory or disk, and
// without one of its processes. Process is the controller of a child process.
package host

import (
	"context"
	"errors"
	"fmt"
	"time"

	"oalab/chaos"
)

// Controller is the power over one process or host. Kill, Stop and Start return
// when what they say is done; each does nothing, without an error, when it is
// done already. Every method returns when ctx ends. It must be safe for use by
// several goroutines.
type Controller interface {
	// Kill ends it without notice (SIGKILL).
	Kill(ctx context.Context) error
	// Stop asks it to end, and kills it when that takes too long. The kill is an error,
	// although the process is down.
	Stop(ctx context.Context) error
	// Freeze halts it at once (SIGSTOP).
	Freeze(ctx context.Context) error
	// Thaw lets it go on after Freeze (SIGCONT).
	Thaw(ctx context.Context) error
	// Start starts it if it is down, and does not wait until it is ready.
	Start(ctx context.Context) error
	// Alive reports whether it exists; a frozen one does, a zombie does not.
	Alive(ctx context.Context) (bool, error)
	// Ready makes one observation and returns nil if it does its work.
	Ready(ctx context.Context) error
}

// Freezer is an optional power of a Controller: to see from outside whether it
// is frozen. Without it, a freeze is seen by Ready getting no answer.
type Freezer interface {
	Frozen(ctx context.Context) (bool, error)
}

// ErrDown is wrapped by the Inject error of a fault that needs a living process.
var ErrDown = errors.New("it is not running")

// pollEvery is the pause between two looks at a process.
const pollEvery = 5 * time.Millisecond

// lookLimit bounds one look. A request to an address that moves meanwhile gets neither an
// answer nor an error. A slow machine takes a second to start a program in a host.
const lookLimit = 3 * time.Second

// fault is what all faults of this package share.
type fault struct {
	name   string
	target chaos.Target
	ctl    Controller
}

// Name is the name the caller gave.
func (f fault) Name() string { return f.name }

// Target is the target the caller gave.
func (f fault) Target() chaos.Target { return f.target }

// running returns ErrDown unless the process exists. Otherwise a fault on a dead process
// would count as one in effect.
func (f fault) running(ctx context.Context) error {
	alive, err := f.ctl.Alive(ctx)
	if err != nil {
		return err
	}
	if !alive {
		return ErrDown
	}
	return nil
}

// Recover starts the process if it is down.
func (f fault) Recover(ctx context.Context) error { return f.ctl.Start(ctx) }

// AwaitHealed waits until the process is ready.
func (f fault) AwaitHealed(ctx context.Context) error { return poll(ctx, "ready", f.ctl.Ready) }

// down waits until the process no longer exists.
func (f fault) down(ctx context.Context) error {
	return poll(ctx, "down", func(ctx context.Context) error {
		alive, err := f.ctl.Alive(ctx)
		if err == nil && alive {
			err = errors.New("it is still there")
		}
		return err
	})
}

// poll looks until look returns nil or ctx ends; then it returns what it last saw.
func poll(ctx context.Context, what string, look func(context.Context) error) error {
	var last error
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		short, cancel := context.WithTimeout(ctx, chaos.Patient(ctx, lookLimit))
		err := look(short)
		cancel()
		if err == nil {
			return nil
		}
		if ctx.Err() == nil || last == nil {
			last = err // an observation that ctx cut off says less than the one before
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("waiting until %s: %w; last seen: %w", what, ctx.Err(), last)
		}
	}
}
