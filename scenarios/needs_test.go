package scenarios_test

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"oalab/chaos"
	"oalab/chaos/host"
	"oalab/chaos/network"
	"oalab/chaos/upstream"
	"oalab/scenarios"
	"oalab/scenarios/probe"
	"oalab/scenarios/runner"
	"oalab/scenarios/topology"
)

// everyScenario is the catalogue with the drills.
func everyScenario() []scenarios.Scenario {
	return slices.Concat(scenarios.All(), scenarios.Mutants(), scenarios.ScalerMutants(), scenarios.AppMutants(),
		[]scenarios.Scenario{scenarios.CarrierWithoutDedup(), scenarios.RedundantStores()})
}

// TestCatalogueHasItsPowers: every arm of the catalogue runs on each topology that its
// scenario names.
func TestCatalogueHasItsPowers(t *testing.T) {
	for _, s := range everyScenario() {
		for _, a := range s.Arms {
			for _, on := range s.Topologies {
				if a.On != "" && a.On != on {
					continue
				}
				for _, size := range []scenarios.Size{scenarios.Short, scenarios.Full} {
					if err := a.Lacks(on, size); err != nil {
						t.Errorf("%s in size %s: %v", s.Name, size, err)
					}
				}
			}
		}
	}
}

// TestRunWithoutAPowerIsRefused: a scenario whose topology lacks a power is refused with the
// name of the fault, the power and the topology, and nothing is started or left behind.
func TestRunWithoutAPowerIsRefused(t *testing.T) {
	for _, tc := range []struct {
		name, on string
		layout   topology.Layout
		needs    topology.Need
		want     string
	}{
		{"a power of containers", scenarios.Embedded, topology.Layout{}, topology.Need{Power: topology.PowerMasters}, "topology embedded lacks power masters"},
		{"a host that is none", scenarios.Embedded, topology.Layout{}, topology.OnHost(topology.HostLB1), "topology embedded lacks power host over lb1"},
		{"one server too many", scenarios.Embedded, topology.Layout{}, topology.OnProcess("oaserver2"), "topology embedded lacks power process over oaserver2"},
		{"a layout without masters", scenarios.Docker, topology.Layout{}, topology.Need{Power: topology.PowerMasters}, "topology docker lacks power masters"},
		{"a layout without a replica", scenarios.Docker, topology.Layout{}, topology.Need{Power: topology.PowerSentinels}, "topology docker lacks power sentinels"},
		{"a third app server", scenarios.Docker, topology.Layout{Apps: 2}, topology.OnHost(topology.HostApp(3)), "topology docker lacks power host over app3"},
		{"stores of a server that is alone", scenarios.Docker, topology.Layout{Alone: true}, topology.OnHost(topology.HostMySQL), "topology docker lacks power host over mysql"},
		{"a link without a proxy", scenarios.Docker, topology.Layout{}, topology.OnLink(topology.LinkRedis), "topology docker lacks power link over oaserver-redis"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := scenarios.Smoke()
			s.Topologies = []string{tc.on}
			arm := s.Arms[0]
			arm.Setup.Layout = tc.layout
			arm.Faults = func(scenarios.Size) []scenarios.Fault {
				return []scenarios.Fault{{
					Name: "planted", At: time.Second, For: time.Second, Target: "planted", Needs: []topology.Need{tc.needs},
					Make: func(topology.System) (chaos.Fault, error) {
						t.Error("the fault was made")
						return nil, errors.New("planted")
					},
				}}
			}
			s.Arms = []scenarios.Arm{arm}
			out := filepath.Join(t.TempDir(), "run")
			_, err := runner.Run(t.Context(), runner.Options{Scenario: s, Out: out, Tools: runner.Tools{Oaserver: "/does/not/exist"}})
			usage, ok := errors.AsType[*runner.UsageError](err)
			if !ok {
				t.Fatalf("Run returned %v, want a UsageError", err)
			}
			for _, want := range []string{"fault planted", tc.want} {
				if !strings.Contains(usage.Error(), want) {
					t.Errorf("the error %q does not say %q", usage, want)
				}
			}
			if _, err := os.Stat(out); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the run folder is there: %v", err)
			}
		})
	}
}

// TestFaultsNameWhatTheyNeed: what a fault of the catalogue asks of a system while it is made
// is among its needs. Otherwise the check before the start proves nothing.
func TestFaultsNameWhatTheyNeed(t *testing.T) {
	proxies, err := network.Start(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = proxies.Stop(context.WithoutCancel(t.Context())) })
	made := 0
	for _, s := range everyScenario() {
		for _, a := range s.Arms {
			if a.Faults == nil {
				continue
			}
			for _, f := range a.Faults(scenarios.Short) {
				sys := &declared{t: t, fault: s.Name + "/" + a.Name + "/" + f.Name, needs: f.Needs, proxies: proxies}
				if _, err := f.Make(sys); err != nil {
					t.Errorf("%s cannot be made: %v", sys.fault, err)
				}
				made++
			}
		}
	}
	if made < 50 {
		t.Errorf("%d faults were made, want all of the catalogue", made)
	}
}

// declared is a system that has the powers that a fault names, and no others.
type declared struct {
	topology.System
	t       *testing.T
	fault   string
	needs   []topology.Need
	proxies *network.Proxies
}

// Lacks holds a need against those that the fault names.
func (d *declared) Lacks(n topology.Need) error {
	for _, own := range d.needs {
		if own.Power != n.Power {
			continue
		}
		covered := true
		for _, over := range n.Over {
			covered = covered && (len(own.Over) == 0 || slices.Contains(own.Over, over))
		}
		if covered {
			return nil
		}
	}
	return errors.New("not among the fault's needs: " + n.String())
}

// Host gives what the fault may control.
func (d *declared) Host(target chaos.Target) host.Controller {
	if d.Lacks(topology.OnHost(target)) != nil && d.Lacks(topology.OnProcess(target)) != nil {
		d.t.Errorf("%s controls %s, which is not among its needs", d.fault, target)
	}
	return planted{}
}

// Proxies gives the links that the fault may break.
func (d *declared) Proxies() *network.Proxies {
	if d.Lacks(topology.Need{Power: topology.PowerLink}) != nil {
		d.t.Errorf("%s breaks a link, which is not among its needs", d.fault)
	}
	return d.proxies
}

func (d *declared) Nodes() []topology.Node              { return []topology.Node{{Name: "app1"}, {Name: "app2"}} }
func (d *declared) CarrierRules() *upstream.Controller  { return new(upstream.Controller) }
func (d *declared) PlatformRules() *upstream.Controller { return new(upstream.Controller) }

func (d *declared) AddressAt(context.Context, chaos.Target) error          { return nil }
func (d *declared) Balance(context.Context, ...chaos.Target) error         { return nil }
func (d *declared) MastersAtHome(context.Context) error                    { return nil }
func (d *declared) ReadMaster(context.Context, string, chaos.Target) error { return nil }
func (d *declared) Contest(context.Context) error                          { return nil }
func (d *declared) Swap(context.Context) error                             { return nil }
func (d *declared) RedisAt(context.Context, chaos.Target) error            { return nil }
func (d *declared) CutRedis(name string) (chaos.Fault, error)              { return chaos.Noop{As: name}, nil }

func (d *declared) SlowRedis(name string) (chaos.Fault, error) { return chaos.Noop{As: name}, nil }

func (d *declared) FlushRedis(name string) (chaos.Fault, error) { return chaos.Noop{As: name}, nil }

func (d *declared) FailOverRedis(name string) (chaos.Fault, error) { return chaos.Noop{As: name}, nil }

func (d *declared) Meter(context.Context) (probe.Func, error)                     { return nil, nil }
func (d *declared) Tell(context.Context, chaos.Target, ...string) (string, error) { return "", nil }

// planted is a host with every power, on which nothing is done.
type planted struct{ topology.Host }

func (planted) Addr() netip.Addr { return netip.MustParseAddr("198.18.0.11") }
