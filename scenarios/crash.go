package scenarios

import (
	"fmt"
	"time"

	"oalab/chaos"
	"oalab/chaos/host"
	"oalab/chaos/upstream"
	"oalab/scenarios/check"
	"oalab/scenarios/history"
	"oalab/scenarios/judge"
	"oalab/scenarios/load/profile"
	"oalab/scenarios/topology"
	"oalab/scenarios/workload"
)

// The time line of crash: a kill every slot. The seed moves it over a good part of the slot, so
// that it meets every step of an order. A slot is no divisor of the platform's 5 s between two
// tries. Otherwise a message would meet kill after kill.
const (
	crashFirst  = 3 * time.Second
	crashSlot   = 5700 * time.Millisecond
	crashJitter = 2 * time.Second
	crashRate   = 40 // operations per second, half of them orders
)

// crashKills is how often the server is killed: 20 times, or 500.
func crashKills(size Size) int { return bySize(size, 20, 500) }

// Crash kills the server with SIGKILL again and again, at moments that the seed decides, while
// orders run. Every order that was acknowledged is done once and told once, after all kills, on
// SQLite and on MySQL with RabbitMQ. In further arms the carrier acts on every call, so that
// only the server keeps orders from being done twice (BIZ-5, BIZ-6, MSG-6).
func Crash() Scenario {
	embedded := func(name string, s Setup) Arm {
		return crashArm(name, Embedded, s, TargetServer, topology.OnProcess(TargetServer), func(s topology.System) (host.Controller, error) {
			return s.Host(TargetServer), nil
		})
	}
	app := topology.HostApp(1)
	docker := func(name string, s Setup) Arm {
		// Slow adverts keep the address in place: a start of a container delays adverts.
		s.Layout = topology.Layout{VRRP: slowAdverts(), Apps: 1, QuickStores: true}
		return crashArm(name, Docker, s, app, topology.OnHost(app), func(s topology.System) (host.Controller, error) {
			return topology.HostOf(s, app)
		})
	}
	return Scenario{
		Name:       "crash",
		Title:      "However often and whenever the server is killed, every acknowledged order is done once and told once",
		Source:     "BIZ-5, BIZ-6, MSG-6, MOCKC-4",
		Topologies: []string{Embedded, Docker},
		Limits:     embeddedLimits,
		Arms: []Arm{
			embedded("main", Setup{}),
			embedded("no-dedup", Setup{CarrierNoDedup: true}),
			docker("stores", Setup{}),
			docker("stores-no-dedup", Setup{CarrierNoDedup: true}),
		},
	}
}

// crashArm is an arm whose kills hit one server. The carrier takes a while for each call, so
// that a kill finds orders at every step.
func crashArm(name, on string, s Setup, target chaos.Target, need topology.Need, server func(topology.System) (host.Controller, error)) Arm {
	const fault = "kill-server"
	s.OneByOne = true
	s.CarrierRules = []upstream.Rule{{Latency: &upstream.Latency{Dist: "lognormal", MedianS: 0.15, Sigma: 0.8}}}
	return Arm{
		Name: name, On: on, Setup: s, Load: crashLoad,
		Faults: func(size Size) []Fault {
			list := make([]Fault, crashKills(size))
			for i := range list {
				list[i] = Fault{
					Name: fault, At: crashFirst + time.Duration(i)*crashSlot, For: host.MinDown, Jitter: crashJitter, Target: target,
					Needs: []topology.Need{need},
					Make: func(s topology.System) (chaos.Fault, error) {
						h, err := server(s)
						if err != nil {
							return nil, fmt.Errorf("kill the server: %w", err)
						}
						return host.Kill(fault, target, h), nil
					},
					Effect: judge.Effect{Fault: fault, What: "failed tries", Min: 10, Count: judge.TriesFailed},
				}
			}
			return list
		},
		Checkers: []check.Checker{check.Replies{}, check.Orders{Min: 500}},
		Objectives: []judge.Objective{
			{Figure: "orders_doubled", Relation: "==", Limit: 0, MinN: 500},
			{Figure: "orders_unfinished_end", Relation: "==", Limit: 0},
			{Figure: "outbox_rows_end", Relation: "==", Limit: 0},
		},
	}
}

func crashLoad(size Size) (Load, error) {
	length := crashFirst + time.Duration(crashKills(size))*crashSlot + 2*time.Second
	p, err := profile.Constant(crashRate, length)
	return Load{
		Followers: 10_000, Mix: workload.Mix{Text: 0.3, Query: 0.2, Order: 0.5}, Profile: p,
		Phases: []history.Phase{
			{Name: "steady", FromS: 0, ToS: crashFirst.Seconds()},
			{Name: "faults", FromS: crashFirst.Seconds(), ToS: length.Seconds()},
		},
		Drain: 40 * time.Second,
	}, err
}
