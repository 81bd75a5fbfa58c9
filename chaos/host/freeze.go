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

// Freeze returns a fault that halts a process with all its connections open; recovery lets
// it go on. The process neither closes nor refuses a connection. Its clients only see that it
// does not answer.
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
	// The freeze may have ended the process, for example through its own watchdog.
	return f.ctl.Start(ctx)
}

func (f freeze) frozen(ctx context.Context) (bool, error) {
	if z, ok := f.ctl.(Freezer); ok {
		return z.Frozen(ctx)
	}
	if err := f.running(ctx); err != nil {
		return false, err
	}
	short, cancel := context.WithTimeout(ctx, chaos.Patient(ctx, frozenSilence))
	defer cancel()
	return f.ctl.Ready(short) != nil && errors.Is(short.Err(), context.DeadlineExceeded), ctx.Err()
}
