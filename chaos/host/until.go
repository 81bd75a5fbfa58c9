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

// Until returns the fault with one more condition for being healed, such as that the
// virtual address is home again. look makes one observation and returns nil when the
// condition holds. what names the condition in errors. The fault's own wait comes first.
func Until(f chaos.Fault, what string, look func(ctx context.Context) error) chaos.Fault {
	u := until{f, what, look}
	if l, ok := f.(chaos.Lasting); ok {
		return lastingUntil{u, l}
	}
	return u
}

// Await looks until look returns nil or ctx ends; then its error says what was last seen.
func Await(ctx context.Context, what string, look func(ctx context.Context) error) error {
	return poll(ctx, what, look)
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
