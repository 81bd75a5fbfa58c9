package scenarios

import (
	"fmt"
	"time"

	"oalab/chaos/upstream"
	"oalab/scenarios/check"
	"oalab/scenarios/history"
	"oalab/scenarios/judge"
	"oalab/scenarios/load/profile"
	"oalab/scenarios/topology"
	"oalab/scenarios/workload"
)

// The capacity of a server in the scenario of overload. Each message is a query that waits
// for the carrier in one of the server's places. Therefore a server can answer
// overloadPlaces / overloadTook a second, less its own work, on any machine. The load
// exceeds the server's capacity, not the machine's.
const (
	overloadPlaces = 2
	overloadTook   = 50 * time.Millisecond
	// overloadRate is the rate that counts as one times the capacity of a server. It is a
	// power of two below overloadPlaces / overloadTook. The difference, a quarter of the
	// rate, is left for the server's own work.
	overloadRate = 32.0
	// recoverWithin is how long, in seconds, the system may take to be normal after the
	// load has fallen.
	recoverWithin = 5.0
)

// Overload offers more than the system can answer, with an open and a closed load and the
// platform's retries.
func Overload() Scenario {
	limits := append([]string{
		"Overload of processors: a server's capacity is its places and the carrier's time, so that two cores can offer several times of it. The costs of refusing are those of a server with processor time to spare.",
	}, embeddedLimits...)
	return Scenario{
		Name:       "overload",
		Title:      "Offered up to four times what it can answer, with the platform's retries, a system goes on answering as much as it can, and is well again at once",
		Source:     "SCN-25, PERF-2, SEC-2, DIS-7; thesis 5.1.4",
		Topologies: []string{Embedded, Docker},
		Limits:     limits,
		Arms: []Arm{
			overloaded("main", 1, ""),
			overloaded("2-servers", 2, Docker),
			overloaded("4-servers", 4, Docker),
			{
				Name: "closed", Setup: overloadSetup(1), Load: overloadSteps,
				Checkers: []check.Checker{check.Replies{}, check.Plateau{}},
				// On a noisy machine the first steps may stay below the peak. Then only the last one
				// is beyond the knee; it has about 135 operations.
				Objectives: []judge.Objective{{Figure: "plateau_ratio_1", Relation: ">=", Limit: 0.9, MinN: 100}},
			},
			{
				Name: "control", Control: true, Setup: overloadSetup(1), Load: halfLoad,
				Checkers: []check.Checker{check.Replies{}},
				Objectives: []judge.Objective{
					{Figure: "failed_requests", Relation: "==", Limit: 0, MinN: 80},
					{Figure: "tries_failed", Relation: "==", Limit: 0, MinN: 80},
				},
			},
		},
	}
}

// overloadSetup is servers with a small capacity.
func overloadSetup(servers int) Setup {
	return Setup{
		Layout:       topology.Layout{Apps: servers, MaxConcurrent: overloadPlaces, QuickStores: true, QuietVIP: true},
		CarrierRules: []upstream.Rule{{Latency: &upstream.Latency{Dist: "constant", MedianS: overloadTook.Seconds()}}},
	}
}

// overloaded is an arm with an open load on so many servers.
func overloaded(name string, servers int, on string) Arm {
	return Arm{
		Name: name, On: on, Setup: overloadSetup(servers),
		Load:     func(size Size) (Load, error) { return overloadLoad(size, servers) },
		Checkers: []check.Checker{check.Replies{}, check.Goodput{}, check.Recovery{WithinS: recoverWithin}},
		Objectives: []judge.Objective{
			{Figure: "goodput_ratio", Relation: ">=", Limit: 0.9, MinN: 300},
			{Figure: "p99_answer_s", Relation: "<", Limit: 5, MinN: 300},
			{Figure: "recovery_s", Relation: "<=", Limit: recoverWithin, MinN: 50},
		},
	}
}

// overloadLoad offers 1, 2 and 4 times the capacity, and then a quarter of it. The last
// part is longer than the platform's tries of messages that were refused before.
func overloadLoad(size Size, servers int) (Load, error) {
	seconds := bySize(size, []float64{5, 5, 7, 17}, []float64{15, 20, 20, 30})
	return offeredIn(seconds, []float64{1, 2, 4, 0.25}, servers)
}

// halfLoad offers half the capacity.
func halfLoad(size Size) (Load, error) {
	return offeredIn(bySize(size, []float64{8}, []float64{20}), []float64{0.5}, 1)
}

// offeredIn offers multiples of the capacity in turn.
func offeredIn(seconds, times []float64, servers int) (Load, error) {
	l := Load{Followers: 2000, Mix: workload.Mix{Query: 1}, Drain: 20 * time.Second}
	var parts []profile.Profile
	at := 0.0
	for i, x := range times {
		p, err := profile.Constant(x*overloadRate*float64(servers), time.Duration(seconds[i]*float64(time.Second)))
		if err != nil {
			return l, fmt.Errorf("%g times the capacity: %w", x, err)
		}
		parts = append(parts, p)
		l.Phases = append(l.Phases, history.Phase{Name: fmt.Sprintf("%gx", x), FromS: at, ToS: at + seconds[i]})
		at += seconds[i]
	}
	var err error
	l.Profile, err = profile.Sequence(parts...)
	return l, err
}

// overloadSteps has steps from one client to 20 for each place of the server. As many
// clients as places keep the server busy.
func overloadSteps(size Size) (Load, error) {
	l := Load{Followers: 2000, Mix: workload.Mix{Query: 1}, Drain: 20 * time.Second}
	seconds := bySize(size, 3, 10)
	for _, clients := range []int{1, overloadPlaces, 2 * overloadPlaces, 5 * overloadPlaces, 20 * overloadPlaces} {
		l.Steps = append(l.Steps, Step{Nodes: 0, Clients: clients, Requests: seconds*int(overloadRate) + 2*clients})
	}
	return l, nil
}

// queueWithoutDeadline is the drill of a server that works on messages that the platform
// has given up.
func queueWithoutDeadline() Scenario {
	setup := overloadSetup(1)
	setup.Defects = []string{"queue-without-deadline"}
	return Scenario{
		Name:       "mutant-queue-without-deadline",
		Title:      "A server with the planted defect queue-without-deadline is found under overload, and passes without it",
		Source:     "CHA-7, SCN-25",
		Topologies: []string{Embedded},
		Limits:     embeddedLimits,
		Arms: []Arm{
			{
				Name: "main", Expect: judge.Violate("goodput"), Setup: setup,
				Load:     func(Size) (Load, error) { return offeredIn([]float64{4, 14, 3}, []float64{1, 4, 0.25}, 1) }, // the queue is too long after 8 s
				Checkers: []check.Checker{check.Replies{}, check.Goodput{}},
			},
			{
				Name: "control", Control: true, Setup: setup, Load: halfLoad,
				Checkers:   []check.Checker{check.Replies{}},
				Objectives: []judge.Objective{{Figure: "failed_requests", Relation: "==", Limit: 0, MinN: 80}},
			},
		},
	}
}
