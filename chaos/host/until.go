package host

import (
	"context"
	"time"

	"oalab/chaos"
)

type until struct {
	chaos.Fault
	what string
	cond func(context.Context) error
}

// Until returns the fault with one more condition of being healed, such as that the
// virtual address is home again: look makes one observation and returns nil when it
// holds, and what says what is waited for. It is asked after the fault's own wait.
func Until(f chaos.Fault, what string, look func(ctx context.Context) error) chaos.Fault {
	u := until{f, what, look}
	if l, ok := f.(chaos.Lasting); ok {
		return lastingUntil{u, l}
	}
	return u
}

func (u until) AwaitHealed(ctx context.Context) error {
	if err := u.Fault.AwaitHealed(ctx); err != nil {
		return err
	}
	return poll(ctx, u.what, u.cond)
}

// lastingUntil keeps the promise of a fault that is Lasting.
type lastingUntil struct {
	until
	lasting chaos.Lasting
}

// MinFor is that of the fault.
func (u lastingUntil) MinFor() time.Duration { return u.lasting.MinFor() }
