package scenarios

import (
	"slices"
	"time"

	"oalab/scenarios/check"
	"oalab/scenarios/instrument"
	"oalab/scenarios/instrument/counters"
	"oalab/scenarios/judge"
	"oalab/scenarios/topology"
	"oalab/scenarios/workload"
)

// Sizes of the comparison of one server with several.
const (
	// pool is how many callbacks a server serves at once: the source's 100 processes.
	pool = 100
	// mostClients is the source's number of clients. Nginx keeps as many idle connections.
	// Otherwise it would open and close connections all the time, at the app servers' cost.
	mostClients = 500
	// limitPeriod is the kernel's accounting of the limited app servers. With the default
	// period of 100 ms a server at a tenth of a processor would stand still for up to 90
	// ms, and the percentiles would show that instead of the load.
	limitPeriod = 20 * time.Millisecond
	// aim is the share of the machine that four app servers at their limits keep busy, at
	// the cost of a message while processors are free. While both processors are busy, a
	// message costs up to half as much again.
	aim = 0.5
	// nodeRate is the most that one limited server answers a second, and quickest the least
	// that a message takes. They say how many requests make a step long enough where that
	// is so; where the servers are slower, longest ends the step, so that the number of
	// requests follows the capacity.
	nodeRate = 1500
	quickest = 0.01
	longest  = 10 * time.Second
)

// SingleVsDistributed measures requests per second and mean response time against the
// number of concurrent clients, of one server and of several behind Nginx (SCN-5).
func SingleVsDistributed() Scenario {
	return Scenario{
		Name:       "single-vs-distributed",
		Title:      "Several servers behind Nginx answer more messages a second than one, nearly in proportion, and take more clients before they slow down",
		Source:     "SCN-5, REP-2, REP-7; thesis 5.1.4, figures 5-9 and 5-10",
		Topologies: []string{Docker},
		Limits: append(slices.Clone(dockerLimits),
			"Capacity of whole processors: each app server has a small share of one, so that four of them and all around them fit into this machine. The ratios carry over, the absolute rates do not."),
		Arms: []Arm{{
			Name: "main",
			Setup: Setup{
				Layout:     topology.Layout{Apps: 4, QuickStores: true, MaxConcurrent: pool, AppPeriod: limitPeriod, KeepAlive: mostClients},
				ProbeEvery: 500 * time.Millisecond, CPUAim: aim,
				Instruments: []instrument.Instrument{counters.Instrument{Every: 250 * time.Millisecond}},
			},
			Load: comparison,
			Checkers: []check.Checker{
				check.Little{}, check.ScaleOut{Nodes: []int{2, 4}}, check.Headroom{}, check.Plateau{},
			},
			Objectives: []judge.Objective{
				{Figure: "peak_ratio_2", Relation: ">=", Limit: 1.6, MinN: 5000},
				{Figure: "peak_ratio_4", Relation: ">=", Limit: 2.6, MinN: 5000},
				fewStatements(10_000),
				// Beyond the knee tries are refused, and a few messages on all three tries.
				{Figure: "plateau_ratio_1", Relation: ">=", Limit: 0.9, MinN: 1000},
				{Figure: "plateau_ratio_2", Relation: ">=", Limit: 0.9, MinN: 1000},
				{Figure: "plateau_ratio_4", Relation: ">=", Limit: 0.9, MinN: 1000},
			},
		}},
	}
}

// comparison is the steps: clients from 1 to 500, at each number with one server, two and
// four, back and forth. Otherwise a drift of the machine would favour one of them.
func comparison(size Size) (Load, error) {
	clients := bySize(size, []int{1, 20, 50, 100, 200, mostClients}, []int{1, 5, 10, 20, 35, 50, 75, 100, 150, 250, 350, mostClients})
	seconds := bySize(size, 2.5, 3.0)
	least := bySize(size, 100, 1000)
	l := Load{Followers: 10_000, Mix: workload.Mix{Text: 1}, Drain: 20 * time.Second}
	l.Steps = append(l.Steps, Step{Nodes: 4, Clients: 64, Requests: 5000}) // what a message costs
	ways := []int{0, 2, 4}
	for _, n := range clients {
		for _, nodes := range ways {
			rate := min(float64(n)/quickest, nodeRate*float64(max(nodes, 1)))
			// While the clients come and go the step is not steady.
			l.Steps = append(l.Steps, Step{Nodes: nodes, Clients: n, Requests: max(least, int(rate*seconds)+2*n), Most: longest})
		}
		slices.Reverse(ways)
	}
	return l, nil
}
