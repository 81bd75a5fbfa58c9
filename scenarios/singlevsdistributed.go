package scenarios

import (
	"slices"
	"time"

	"oalab/scenarios/check"
	"oalab/scenarios/topology"
	"oalab/scenarios/workload"
)

// What the comparison of one server with several is made of.
const (
	// pool is how many callbacks a server serves at once: the source's 100 processes.
	pool = 100
	// mostClients is the source's, and so many idle connections Nginx keeps: with fewer it
	// would open and close some all the time, at the app servers' cost.
	mostClients = 500
	// limitPeriod is the kernel's accounting of the limited app servers. With its own 100 ms
	// a server at a tenth of a processor would stand still for up to 90 ms, and that, not
	// the load, would be what the percentiles tell.
	limitPeriod = 20 * time.Millisecond
	// aim is the share of the machine that would be busy with four app servers at their
	// limits if a message cost what it does while processors are free; where both are busy
	// it costs up to half as much again.
	aim = 0.5
	// nodeRate is about what one limited server answers a second, and quickest about the
	// least that a message takes, of which most is its log row's wait for company. They
	// only say how many requests make a step long enough.
	nodeRate = 1500
	quickest = 0.041
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
				ProbeEvery: 500 * time.Millisecond, CountersEvery: 250 * time.Millisecond, CPUAim: aim,
			},
			Load: comparison,
			Checkers: []check.Checker{
				check.Little{}, check.ScaleOut{Nodes: []int{2, 4}}, check.Headroom{},
			},
			Objectives: []check.Objective{
				{Figure: "peak_ratio_2", Relation: ">=", Limit: 1.6, MinN: 5000},
				{Figure: "peak_ratio_4", Relation: ">=", Limit: 2.6, MinN: 5000},
				fewStatements(10_000),
				{Figure: "failed_requests", Relation: "==", Limit: 0, MinN: 10_000},
			},
		}},
	}
}

// comparison is the steps: clients from 1 to 500, at each number one server, two and
// four, back and forth, so that whatever drifts meets all of them alike.
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
			l.Steps = append(l.Steps, Step{Nodes: nodes, Clients: n, Requests: max(least, int(rate*seconds)+2*n)})
		}
		slices.Reverse(ways)
	}
	return l, nil
}
