package container

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"oalab/chaos"
)

// removeTimeout bounds the removal of what a failed start has made.
const removeTimeout = time.Minute

// starters is how many hosts are made and started at once.
const starters = 4

// Start makes and starts hosts in parallel and returns them, in the order of their
// specs, when all are ready. The first error ends the others, and everything that
// was made is removed before Start returns it.
func (n *Network) Start(ctx context.Context, specs ...Spec) ([]*Host, error) {
	if err := distinct(specs); err != nil {
		return nil, err
	}
	hosts := make([]*Host, len(specs))
	g, gctx := errgroup.WithContext(ctx)
	// Making and starting is the daemon's work; waiting costs nothing and has no limit.
	slots := make(chan struct{}, starters)
	for i, s := range specs {
		g.Go(func() error {
			var err error
			if hosts[i], err = n.started(gctx, s, slots); err != nil {
				return err
			}
			return hosts[i].WaitReady(gctx)
		})
	}
	err := g.Wait()
	if err == nil {
		return hosts, nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), chaos.Patient(ctx, removeTimeout))
	defer cancel()
	var r errgroup.Group
	errs := make([]error, len(hosts))
	for i, h := range hosts {
		if h != nil {
			r.Go(func() error { errs[i] = h.Remove(ctx); return nil })
		}
	}
	_ = r.Wait()
	return nil, errors.Join(append([]error{err}, errs...)...)
}

// started makes one host and starts it. A host comes back with an error too, when
// there is one to remove.
func (n *Network) started(ctx context.Context, s Spec, slots chan struct{}) (*Host, error) {
	select {
	case slots <- struct{}{}:
		defer func() { <-slots }()
	case <-ctx.Done():
		return nil, fmt.Errorf("host %s: not made: %w", s.Name, context.Cause(ctx))
	}
	h, err := n.create(ctx, s)
	if err != nil {
		return nil, err
	}
	return h, h.Start(ctx)
}

// distinct refuses two hosts with one name or address.
func distinct(specs []Spec) error {
	seen := map[string]bool{}
	for _, s := range specs {
		for _, what := range []string{"name " + s.Name, "address " + s.Addr.String()} {
			if seen[what] {
				return fmt.Errorf("host %s: two hosts have the %s", s.Name, what)
			}
			seen[what] = true
		}
	}
	return nil
}
