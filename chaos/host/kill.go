package host

import (
	"context"
	"time"

	"oalab/chaos"
)

// MinDown is how long Kill keeps its process down at least.
const MinDown = 2 * time.Second

type kill struct{ fault }

// Kill returns a fault that kills a process without notice and keeps it down for
// the whole length of its entry, counted from when it was seen dead and at least
// MinDown; recovery starts it again.
func Kill(name string, target chaos.Target, ctl Controller) chaos.Fault {
	return kill{fault{name, target, ctl}}
}

// MinFor makes it a chaos.Lasting fault.
func (kill) MinFor() time.Duration { return MinDown }

func (f kill) Inject(ctx context.Context) error {
	if err := f.running(ctx); err != nil {
		return err
	}
	return f.ctl.Kill(ctx)
}

func (f kill) AwaitEffect(ctx context.Context) error { return f.down(ctx) }
