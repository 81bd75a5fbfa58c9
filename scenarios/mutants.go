package scenarios

import (
	"cmp"
	"slices"
	"time"

	"oalab/chaos/upstream"
	"oalab/scenarios/check"
	"oalab/scenarios/history"
	"oalab/scenarios/judge"
	"oalab/scenarios/load/profile"
	"oalab/scenarios/workload"
)

// Mutants are the drills that show the harness at work: each plants one defect
// in the server and must see the checker named for it fail under its fault, and
// pass without the fault (CHA-7). They need a server built with tag defects.
func Mutants() []Scenario {
	return slices.Concat([]Scenario{
		mutant(drill{defect: "ack-before-carrier", fault: killServer(5 * time.Second)}),
		mutant(drill{defect: "no-outbox", fault: killServer(5 * time.Second)}),
		mutant(drill{defect: "no-serial", fault: answerLost(3*time.Second, 3*time.Second)}),
		mutant(drill{
			defect: "resend-without-query", fault: answerLost(3*time.Second, 3*time.Second), setup: Setup{CarrierNoDedup: true},
		}),
		mutant(drill{defect: "no-dedup", fault: replyLost(3*time.Second, 3*time.Second, 0.5), also: []string{"replies"}}),
		mutant(drill{defect: "reply-not-cached", fault: replyLost(3*time.Second, 3*time.Second, 0.5), checker: "replies"}),
		// Longer than a token lives: whenever it was issued, it dies under the fault.
		mutant(drill{
			defect: "dead-token-kept", fault: platformReset(2*time.Second, 7*time.Second, 1, apiStableToken), checker: "tokens",
			setup: Setup{TokenLifetime: 4 * time.Second},
		}),
		// Longer than a token lives, so that one is renewed under the fault; slow
		// enough for a second refresher to look before the first has its answer.
		mutant(drill{
			defect: "double-refresh", fault: tokenSlow(2*time.Second, 7*time.Second, 0.9, apiToken), checker: "tokens",
			setup: Setup{TokenLifetime: 6 * time.Second, TokenAPI: "token"},
		}),
		// Lasts longer than a copy may be old. Broadcasts are lost only while the fault is
		// in effect: without it a writer waits long enough for a slow Redis.
		mutant(drill{
			defect: "stale-cache", fault: redisCut(1500*time.Millisecond, 7*time.Second), checker: "read-your-writes",
			setup: Setup{Servers: 3}, updates: 400 * time.Millisecond,
		}),
		queueWithoutDeadline(),
		breakerNeverCloses(),
	}, loginMutants(), packetMutants(), retryMutants(), redisMutants(), stormMutants())
}

// drill is the drill of one defect.
type drill struct {
	defect  string
	fault   Fault
	checker string   // the one that must fail; "" means orders
	also    []string // checkers that may fail, too
	setup   Setup
	updates time.Duration // of the keyword that changes; 0 means none
}

// mutant makes the scenario of a drill. The carrier takes half a second a call, so
// that a kill always meets orders on their way.
func mutant(d drill) Scenario {
	d.setup.Defects = []string{d.defect}
	d.setup.CarrierRules = []upstream.Rule{{Latency: &upstream.Latency{Dist: "constant", MedianS: 0.5}}}
	checkers := []check.Checker{check.Replies{}, check.Orders{Min: 50}, check.Tokens{Calls: 50}}
	if d.updates > 0 {
		// Few writes are enough to ask for. Each write starts a process and waits for
		// Redis, which takes a second or more when four drills share two cores.
		checkers = append(checkers, check.ReadYourWrites{Reads: 20, Writes: 5})
	}
	load := func(size Size) (Load, error) {
		l, err := mutantLoad(size)
		l.Updates = d.updates
		return l, err
	}
	return Scenario{
		Name:       "mutant-" + d.defect,
		Title:      "A server with the planted defect " + d.defect + " is found under " + d.fault.Name + ", and passes without it",
		Source:     "CHA-7",
		Topologies: []string{Embedded},
		Limits:     embeddedLimits,
		Arms: []Arm{
			{
				Name: "main", Expect: judge.Violate(cmp.Or(d.checker, "orders"), d.also...), Setup: d.setup, Load: load,
				Faults:   func(Size) []Fault { return []Fault{d.fault} },
				Checkers: checkers,
			},
			{
				Name: "control", Control: true, Setup: d.setup, Load: load,
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
