package host

import (
	"context"
	"errors"

	"oalab/chaos"
)

// Filler is a Controller of a host one of whose file systems can be filled.
type Filler interface {
	Controller
	// Fill takes all the room that is left in the file system of a folder.
	Fill(ctx context.Context, dir string) error
	// Free gives it back. On a host that is down it does nothing, without an error,
	// as far as the file system does not outlive the host.
	Free(ctx context.Context, dir string) error
	// Full writes a little into the folder and reports whether there was no room.
	Full(ctx context.Context, dir string) (bool, error)
}

type diskFull struct {
	fault
	ctl Filler
	dir string
}

// DiskFull returns a fault that leaves no room in the file system of a folder. It is
// in effect when a write there fails for want of room, and healed when one succeeds
// and the host is ready.
func DiskFull(name string, target chaos.Target, ctl Filler, dir string) chaos.Fault {
	return diskFull{fault{name, target, ctl}, ctl, dir}
}

func (f diskFull) Inject(ctx context.Context) error {
	if err := f.running(ctx); err != nil {
		return err
	}
	return f.ctl.Fill(ctx, f.dir)
}

func (f diskFull) AwaitEffect(ctx context.Context) error { return f.await(ctx, true) }

func (f diskFull) Recover(ctx context.Context) error {
	if err := f.ctl.Free(ctx, f.dir); err != nil {
		return err
	}
	// The full disk may have ended it: a database that cannot write ends itself.
	return f.ctl.Start(ctx)
}

func (f diskFull) AwaitHealed(ctx context.Context) error {
	if err := f.await(ctx, false); err != nil {
		return err
	}
	return f.fault.AwaitHealed(ctx)
}

func (f diskFull) await(ctx context.Context, want bool) error {
	what, not := "a write fails for want of room", "a write succeeds"
	if !want {
		what, not = not, what
	}
	return poll(ctx, what+" in "+f.dir, func(ctx context.Context) error {
		full, err := f.ctl.Full(ctx, f.dir)
		if err == nil && full != want {
			err = errors.New(not)
		}
		return err
	})
}
