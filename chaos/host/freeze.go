package host

import (
	"context"
	"errors"
	"time"

	"oalab/chaos"
)

// frozenSilence is how long a process that cannot be seen frozen must keep
// silent to count as frozen.
const frozenSilence = 200 * time.Millisecond

type freeze struct{ fault }

// Freeze returns a fault that halts a process with all its connections open;
// recovery lets it go on. It is a process that is slow without end, which its
// clients must find out by themselves.
func Freeze(name string, target chaos.Target, ctl Controller) chaos.Fault {
	return freeze{fault{name, target, ctl}}
}

func (f freeze) Inject(ctx context.Context) error {
	if err := f.running(ctx); err != nil {
		return err
	}
	return f.ctl.Freeze(ctx)
}

func (f freeze) AwaitEffect(ctx context.Context) error {
	return poll(ctx, "frozen", func(ctx context.Context) error {
		frozen, err := f.frozen(ctx)
		if err == nil && !frozen {
			err = errors.New("it goes on")
		}
		return err
	})
}

func (f freeze) Recover(ctx context.Context) error {
	if err := f.ctl.Thaw(ctx); err != nil {
		return err
	}
	// It may have died of the freeze, by a watchdog of its own for example.
	return f.ctl.Start(ctx)
}

func (f freeze) frozen(ctx context.Context) (bool, error) {
	if z, ok := f.ctl.(Freezer); ok {
		return z.Frozen(ctx)
	}
	if err := f.running(ctx); err != nil {
		return false, err
	}
	short, cancel := context.WithTimeout(ctx, frozenSilence)
	defer cancel()
	return f.ctl.Ready(short) != nil && errors.Is(short.Err(), context.DeadlineExceeded), ctx.Err()
}
