package host

import (
	"context"

	"oalab/chaos"
)

type stop struct{ fault }

// Stop returns a fault that ends a process gracefully and keeps it down;
// recovery starts it again. A process that had to be killed fails the injection:
// that was another fault.
func Stop(name string, target chaos.Target, ctl Controller) chaos.Fault {
	return stop{fault{name, target, ctl}}
}

func (f stop) Inject(ctx context.Context) error {
	if err := f.running(ctx); err != nil {
		return err
	}
	return f.ctl.Stop(ctx)
}

func (f stop) AwaitEffect(ctx context.Context) error { return f.down(ctx) }
