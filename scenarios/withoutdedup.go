package scenarios

import (
	"time"

	"oalab/scenarios/check"
	"oalab/scenarios/history"
	"oalab/scenarios/load/profile"
	"oalab/scenarios/workload"
)

// CarrierWithoutDedup switches the carrier's own de-duplication off, so every call acts.
// Then only the server keeps orders from being done twice: it asks for an order's state
// before it sends the order again (MOCKC-4, BIZ-6).
//
// The window that remains: a request that was sent, has not yet reached the carrier,
// and is still on its way when the server asks, 6 s after it sent it at the earliest
// (the time-out of a call and the margin of its lease). The carrier of this project
// knows an order from the moment its request arrives, so that the window does not
// open here, and the scenario expects none to be doubled.
func CarrierWithoutDedup() Scenario {
	faults := func(Size) []Fault {
		return []Fault{
			answerLost(3*time.Second, 3*time.Second),
			carrierSlow(7*time.Second, 3*time.Second, 4, 0.5),
			killServer(11 * time.Second),
		}
	}
	return Scenario{
		Name:       "carrier-without-dedup",
		Title:      "No order is done twice, even by a carrier that acts on every call",
		Source:     "MOCKC-4, BIZ-6, SCN-9",
		Topologies: []string{Embedded},
		Limits:     embeddedLimits,
		Arms: []Arm{{
			Name: "main", Faults: faults, Setup: Setup{CarrierNoDedup: true},
			Load:     withoutDedupLoad,
			Checkers: []check.Checker{check.Replies{}, check.Orders{Min: 300}},
		}},
	}
}

func withoutDedupLoad(Size) (Load, error) {
	const length = 15
	p, err := profile.Constant(60, length*time.Second)
	return Load{
		Followers: 2000, Mix: workload.Mix{Text: 0.4, Query: 0.1, Order: 0.5}, Profile: p,
		Phases: []history.Phase{{Name: "steady", FromS: 0, ToS: length}},
		Drain:  30 * time.Second,
	}, err
}
