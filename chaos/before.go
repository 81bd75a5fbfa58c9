package chaos

import (
	"context"
	"errors"
	"sync"
)

// BeforeRecovery returns the fault with an act that is carried out once, while the fault is
// still in the system: before its first Recover. The fault recovers also if the act fails.
// An error of the act is an error of every Recover, so that its window tells it.
func BeforeRecovery(f Fault, act func(context.Context) error) Fault {
	return &beforeRecovery{Fault: f, act: act}
}

type beforeRecovery struct {
	Fault
	act  func(context.Context) error
	once sync.Once
	err  error
}

// Recover acts at its first call only.
func (f *beforeRecovery) Recover(ctx context.Context) error {
	f.once.Do(func() { f.err = f.act(ctx) })
	return errors.Join(f.err, f.Fault.Recover(ctx))
}
