package chaos

import "context"

// Noop is a fault that does nothing and is in effect at once. It is the fault of
// control arms and the start of every new one: embed it and override. Its zero
// value is usable.
type Noop struct {
	As string // name; empty means "noop"
	On Target // target; empty means "nothing"
}

// Name returns As, or "noop".
func (n Noop) Name() string {
	if n.As == "" {
		return "noop"
	}
	return n.As
}

// Target returns On, or "nothing".
func (n Noop) Target() Target {
	if n.On == "" {
		return "nothing"
	}
	return n.On
}

// Inject does nothing.
func (Noop) Inject(context.Context) error { return nil }

// AwaitEffect returns at once.
func (Noop) AwaitEffect(context.Context) error { return nil }

// Recover does nothing.
func (Noop) Recover(context.Context) error { return nil }

// AwaitHealed returns at once.
func (Noop) AwaitHealed(context.Context) error { return nil }
