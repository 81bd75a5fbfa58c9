package scenarios

import (
	"time"

	"oalab/scenarios/check"
	"oalab/scenarios/history"
	"oalab/scenarios/instrument"
	"oalab/scenarios/instrument/network"
	"oalab/scenarios/judge"
	"oalab/scenarios/load/profile"
	"oalab/scenarios/topology"
	"oalab/scenarios/workload"
)

// NetworkBaseline measures the network between two hosts with messages from 1 B to 1 MiB
// before anything is compared on it (SCN-4). A little load on the same network follows, so
// that a message's time can be held against the network's share of it.
func NetworkBaseline() Scenario {
	const length = 3 * time.Second
	return Scenario{
		Name:       "network-baseline",
		Title:      "The network between the hosts is no bottleneck: more than the source's 90 Mbit/s, and far less time than a message takes",
		Source:     "SCN-4; thesis 5.1.4, figure 5-8",
		Topologies: []string{Docker},
		Limits:     dockerLimits,
		Arms: []Arm{{
			Name: "main",
			Setup: Setup{
				Layout:      topology.Layout{Alone: true, Generator: true, Echo: true},
				Instruments: []instrument.Instrument{network.Instrument{Each: 60 * time.Millisecond}},
			},
			Load: func(Size) (Load, error) {
				p, err := profile.Constant(100, length)
				return Load{
					Followers: 1000, Mix: workload.Mix{Text: 1}, Profile: p, Drain: 10 * time.Second,
					Phases: []history.Phase{{Name: "steady", ToS: length.Seconds()}},
				}, err
			},
			Checkers: []check.Checker{check.Network{Largest: 1 << 20, MinExchanges: 50}},
			Objectives: []judge.Objective{
				{Figure: "network_peak_mbit_s", Relation: ">", Limit: 90, MinN: 10},
				{Figure: "network_latency_s", Relation: "<", Limit: 0.002, MinN: 100},
				{Figure: "failed_requests", Relation: "==", Limit: 0, MinN: 200},
				fewStatements(200), quickWhenSteady(200),
			},
		}},
	}
}
