package scenarios

import (
	"slices"
	"time"

	"oalab/chaos"
	"oalab/chaos/upstream"
	"oalab/scenarios/check"
	"oalab/scenarios/history"
	"oalab/scenarios/judge"
	"oalab/scenarios/load/profile"
	"oalab/scenarios/topology"
	"oalab/scenarios/workload"
)

// CarrierFaults lets the carrier fail in every way that a call can: it is slow, is away, breaks
// connections, answers byte by byte, does what was asked and says nothing, and answers that it is
// busy. Queries are answered later or with an apology, orders wait.
func CarrierFaults() Scenario {
	objectives := append([]judge.Objective{
		{Figure: "failed_requests", Relation: "==", Limit: 0, MinN: 500},
		{Figure: "tries_failed", Relation: "==", Limit: 0, MinN: 500},
	}, nothingLeft...)
	main, windows := slices.Clone(objectives), map[string]int{}
	for _, f := range carrierFaultList(Short) {
		main = append(main, judge.Objective{Figure: "p99_due_s/" + f.Name, Relation: "<", Limit: 1, MinN: 200})
		windows[f.Name] = 20
	}
	faulty := []check.Checker{check.Replies{}, check.Orders{Min: 300, MinPerWindow: windows}, check.HandedOver{Min: 50}, check.AtOnce{WithinS: breakerS, Min: 10}}
	return Scenario{
		Name:       "carrier-faults",
		Title:      "However the carrier fails, no order is lost or done twice, each query is answered once, and followers hear from the account at once",
		Source:     "SCN-9, BIZ-6, MOCKC-2, MOCKC-4; thesis 2.3, 4.1.2",
		Topologies: []string{Embedded},
		Limits:     embeddedLimits,
		Arms: []Arm{
			{Name: "main", Load: carrierLoad(carrierLength), Faults: carrierFaultList, Checkers: faulty, Objectives: main},
			{
				Name: "no-dedup", Setup: Setup{CarrierNoDedup: true}, Load: carrierLoad(carrierLength), Faults: carrierFaultList,
				Checkers: faulty, Objectives: objectives,
			},
			{
				Name: "control", Control: true, Load: carrierLoad(8 * time.Second),
				Checkers:   []check.Checker{check.Replies{}, check.Orders{Min: 100}},
				Objectives: append([]judge.Objective{{Figure: "p99_due_s", Relation: "<", Limit: 1, MinN: 500}}, objectives...),
			},
		},
	}
}

// The time line of carrier-faults: a fault lasts for carrierFor of its slot, so that the breaker
// can close again in the rest.
const (
	faultCarrierReset = "carrier-reset"
	faultCarrierDrip  = "carrier-drip"
	faultCarrierBusy  = "carrier-busy"

	carrierFirst  = 3 * time.Second
	carrierFor    = 4 * time.Second
	carrierSlot   = 8 * time.Second
	carrierLength = carrierFirst + 6*carrierSlot

	// breakerS is how long callbacks may answer without the carrier after it is well, in seconds:
	// the breaker asks again 2 s after it has opened.
	breakerS = 2.5
)

func carrierFaultList(Size) []Fault {
	at := func(n int) time.Duration { return carrierFirst + time.Duration(n)*carrierSlot }
	return []Fault{
		carrierSlow(at(0), carrierFor, 3, 0.5),
		carrierDown(at(1), carrierFor),
		carrierFails(faultCarrierReset, at(2), "carrier connections that broke", "reset", upstream.Rule{Share: 0.5, Action: upstream.ActionReset}),
		carrierFails(faultCarrierDrip, at(3), "carrier calls that ended for time", "timeout", upstream.Rule{Action: upstream.ActionDrip}),
		answerLost(at(4), carrierFor),
		carrierFails(faultCarrierBusy, at(5), "carrier calls that ended with a fault", "fault", upstream.Rule{Fault: "Server.Busy"}),
	}
}

// carrierFails places a fault of all calls to the carrier, which the server counts under a class.
func carrierFails(name string, at time.Duration, what, class string, rule upstream.Rule) Fault {
	return Fault{
		Name: name, At: at, For: carrierFor, Jitter: phase, Target: TargetCarrier,
		Make: func(s topology.System) (chaos.Fault, error) {
			return s.CarrierRules().Fault(name, TargetCarrier, rule), nil
		},
		Effect: judge.Effect{Fault: name, What: what, Min: 5, Count: judge.CounterRose(`oalab_carrier_errors_total{class="` + class + `"}`)},
	}
}

// breakerNeverCloses is the drill of a breaker that stays open (CHA-7): queries are handed over
// for ever.
func breakerNeverCloses() Scenario {
	s := mutant(drill{defect: "breaker-never-closes", fault: carrierDown(2*time.Second, 3*time.Second), checker: "at-once"})
	for i := range s.Arms {
		a := &s.Arms[i]
		a.Setup.CarrierRules, a.Load = nil, carrierLoad(9*time.Second)
		a.Checkers = []check.Checker{check.Replies{}, check.Orders{Min: 50}, check.HandedOver{}}
	}
	s.Arms[0].Checkers = append(s.Arms[0].Checkers, check.AtOnce{WithinS: breakerS, Min: 10})
	return s
}

// carrierLoad asks the carrier with most of its messages.
func carrierLoad(length time.Duration) func(Size) (Load, error) {
	return func(size Size) (Load, error) {
		p, err := profile.Constant(bySize(size, 100.0, 320.0), length)
		return Load{
			Followers: 10_000, Mix: workload.Mix{Text: 0.3, Query: 0.4, Order: 0.25, Event: 0.05}, Profile: p,
			Phases: []history.Phase{{Name: "steady", FromS: 0, ToS: carrierFirst.Seconds()}, {Name: "faults", FromS: carrierFirst.Seconds(), ToS: length.Seconds()}},
			Drain:  30 * time.Second,
		}, err
	}
}
