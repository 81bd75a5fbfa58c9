package container

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"oalab/chaos/host"
)

// pair starts two hosts.
func pair(t *testing.T) (a, b *Host) {
	t.Helper()
	_, hosts := up(t, func(n *Network) []Spec {
		one, two := spec(t, n, "one", 11), spec(t, n, "two", 12)
		one.Tmpfs = map[string]int64{"/small": 1 << 20}
		return []Spec{one, two}
	})
	return hosts[0], hosts[1]
}

// reach fails the test unless what is reached is what should be. A cut is in force at
// once; after one the question for a lost hardware address is asked again only each
// second.
func reach(t *testing.T, h *Host, peer netip.Addr, want bool) {
	t.Helper()
	ctx := limit(t, 10*time.Second)
	look := func(ctx context.Context) error {
		got, err := h.Reach(ctx, peer)
		if err == nil && got != want {
			err = fmt.Errorf("%s reaches %v: %t, want %t", h.Name(), peer, got, want)
		}
		return err
	}
	if !want {
		must(t, look(ctx))
		return
	}
	must(t, poll(ctx, "reached", look))
}

// Cuts in every state of a host, one way and both, of all and of one peer.
func TestCut(t *testing.T) {
	a, b := pair(t)
	ctx := limit(t, 2*time.Minute)
	harness := netip.Addr{}
	reach(t, a, harness, true)
	reach(t, a, b.Addr(), true)
	must(t, a.Run(ctx, "getent", "hosts", b.Name()))

	took(t, "cut", func(ctx context.Context) error { return a.Cut(ctx, "all", host.Link{}) })
	reach(t, a, harness, false)
	reach(t, a, b.Addr(), false)
	reach(t, b, a.Addr(), false)
	reach(t, b, harness, true)
	took(t, "join", func(ctx context.Context) error { return a.Join(ctx, "all") })
	reach(t, a, harness, true)

	// One way only: it hears and is not heard, or the other way round. An address is asked
	// for by broadcast, so the hosts that hear it show the direction.
	for _, d := range []host.Direction{host.In, host.Out} {
		must(t, a.Cut(ctx, "way", host.Link{Direction: d}))
		reach(t, a, harness, false)
		reach(t, a, b.Addr(), false)
		if got, want := a.heardBy(t, b), d == host.In; got != want {
			t.Errorf("with direction %d cut, %s hears %s: %t, want %t", d, b.Name(), a.Name(), got, want)
		}
		must(t, a.Join(ctx, "way"))
	}

	// One peer only, and two cuts of one host at once.
	must(t, a.Cut(ctx, "peer", host.Link{Peers: []netip.Addr{b.Addr()}}))
	must(t, a.Cut(ctx, "gateway", host.Link{Peers: []netip.Addr{a.network.Gateway()}}))
	reach(t, a, harness, false)
	must(t, a.Join(ctx, "gateway"))
	reach(t, a, harness, true)
	reach(t, a, b.Addr(), false)
	reach(t, b, a.Addr(), false)

	// Down and up again it is still cut, from its first instruction on.
	must(t, a.Kill(ctx))
	must(t, a.Start(ctx))
	reach(t, a, b.Addr(), false)
	reach(t, a, harness, true)
	// Joined and cut anew while it is down, it starts as it should be then.
	must(t, a.Kill(ctx))
	must(t, a.Join(ctx, "peer"))
	must(t, a.Cut(ctx, "down", host.Link{Peers: []netip.Addr{a.network.Gateway()}}))
	must(t, a.Start(ctx))
	reach(t, a, harness, false)
	reach(t, a, b.Addr(), true)
	must(t, a.Join(ctx, "down"))
	reach(t, a, harness, true)

	// A frozen host can be cut and joined, too.
	must(t, a.Freeze(ctx))
	reach(t, a, harness, true)
	took(t, "cut frozen", func(ctx context.Context) error { return a.Cut(ctx, "frozen", host.Link{}) })
	reach(t, a, harness, false)
	took(t, "join frozen", func(ctx context.Context) error { return a.Join(ctx, "frozen") })
	reach(t, a, harness, true)
	must(t, a.Thaw(ctx))
	if got := a.Cuts(); len(got) > 0 {
		t.Errorf("cuts left: %v", got)
	}
	r, err := a.Exec(ctx, "nft", "list", "tables")
	must(t, err)
	if strings.Contains(r.Output, "oalab") {
		t.Errorf("tables left: %s", r.Output)
	}
}

// heardBy reports whether packets of h arrive at the peer: the peer learns h's
// hardware address from the question for its own, which needs no answer.
func (h *Host) heardBy(t *testing.T, peer *Host) bool {
	t.Helper()
	ctx := limit(t, 20*time.Second)
	for _, each := range []*Host{h, peer} {
		must(t, each.Run(ctx, "ip", "neigh", "flush", "dev", networkDevice))
	}
	reach(t, h, peer.Addr(), false)
	r, err := peer.Exec(ctx, "ip", "neigh", "show", "to", h.Addr().String())
	must(t, err)
	return strings.Contains(r.Output, hardwareAddr(h.Addr()).String())
}
