package host

import (
	"context"
	"fmt"

	"oalab/chaos"
)

// HaltInside returns a fault that halts all processes of a name inside a host, which itself
// goes on; recovery lets them go on. It is in effect as soon as the kernel has the signal.
// Without such a process it fails with ErrDown.
func HaltInside(name string, target chaos.Target, ctl Insider, process string) chaos.Fault {
	return haltInside{chaos.Noop{As: name, On: target}, ctl, process}
}

type haltInside struct {
	chaos.Noop
	ctl     Insider
	process string
}

// Inject halts them.
func (f haltInside) Inject(ctx context.Context) error {
	pids, err := f.ctl.Pids(ctx, f.process)
	if err != nil {
		return err
	}
	if len(pids) == 0 {
		return fmt.Errorf("halt %s on %s: %w", f.process, f.On, ErrDown)
	}
	return f.ctl.Signal(ctx, "STOP", f.process)
}

// Recover lets them go on. It is no error if there are none.
func (f haltInside) Recover(ctx context.Context) error {
	return f.ctl.Signal(ctx, "CONT", f.process)
}
