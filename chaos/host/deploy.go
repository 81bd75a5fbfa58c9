package host

import (
	"context"

	"oalab/chaos"
)

// Deploy returns the deployment of a server, which clients must not notice: out takes it out
// of the load balancers' lists, it is stopped gracefully and started, and in puts it back
// once it is ready.
func Deploy(name string, target chaos.Target, ctl Controller, out, in func(context.Context) error) chaos.Fault {
	return deployment{Stop(name, target, ctl), out, in}
}

type deployment struct {
	chaos.Fault
	out, in func(context.Context) error
}

// Inject takes the server out of the lists first.
func (d deployment) Inject(ctx context.Context) error {
	if err := d.out(ctx); err != nil {
		return err
	}
	return d.Fault.Inject(ctx)
}

// AwaitHealed lets the server back in once it is ready.
func (d deployment) AwaitHealed(ctx context.Context) error {
	if err := d.Fault.AwaitHealed(ctx); err != nil {
		return err
	}
	return d.in(ctx)
}
