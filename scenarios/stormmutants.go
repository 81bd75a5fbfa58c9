package scenarios

import (
	"time"

	"oalab/scenarios/check"
	"oalab/scenarios/history"
	"oalab/scenarios/judge"
	"oalab/scenarios/load/profile"
	"oalab/scenarios/workload"
)

// stormMutants are the drills of token keepers on control nodes (CHA-7). Their faults take more
// than the system is to withstand: a token that lives for seconds ends meanwhile. Therefore reads
// may fail.
func stormMutants() []Scenario {
	reads := check.TokenReads{Min: 1000, MayFail: true}
	return []Scenario{
		// A fetch takes longer than the moments of two refreshers are apart. By this interface
		// the second fetch kills what the first one brought.
		stormMutant(stormDrill{
			defect: "double-refresh", fault: tokenSlow(6500*time.Millisecond, 7*time.Second, 1.8, apiToken),
			api: "token", convicts: "tokens", checkers: []check.Checker{check.Tokens{Renewals: 40}, reads},
		}),
		stormMutant(stormDrill{
			defect: "dead-token-kept", fault: platformAway(7500*time.Millisecond, 7*time.Second),
			convicts: "token-reads", checkers: []check.Checker{reads},
		}),
	}
}

// stormDrill is the drill of one defect.
type stormDrill struct {
	defect   string
	fault    Fault
	api      string // the server's wechat.token_api
	convicts string // the checker that must fail
	checkers []check.Checker
}

// stormMutant makes the scenario of a drill. A token lives for 12 s, and is renewed from the ninth
// second on.
func stormMutant(d stormDrill) Scenario {
	setup := Setup{Defects: []string{d.defect}, ControlNodes: 2, TokenLifetime: 12 * time.Second, TokenAPI: d.api}
	load := func(Size) (Load, error) {
		const length = 15
		p, err := profile.Constant(150, length*time.Second)
		return Load{
			TokenReads: &workload.TokenReads{Accounts: 60}, Followers: 1, Profile: p, Drain: 20 * time.Second,
			Phases: []history.Phase{{Name: "steady", FromS: 0, ToS: length}},
		}, err
	}
	return Scenario{
		Name:       "mutant-" + d.defect + "-on-nodes",
		Title:      "Control nodes with the planted defect " + d.defect + " are found under " + d.fault.Name + ", and pass without it",
		Source:     "CHA-7, SCN-12, CTL-1, CTL-6",
		Topologies: []string{Embedded},
		Limits:     embeddedLimits,
		Arms: []Arm{
			{
				Name: "main", Expect: judge.Violate(d.convicts, "token-reads"), Setup: setup, Load: load, Checkers: d.checkers,
				Faults: func(Size) []Fault { return []Fault{d.fault} },
			},
			{Name: "control", Control: true, Setup: setup, Load: load, Checkers: d.checkers},
		},
	}
}
