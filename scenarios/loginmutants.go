package scenarios

import (
	"time"

	"oalab/scenarios/check"
	"oalab/scenarios/history"
	"oalab/scenarios/judge"
	"oalab/scenarios/load/profile"
	"oalab/scenarios/workload"
)

// loginMutants are the drills of the web login (CHA-7). What brings a defect to light is a
// fault, links that followers pass on, or the way in which the load is balanced.
func loginMutants() []Scenario {
	const again = 1500 * time.Millisecond
	plain := workload.Logins{Again: again}
	return []Scenario{
		loginMutant(loginDrill{
			defect: "code-retried", under: "exchange-lost", faults: []Fault{exchangeLost(2*time.Second, 1500*time.Millisecond)},
			main: plain, control: plain, checker: check.Logins{Min: 20},
		}),
		loginMutant(loginDrill{
			defect: "state-not-bound", under: "links that are passed on",
			main: workload.Logins{Again: again, Forwarded: 0.5}, control: plain, checker: check.Logins{Min: 20}, forwarded: 20,
		}),
		loginMutant(loginDrill{
			defect: "session-local-behind-round-robin", under: "servers that take turns",
			main: plain, control: workload.Logins{Again: again, Sticky: true}, checker: check.Logins{Min: 5}, again: 10,
		}),
	}
}

// loginDrill is the drill of one defect of the login.
type loginDrill struct {
	defect, under    string
	faults           []Fault // of the main arm
	main, control    workload.Logins
	checker          check.Logins
	forwarded, again int // least numbers of the main arm, and of the control arm
}

func loginMutant(d loginDrill) Scenario {
	setup := Setup{Defects: []string{d.defect}, LoginServers: loginServers}
	load := func(l workload.Logins) func(Size) (Load, error) {
		return func(Size) (Load, error) {
			const length = 6
			p, err := profile.Constant(20, length*time.Second)
			return Load{
				Followers: 4000, Logins: &l, Profile: p, Drain: 20 * time.Second,
				Phases: []history.Phase{{Name: "steady", FromS: 0, ToS: length}},
			}, err
		}
	}
	main := Arm{Name: "main", Expect: judge.Violate("logins"), Setup: setup, Load: load(d.main)}
	if len(d.faults) > 0 {
		main.Faults = func(Size) []Fault { return d.faults }
	}
	inMain, inControl := d.checker, d.checker
	inMain.Forwarded, inControl.Again = d.forwarded, d.again
	main.Checkers = []check.Checker{inMain}
	return Scenario{
		Name:       "mutant-" + d.defect,
		Title:      "Login servers with the planted defect " + d.defect + " are found under " + d.under + ", and pass without",
		Source:     "CHA-7, SCN-13",
		Topologies: []string{Embedded},
		Limits:     embeddedLimits,
		Arms: []Arm{
			main,
			{Name: "control", Control: true, Setup: setup, Load: load(d.control), Checkers: []check.Checker{inControl}},
		},
	}
}
