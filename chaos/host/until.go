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

// InEffect returns the fault with one more condition for being in effect, such as that
// another host has taken over. look and what are as in Until. The fault's own wait comes first.
func InEffect(f chaos.Fault, what string, look func(ctx context.Context) error) chaos.Fault {
	e := inEffect{f, what, look}
	if l, ok := f.(chaos.Lasting); ok {
		return lastingInEffect{e, l}
	}
	return e
}

type inEffect struct {
	chaos.Fault
	what string
	cond func(context.Context) error
}

func (e inEffect) AwaitEffect(ctx context.Context) error {
	if err := e.Fault.AwaitEffect(ctx); err != nil {
		return err
	}
	return poll(ctx, e.what, e.cond)
}

// lastingInEffect keeps the promise of a fault that is Lasting.
type lastingInEffect struct {
	inEffect
	lasting chaos.Lasting
}

// MinFor is that of the fault.
func (e lastingInEffect) MinFor() time.Duration { return e.lasting.MinFor() }

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
