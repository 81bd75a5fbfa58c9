package container

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
)

// The lab's networks are /24s of the range that is reserved for benchmarks (RFC 2544).
// Therefore a load cannot reach a host outside the lab.
var (
	labRange   = netip.MustParsePrefix("198.18.0.0/15")
	subnetBits = 24
)

// Docker gives dynamic addresses out of the last quarter of a network only. Those
// before are for the static addresses of hosts and for virtual ones.
const firstDynamic = 192

// Network is a bridge with hosts on it. Its gateway is this machine, so what this
// process listens on there is reachable for the hosts, and their addresses are
// reachable from here. Safe for concurrent use.
type Network struct {
	engine *Engine
	name   string
	id     string
	subnet netip.Prefix
}

// Network makes a network on the next free /24 of 198.18.0.0/15. The name tells the
// networks of a run apart; it may hold letters, digits and "_.-". A daemon whose
// networks are not on this machine gives an *UnavailableError.
func (e *Engine) Network(ctx context.Context, name string) (*Network, error) {
	full := e.name(name)
	taken, err := e.taken(ctx, full)
	if err != nil {
		return nil, err
	}
	for subnet := netip.PrefixFrom(labRange.Addr(), subnetBits); labRange.Overlaps(subnet); subnet = next(subnet) {
		if overlaps(taken, subnet) {
			continue
		}
		n := &Network{engine: e, name: full, subnet: subnet}
		err := n.make(ctx, name)
		if err == nil {
			return n, n.mustBeHere(ctx)
		}
		// Another run may have taken it since.
		if !strings.Contains(err.Error(), "overlap") {
			return nil, fmt.Errorf("make network %s on %s: %w", full, subnet, err)
		}
	}
	return nil, fmt.Errorf("make network %s: every /%d of %s is in use; oalab clean removes what the lab left", full, subnetBits, labRange)
}

// name is the name of a container or network of this run.
func (e *Engine) name(name string) string { return "oalab-" + e.run + "-" + name }

// taken are the networks of the daemon and those that this machine is on. A network
// of the same name is an error: Docker would make a second one.
func (e *Engine) taken(ctx context.Context, name string) ([]netip.Prefix, error) {
	var taken []netip.Prefix
	all, err := e.docker.NetworkList(ctx, client.NetworkListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list the networks: %w", err)
	}
	for _, n := range all.Items {
		if n.Name == name {
			return nil, fmt.Errorf("make network %s: there is one of this name", name)
		}
		for _, c := range n.IPAM.Config {
			if c.Subnet.IsValid() {
				taken = append(taken, c.Subnet)
			}
		}
	}
	own, err := localPrefixes()
	return append(taken, own...), err
}

func localPrefixes() ([]netip.Prefix, error) {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("list the addresses of this machine: %w", err)
	}
	var own []netip.Prefix
	for _, a := range addrs {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			own = append(own, p)
		}
	}
	return own, nil
}

func overlaps(taken []netip.Prefix, p netip.Prefix) bool {
	for _, t := range taken {
		if t.Overlaps(p) {
			return true
		}
	}
	return false
}

// next is the /24 after p.
func next(p netip.Prefix) netip.Prefix {
	a := p.Addr().As4()
	a[2]++
	if a[2] == 0 {
		a[1]++
	}
	return netip.PrefixFrom(netip.AddrFrom4(a), p.Bits())
}

func (n *Network) make(ctx context.Context, name string) error {
	// Testcontainers is not used here. Otherwise it would make a network of its own beside
	// this one, outside of the lab's range, and leave it behind (reaper_default).
	made, err := n.engine.docker.NetworkCreate(ctx, n.name, client.NetworkCreateOptions{
		Driver: "bridge", Labels: n.engine.labels(name, nil),
		IPAM: &network.IPAM{Driver: "default", Config: []network.IPAMConfig{{
			Subnet: n.subnet, Gateway: n.Gateway(), IPRange: netip.PrefixFrom(n.Addr(firstDynamic), subnetBits+2),
		}}},
	})
	if err != nil {
		return err
	}
	n.id = made.ID
	return nil
}

// mustBeHere checks that the bridge is on this machine, and removes it if not.
func (n *Network) mustBeHere(ctx context.Context) error {
	own, err := localPrefixes()
	if err != nil {
		return errors.Join(err, n.Remove(ctx))
	}
	for _, p := range own {
		if p.Addr() == n.Gateway() {
			return nil
		}
	}
	return errors.Join(&UnavailableError{
		Err:    fmt.Errorf("the gateway %s of network %s is not on this machine: Docker runs in a virtual machine, rootless or elsewhere", n.Gateway(), n.name),
		Remedy: "use a Docker daemon that runs as root on this Linux machine",
	}, n.Remove(ctx))
}

// Name is the name of the network in Docker.
func (n *Network) Name() string { return n.name }

// Subnet is its range of addresses.
func (n *Network) Subnet() netip.Prefix { return n.subnet }

// Gateway is the address of this machine on the network.
func (n *Network) Gateway() netip.Addr { return n.Addr(1) }

// Addr is the address of the network with the given last byte. 2 to 191 are free
// for hosts and virtual addresses. The zero Network has the addresses of the lab's first.
func (n *Network) Addr(last byte) netip.Addr {
	subnet := n.subnet
	if !subnet.IsValid() {
		subnet = labRange
	}
	a := subnet.Addr().As4()
	a[3] = last
	return netip.AddrFrom4(a)
}

// Remove removes the network, which must have no hosts any more. One that is gone
// is no error.
func (n *Network) Remove(ctx context.Context) error {
	if err := n.engine.removeNetwork(ctx, n.id); err != nil {
		return fmt.Errorf("remove network %s: %w", n.name, err)
	}
	return nil
}
