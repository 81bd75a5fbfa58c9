package host

import (
	"context"
	"fmt"

	"oalab/chaos"
)

type restart struct{ fault }

// Restart returns a fault that ends a process gracefully and starts it again at
// once. It is in effect as soon as the new process exists and healed when that
// is ready; its recovery only makes sure that there is one.
func Restart(name string, target chaos.Target, ctl Controller) chaos.Fault {
	return restart{fault{name, target, ctl}}
}

func (f restart) Inject(ctx context.Context) error {
	if err := f.running(ctx); err != nil {
		return err
	}
	if err := f.ctl.Stop(ctx); err != nil {
		return err
	}
	alive, err := f.ctl.Alive(ctx)
	if err != nil {
		return err
	}
	if alive {
		return fmt.Errorf("%s survived its stop: that is no restart", f.target)
	}
	return f.ctl.Start(ctx)
}

func (f restart) AwaitEffect(ctx context.Context) error { return poll(ctx, "started", f.running) }
