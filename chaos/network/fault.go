package network

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"syscall"
	"time"

	"oalab/chaos"
)

// The looks at a link: how often, and how long one dial may take.
const (
	lookEvery = 2 * time.Millisecond
	dialLimit = time.Second
)

// fault is some toxics on one link.
type fault struct {
	proxies *Proxies
	name    string
	target  chaos.Target
	id      string // unique among the faults of the proxies
	seed    uint64
	toxics  []Toxic
}

// Name is the name the caller gave.
func (f *fault) Name() string { return f.name }

// Target is the link.
func (f *fault) Target() chaos.Target { return f.target }

// Inject puts all toxics into the link.
func (f *fault) Inject(ctx context.Context) error {
	l, err := f.proxies.find(f.target)
	if err != nil {
		return err
	}
	if len(f.toxics) == 0 {
		return errors.New("a fault without a toxic does nothing; use chaos.Noop")
	}
	var add []applied
	for i, t := range f.toxics {
		if err := t.validate(); err != nil {
			return err
		}
		if t.down {
			continue
		}
		if t.kind == latencyType {
			t.attributes = maps.Clone(t.attributes)
			t.attributes["seed"] = f.seed + uint64(i)
		}
		body, err := t.body(f.toxicName(i))
		if err != nil {
			return fmt.Errorf("%v: %w", t, err)
		}
		add = append(add, applied{fault: f.id, name: f.toxicName(i), body: body, bounce: t.bounce})
	}
	return l.put(ctx, f.id, add, f.cuts())
}

// AwaitEffect looks until all toxics are listed in the proxy and, for a cut,
// until a client is refused.
func (f *fault) AwaitEffect(ctx context.Context) error {
	return f.look(ctx, func(l *link) error {
		names := f.names()
		n, err := l.listed(ctx, names)
		switch {
		case err != nil:
			return err
		case n < len(names):
			return fmt.Errorf("%d of %d toxics are in", n, len(names))
		case f.cuts():
			return refused(ctx, l.addr)
		}
		return nil
	})
}

// Recover takes the toxics out of the link.
func (f *fault) Recover(ctx context.Context) error {
	l, err := f.proxies.find(f.target)
	if err != nil {
		return err
	}
	return l.take(ctx, f.id)
}

// AwaitHealed looks until no toxic of the fault is listed and, unless another
// fault has cut the link, until a client is let in.
func (f *fault) AwaitHealed(ctx context.Context) error {
	return f.look(ctx, func(l *link) error {
		n, err := l.listed(ctx, f.names())
		if err != nil {
			return err
		}
		if n > 0 {
			return fmt.Errorf("%d toxics are still in", n)
		}
		if !f.cuts() && !f.bounces() {
			return nil // the listener was never touched: spare the upstream a connection
		}
		cut, err := l.cut(ctx)
		if err != nil || cut {
			return err
		}
		return accepted(ctx, l.addr)
	})
}

func (f *fault) toxicName(i int) string { return fmt.Sprintf("%s-%d", f.id, i) }

// names are the toxics of the fault as Toxiproxy knows them.
func (f *fault) names() []string {
	var names []string
	for i, t := range f.toxics {
		if !t.down {
			names = append(names, f.toxicName(i))
		}
	}
	return names
}

func (f *fault) cuts() bool {
	return slices.ContainsFunc(f.toxics, func(t Toxic) bool { return t.down })
}

func (f *fault) bounces() bool {
	return slices.ContainsFunc(f.toxics, func(t Toxic) bool { return t.bounce })
}

// look repeats one look until it is content or ctx ends.
func (f *fault) look(ctx context.Context, content func(*link) error) error {
	l, err := f.proxies.find(f.target)
	if err != nil {
		return err
	}
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		err := content(l)
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("link %s: %w; last seen: %w", l.name, ctx.Err(), err)
		}
	}
}

// refused is nil when a client of addr is refused.
func refused(ctx context.Context, addr string) error {
	err := accepted(ctx, addr)
	switch {
	case err == nil:
		return errors.New("it still lets clients in")
	case errors.Is(err, syscall.ECONNREFUSED):
		return nil
	default:
		return err
	}
}

// accepted is nil when a client of addr is let in.
func accepted(ctx context.Context, addr string) error {
	d := net.Dialer{Timeout: chaos.Patient(ctx, dialLimit)}
	c, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	return c.Close()
}
