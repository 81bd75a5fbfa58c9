package scenarios

import (
	"time"

	"oalab/chaos/upstream"
	"oalab/scenarios/check"
	"oalab/scenarios/history"
	"oalab/scenarios/load/profile"
	"oalab/scenarios/workload"
)

// Mutants are the drills that show the harness at work: each plants one defect
// in the server and must see the checker named for it fail under its fault, and
// pass without the fault (CHA-7). They need a server built with tag defects.
func Mutants() []Scenario {
	return []Scenario{
		mutant("ack-before-carrier", killServer(5*time.Second)),
		mutant("no-outbox", killServer(5*time.Second)),
		mutant("no-serial", answerLost(3*time.Second, 3*time.Second, 0.5)),
		mutant("no-dedup", replyLost(3*time.Second, 3*time.Second, 0.5), "replies"),
	}
}

// mutant is the drill of one defect. The carrier takes half a second a call, so
// that a kill always meets orders on their way. The checkers in also may fail, too.
func mutant(defect string, fault Fault, also ...string) Scenario {
	setup := Setup{
		Defects:      []string{defect},
		CarrierRules: []upstream.Rule{{Latency: &upstream.Latency{Dist: "constant", MedianS: 0.5}}},
	}
	checkers := []check.Checker{check.Replies{}, check.Orders{Min: 50}}
	return Scenario{
		Name:       "mutant-" + defect,
		Title:      "A server with the planted defect " + defect + " is convicted under " + fault.Name + " and acquitted without it",
		Source:     "CHA-7",
		Topologies: []string{Embedded},
		Limits:     embeddedLimits,
		Arms: []Arm{
			{
				Name: "main", Expect: check.Violate("orders", also...), Setup: setup, Load: mutantLoad,
				Faults:   func(Size) []Fault { return []Fault{fault} },
				Checkers: checkers,
			},
			{
				Name: "control", Control: true, Setup: setup, Load: mutantLoad,
				Checkers: checkers,
			},
		},
	}
}

func mutantLoad(Size) (Load, error) {
	steady, err := profile.Constant(60, 10*time.Second)
	if err != nil {
		return Load{}, err
	}
	return Load{
		Followers: 2000,
		Mix:       workload.Mix{Text: 0.3, Query: 0.1, Order: 0.55, Event: 0.05},
		Profile:   steady,
		Phases:    []history.Phase{{Name: "steady", FromS: 0, ToS: 10}},
		Drain:     20 * time.Second,
	}, nil
}
