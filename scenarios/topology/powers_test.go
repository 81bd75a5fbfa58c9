package topology

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"oalab/chaos"
	"oalab/mockwechat"
	"oalab/scenarios/topology/container"
)

// TestHostsOfLayouts: the hosts that a layout is said to have are those that are started.
func TestHostsOfLayouts(t *testing.T) {
	for name, l := range map[string]Layout{
		"default":   {},
		"alone":     {Alone: true},
		"five apps": {Apps: 5},
		"masters":   {Masters: &Masters{}},
		"redundant": {Redundant: true},
		"generator": {Generator: true},
		"network":   {Generator: true, Echo: true},
		"all":       {Apps: 3, Masters: &Masters{}, Redundant: true, Generator: true, Echo: true},
	} {
		t.Run(name, func(t *testing.T) {
			d := &docker{
				spec: Spec{Account: mockwechat.Account{Name: "demo"}}, layout: l.withDefaults(), network: new(container.Network),
			}
			var started []chaos.Target
			for _, s := range slices.Concat(d.stores(), d.apps(nil), d.balancers([2][]container.File{}), d.generators()) {
				started = append(started, chaos.Target(s.Name))
			}
			said := l.hosts()
			slices.Sort(started)
			slices.Sort(said)
			if diff := cmp.Diff(started, said); diff != "" {
				t.Errorf("hosts that are started (-), said to be there (+):\n%s", diff)
			}
		})
	}
}

// TestOffersAreKept: a topology has the interfaces of the powers that it offers.
func TestOffersAreKept(t *testing.T) {
	d := &docker{layout: Layout{Masters: &Masters{}, Redundant: true}, hosts: map[chaos.Target]*container.Host{HostLB1: {}}}
	for name, get := range map[string]func(System) error{
		"shell":     func(s System) error { _, err := ShellOf(s); return err },
		"address":   func(s System) error { _, err := AddressOf(s); return err },
		"balance":   func(s System) error { _, err := BalanceOf(s); return err },
		"masters":   func(s System) error { _, err := MastersOf(s); return err },
		"sentinels": func(s System) error { _, err := SentinelsOf(s); return err },
		"alike":     func(s System) error { _, err := AlikeOf(s); return err },
		"counters":  func(s System) error { _, err := CountersOf(s); return err },
		"host":      func(s System) error { _, err := HostOf(s, HostLB1); return err },
	} {
		if err := get(d); err != nil {
			t.Errorf("docker does not keep its offer of %s: %v", name, err)
		}
		if err := get(&embedded{}); err == nil {
			t.Errorf("embedded has power %s, which it does not offer", name)
		}
	}
}
