package host

import (
	"context"
	"fmt"
	"slices"

	"oalab/chaos"
)

// Insider is a Controller of a host that lets the harness act on the processes in it.
type Insider interface {
	Controller
	// Pids are the processes inside that have a name (at most 15 bytes are
	// compared, as the kernel keeps no more). Zombies do not count.
	Pids(ctx context.Context, process string) ([]int, error)
	// Signal sends a signal, such as "KILL", to all of a name; none is no error.
	Signal(ctx context.Context, signal, process string) error
	// Run runs a command inside and returns when it has ended. Daemons that the command
	// started may go on. An exit status other than 0 is an error with its output.
	Run(ctx context.Context, command ...string) error
}

type killInside struct {
	fault
	ctl     Insider
	process string
	start   []string
	victims []int // set by Inject
}

// KillInside returns a fault that kills all processes of a name inside a host, which
// itself goes on. It is in effect when those that ran are gone, although something
// inside may have started others by then. Recovery runs the command start, unless
// the process is there again or no command is given; it is healed when a process of
// that name runs and the host is ready.
func KillInside(name string, target chaos.Target, ctl Insider, process string, start ...string) chaos.Fault {
	return &killInside{fault: fault{name, target, ctl}, ctl: ctl, process: process, start: start}
}

func (f *killInside) Inject(ctx context.Context) error {
	if err := f.running(ctx); err != nil {
		return err
	}
	pids, err := f.ctl.Pids(ctx, f.process)
	if err != nil {
		return err
	}
	if len(pids) == 0 {
		return fmt.Errorf("%s: %w", f.process, ErrDown)
	}
	f.victims = pids
	return f.ctl.Signal(ctx, "KILL", f.process)
}

func (f *killInside) AwaitEffect(ctx context.Context) error {
	return poll(ctx, f.process+" is dead", func(ctx context.Context) error {
		pids, err := f.ctl.Pids(ctx, f.process)
		if err != nil {
			return err
		}
		for _, pid := range pids {
			if slices.Contains(f.victims, pid) {
				return fmt.Errorf("%s is still there as process %d", f.process, pid)
			}
		}
		return nil
	})
}

func (f *killInside) Recover(ctx context.Context) error {
	// The fault may have ended the whole host. Then the start of the host also starts the
	// process.
	alive, err := f.ctl.Alive(ctx)
	if err != nil {
		return err
	}
	if !alive {
		return f.ctl.Start(ctx)
	}
	pids, err := f.ctl.Pids(ctx, f.process)
	if err != nil || len(pids) > 0 || len(f.start) == 0 {
		return err
	}
	return f.ctl.Run(ctx, f.start...)
}

func (f *killInside) AwaitHealed(ctx context.Context) error {
	return poll(ctx, f.process+" runs and its host is ready", func(ctx context.Context) error {
		pids, err := f.ctl.Pids(ctx, f.process)
		if err != nil {
			return err
		}
		if len(pids) == 0 {
			return fmt.Errorf("%s: %w", f.process, ErrDown)
		}
		return f.ctl.Ready(ctx)
	})
}
