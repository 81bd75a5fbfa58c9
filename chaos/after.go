package chaos

import (
	"context"
	"errors"
	"time"
)

// After returns the fault with another one before it: first is injected, then, after the
// gap, the fault itself. Only the effect of the fault itself is awaited. Both are recovered,
// the fault itself first, and only the fault itself is seen healed.
func After(first Fault, gap time.Duration, f Fault) Fault { return followed{f, first, gap} }

type followed struct {
	Fault
	first Fault
	gap   time.Duration
}

// Inject injects the first, waits, and injects the fault itself.
func (f followed) Inject(ctx context.Context) error {
	if err := f.first.Inject(ctx); err != nil {
		return err
	}
	wait := time.NewTimer(f.gap)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	return f.Fault.Inject(ctx)
}

// Recover recovers both, also if one of them fails.
func (f followed) Recover(ctx context.Context) error {
	return errors.Join(f.Fault.Recover(ctx), f.first.Recover(ctx))
}
