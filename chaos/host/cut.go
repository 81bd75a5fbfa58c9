package host

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"oalab/chaos"
)

// Direction is the way of the packets that a cut stops, as the host sees it.
type Direction int

// The directions. A host that receives and cannot send (Out) is as unreachable as one that
// sends and cannot receive (In), but the two hosts draw different conclusions.
const (
	Both Direction = iota
	In
	Out
)

// Link is the part of a host's network that a cut takes away. The zero value is all
// of it, both ways.
type Link struct {
	Direction Direction
	// Peers are the hosts at its other ends; none means every host.
	Peers []netip.Addr
}

// Cutter is a Controller of a host that can be taken off its network. Cut and Join work in
// every state of the host, also if it hangs, is frozen or down.
type Cutter interface {
	Controller
	// Cut takes a link away under a name; cuts of different names add up, one of a
	// name that is there replaces it. A cut outlives a restart of the host.
	Cut(ctx context.Context, name string, l Link) error
	// Join takes the cut of a name back; one that is not there is no error.
	Join(ctx context.Context, name string) error
	// Addr is the host's address.
	Addr() netip.Addr
	// Reach makes one observation: whether packets get from the host to a peer and
	// back. The zero address stands for the harness, which then looks from outside.
	Reach(ctx context.Context, peer netip.Addr) (bool, error)
}

type cut struct {
	fault
	ctl  Cutter
	link Link
}

// Cut returns a fault that takes a host off the network, or one link of it away.
// It is in effect when nothing gets through any more, seen from the harness, or from
// the host to each peer of the link; it is healed when all of them are reached again
// and the host is ready. A host that is restarted in between stays cut.
func Cut(name string, target chaos.Target, ctl Cutter, link Link) chaos.Fault {
	return cut{fault{name, target, ctl}, ctl, link}
}

func (f cut) Inject(ctx context.Context) error {
	if err := f.running(ctx); err != nil {
		return err
	}
	return f.ctl.Cut(ctx, f.id(), f.link)
}

// id tells this cut from others of the same host.
func (f fault) id() string { return fmt.Sprintf("%s on %s", f.name, f.target) }

func (f cut) AwaitEffect(ctx context.Context) error {
	return poll(ctx, "unreachable", func(ctx context.Context) error { return reached(ctx, f.ctl, false, f.ends()...) })
}

func (f cut) Recover(ctx context.Context) error {
	if err := f.ctl.Join(ctx, f.id()); err != nil {
		return err
	}
	// The cut may have ended the host: some daemons end themselves when they are alone.
	return f.ctl.Start(ctx)
}

func (f cut) AwaitHealed(ctx context.Context) error {
	return poll(ctx, "reachable and ready", func(ctx context.Context) error {
		if err := reached(ctx, f.ctl, true, f.ends()...); err != nil {
			return err
		}
		return f.ctl.Ready(ctx)
	})
}

// ends are the peers to look at: those of the link, or the harness.
func (f cut) ends() []netip.Addr {
	if len(f.link.Peers) > 0 {
		return f.link.Peers
	}
	return []netip.Addr{{}}
}

// reached looks once at each peer, and is nil if all are reached, or none is.
func reached(ctx context.Context, c Cutter, want bool, peers ...netip.Addr) error {
	for _, peer := range peers {
		got, err := c.Reach(ctx, peer)
		if err != nil {
			return err
		}
		if got == want {
			continue
		}
		with := "the harness"
		if peer.IsValid() {
			with = peer.String()
		}
		if got {
			return fmt.Errorf("%s and %s reach each other", c.Addr(), with)
		}
		return fmt.Errorf("%s and %s do not reach each other", c.Addr(), with)
	}
	return nil
}

type split struct {
	fault
	pair [2]Cutter
}

// Split returns a fault that cuts the link between two hosts, both ways and at both ends.
// All other hosts still reach both. For each of the two the other one is gone. It
// is in effect when neither reaches the other. It is healed when both reach each other and
// are ready. If the pair must also agree on something again, add that condition with Until.
func Split(name string, target chaos.Target, a, b Cutter) chaos.Fault {
	return split{fault{name, target, a}, [2]Cutter{a, b}}
}

func (f split) Inject(ctx context.Context) error {
	return f.both(func(own, other Cutter) error {
		if err := (fault{ctl: own}).running(ctx); err != nil {
			return fmt.Errorf("%s: %w", own.Addr(), err)
		}
		return own.Cut(ctx, f.id(), Link{Peers: []netip.Addr{other.Addr()}})
	})
}

func (f split) AwaitEffect(ctx context.Context) error {
	return poll(ctx, "split", func(ctx context.Context) error {
		return f.both(func(own, other Cutter) error { return reached(ctx, own, false, other.Addr()) })
	})
}

// Recover joins both, also if the first cannot be joined.
func (f split) Recover(ctx context.Context) error {
	var errs []error
	for _, c := range f.pair {
		err := c.Join(ctx, f.id())
		if err == nil {
			err = c.Start(ctx)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (f split) AwaitHealed(ctx context.Context) error {
	return poll(ctx, "joined and ready", func(ctx context.Context) error {
		return f.both(func(own, other Cutter) error {
			if err := reached(ctx, own, true, other.Addr()); err != nil {
				return err
			}
			return own.Ready(ctx)
		})
	})
}

// both does the same at both ends and stops at the first error.
func (f split) both(do func(own, other Cutter) error) error {
	if err := do(f.pair[0], f.pair[1]); err != nil {
		return err
	}
	return do(f.pair[1], f.pair[0])
}
