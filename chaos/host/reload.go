package host

import (
	"context"
	"errors"
	"slices"

	"oalab/chaos"
)

type reload struct {
	fault
	ctl     Insider
	process string
	command []string
	before  []int // set by Inject
}

// Reload returns a fault that lets a daemon inside a host read its configuration
// again, by a command. It is in effect when a process of the daemon runs that did not
// run before; there is nothing to recover, and it is healed while the host is ready.
func Reload(name string, target chaos.Target, ctl Insider, process string, command ...string) chaos.Fault {
	return &reload{fault: fault{name, target, ctl}, ctl: ctl, process: process, command: command}
}

func (f *reload) Inject(ctx context.Context) error {
	if err := f.running(ctx); err != nil {
		return err
	}
	pids, err := f.ctl.Pids(ctx, f.process)
	if err != nil {
		return err
	}
	f.before = pids
	return f.ctl.Run(ctx, f.command...)
}

func (f *reload) AwaitEffect(ctx context.Context) error {
	return poll(ctx, "a new "+f.process+" runs", func(ctx context.Context) error {
		pids, err := f.ctl.Pids(ctx, f.process)
		if err != nil {
			return err
		}
		for _, pid := range pids {
			if !slices.Contains(f.before, pid) {
				return nil
			}
		}
		return errors.New("only those from before run")
	})
}
