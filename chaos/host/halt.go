package host

import (
	"context"
	"errors"
	"fmt"
	"time"

	"oalab/chaos"
)

// thawWithin bounds the end of a halt, also when the fault's step was given up.
const thawWithin = 10 * time.Second

// ThenHalt returns the fault with a halt of another process after it: once the fault is in
// effect and ready returns nil, survivor is frozen for the length. Only then is the whole in
// effect.
func ThenHalt(f chaos.Fault, survivor Controller, ready func(context.Context) error, length time.Duration) chaos.Fault {
	return thenHalt{f, survivor, ready, length}
}

type thenHalt struct {
	chaos.Fault
	survivor Controller
	ready    func(context.Context) error
	length   time.Duration
}

// AwaitEffect waits for the fault and for ready, and carries out the halt.
func (f thenHalt) AwaitEffect(ctx context.Context) (err error) {
	if err := f.Fault.AwaitEffect(ctx); err != nil {
		return err
	}
	if err := f.ready(ctx); err != nil {
		return fmt.Errorf("wait until the survivor has taken over: %w", err)
	}
	if err := f.survivor.Freeze(ctx); err != nil {
		return fmt.Errorf("halt the survivor: %w", err)
	}
	defer func() {
		thaw, cancel := context.WithTimeout(context.WithoutCancel(ctx), thawWithin)
		defer cancel()
		err = errors.Join(err, f.survivor.Thaw(thaw))
	}()
	wait := time.NewTimer(f.length)
	defer wait.Stop()
	select {
	case <-wait.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
