package host

import (
	"context"
	"fmt"
	"math"

	"oalab/chaos"
)

// Limiter is a Controller of a host whose resources can be limited while it runs. In
// all methods 0 stands for no limit.
type Limiter interface {
	Controller
	// LimitCPU bounds its processor time, in processors' worth.
	LimitCPU(ctx context.Context, cpus float64) error
	// CPULimit is the bound that the kernel holds it to now.
	CPULimit(ctx context.Context) (cpus float64, err error)
	// LimitMemory bounds its memory without swap, in MiB. The kernel kills processes
	// of a host that needs more; one that cannot be brought below is an error.
	LimitMemory(ctx context.Context, mib int64) error
	// MemoryLimit is the bound that the kernel holds it to now.
	MemoryLimit(ctx context.Context) (mib int64, err error)
}

// bound is a fault that sets one figure and sets it back. The figure before is read
// once, so that a recovery of a half-way injection knows where to go back to.
type bound struct {
	fault
	what   string
	value  float64
	get    func(context.Context) (float64, error)
	set    func(context.Context, float64) error
	before *float64
}

// CPULimit returns a fault that gives a host only so much processor time, such as 0.1
// of a processor: a host that is slow and not dead. It is in effect when the kernel
// shows the limit, and healed when it shows the one before and the host is ready.
func CPULimit(name string, target chaos.Target, ctl Limiter, cpus float64) chaos.Fault {
	return &bound{
		fault: fault{name, target, ctl}, what: "CPU limit", value: cpus,
		get: ctl.CPULimit, set: ctl.LimitCPU,
	}
}

// MemoryLimit returns a fault that gives a host only so much memory, in MiB. It is in
// effect when the kernel shows the limit, and healed when it shows the one before and
// the host is ready; a host that died of it is started again.
func MemoryLimit(name string, target chaos.Target, ctl Limiter, mib int64) chaos.Fault {
	return &bound{
		fault: fault{name, target, ctl}, what: "memory limit in MiB", value: float64(mib),
		get: func(ctx context.Context) (float64, error) {
			v, err := ctl.MemoryLimit(ctx)
			return float64(v), err
		},
		set: func(ctx context.Context, v float64) error { return ctl.LimitMemory(ctx, int64(v)) },
	}
}

func (f *bound) Inject(ctx context.Context) error {
	if err := f.running(ctx); err != nil {
		return err
	}
	before, err := f.get(ctx)
	if err != nil {
		return err
	}
	f.before = &before
	return f.set(ctx, f.value)
}

func (f *bound) AwaitEffect(ctx context.Context) error { return f.await(ctx, f.value) }

func (f *bound) Recover(ctx context.Context) error {
	if f.before != nil {
		if err := f.set(ctx, *f.before); err != nil {
			return err
		}
	}
	return f.ctl.Start(ctx)
}

func (f *bound) AwaitHealed(ctx context.Context) error {
	if f.before != nil {
		if err := f.await(ctx, *f.before); err != nil {
			return err
		}
	}
	return f.fault.AwaitHealed(ctx)
}

// await waits until the kernel shows a limit; it rounds.
func (f *bound) await(ctx context.Context, want float64) error {
	return poll(ctx, fmt.Sprintf("%s is %g", f.what, want), func(ctx context.Context) error {
		got, err := f.get(ctx)
		if err == nil && math.Abs(got-want) > 0.001 {
			err = fmt.Errorf("the %s is %g", f.what, got)
		}
		return err
	})
}
