package scenarios

import (
	"slices"
	"time"

	"oalab/chaos"
	"oalab/chaos/host"
	"oalab/chaos/upstream"
	"oalab/scenarios/account"
	"oalab/scenarios/check"
	"oalab/scenarios/history"
	"oalab/scenarios/judge"
	"oalab/scenarios/load/profile"
	"oalab/scenarios/topology"
	"oalab/scenarios/workload"
)

// loginServers is how many there are, behind a round robin of Nginx's or of the generator's.
const loginServers = 2

// OAuthCrowd is a flash crowd of followers who open a link that was shared in moments. They go
// through the platform's consent page and back, and come again within their sessions, while one
// of two login servers is killed.
func OAuthCrowd() Scenario {
	setup := Setup{LoginServers: loginServers, Layout: topology.Layout{Apps: 1, QuickStores: true}}
	local := setup
	local.Layout.LocalSessions = true
	objectives := func(p99 float64) []judge.Objective {
		return []judge.Objective{
			{Figure: "platform_calls_again", Relation: "==", Limit: 0, MinN: 30},
			{Figure: "platform_calls_per_login", Relation: ">=", Limit: 2, MinN: 50},
			{Figure: "codes_exchanged_again", Relation: "==", Limit: 0, MinN: 50},
			{Figure: "sessions_foreign", Relation: "==", Limit: 0, MinN: 100},
			{Figure: "told_later_ratio", Relation: "<=", Limit: 0.02, MinN: 100},
			{Figure: "arrivals_dropped", Relation: "==", Limit: 0, MinN: 100},
			{Figure: "p99_due_s", Relation: "<", Limit: p99, MinN: 100},
		}
	}
	return Scenario{
		Name:       "oauth-crowd",
		Title:      "In a flash crowd of logins sessions save the platform's calls, and a dead login server costs no follower a session or an error",
		Source:     "SCN-13, OAU-1, OAU-2, OAU-3, OAU-7; thesis 4.2.6",
		Topologies: []string{Embedded, Docker},
		Limits: append([]string{
			"Nginx before the login servers: the generator stands in for it, takes the servers in turns and asks the next one when one does not answer.",
			"Sessions in files behind ip_hash: they are an arm of topology docker.",
		}, embeddedLimits...),
		Arms: []Arm{
			{
				Name: "main", Setup: setup, Load: crowdLoad(6 * time.Second), Objectives: objectives(5),
				Faults:   func(Size) []Fault { return []Fault{killLogin(3 * time.Second)} },
				Checkers: []check.Checker{check.Logins{Min: 50, Again: 30, Forwarded: 5, AgainPerWindow: map[string]int{"kill-login": 10}}},
			},
			{
				Name: "control", Control: true, Setup: setup, Load: crowdLoad(5 * time.Second), Objectives: objectives(2),
				Checkers: []check.Checker{check.Logins{Min: 50, Again: 30, Forwarded: 5}},
			},
			{
				// Nginx leads an address to another server while its own is dead, and back.
				Name: "ip-hash", On: Docker, Setup: local, Load: crowdLoad(8 * time.Second),
				Objectives: slices.DeleteFunc(objectives(5), func(o judge.Objective) bool { return o.Figure == "platform_calls_again" }),
				Faults:     func(Size) []Fault { return []Fault{killLogin(4 * time.Second)} },
				Checkers:   []check.Checker{check.Logins{Min: 50, Again: 30, Forwarded: 5, Moved: 5, AgainPerWindow: map[string]int{"kill-login": 10}}},
			},
		},
	}
}

// crowdLoad is a ramp of a second and then the crowd at its full rate. In size full it is six
// times as long and twice as fast.
func crowdLoad(length time.Duration) func(Size) (Load, error) {
	return func(size Size) (Load, error) {
		length := bySize(size, length, 6*length)
		perS := bySize(size, 40.0, 80.0)
		ramp, err := profile.Ramp(5, perS, time.Second)
		if err != nil {
			return Load{}, err
		}
		steady, err := profile.Constant(perS, length-time.Second)
		if err != nil {
			return Load{}, err
		}
		whole, err := profile.Sequence(ramp, steady)
		return Load{
			Followers: bySize(size, 8000, 60_000), Profile: whole,
			Logins: &workload.Logins{Again: 1500 * time.Millisecond, Forwarded: 0.2},
			Phases: []history.Phase{{Name: "ramp", FromS: 0, ToS: 1}, {Name: "steady", FromS: 1, ToS: length.Seconds()}},
			Drain:  20 * time.Second,
		}, err
	}
}

// leastPassedOn shows that a server did not answer. After five of them Nginx asks it no more.
const leastPassedOn = 3

// killLogin kills the first login server and starts it again.
func killLogin(at time.Duration) Fault {
	target := topology.LoginServer(1)
	return Fault{
		Name: "kill-login", At: at, For: killFor, Jitter: phase, Target: target,
		Needs: []topology.Need{topology.OnProcess(target)},
		Make: func(s topology.System) (chaos.Fault, error) {
			return host.Kill("kill-login", target, s.Host(target)), nil
		},
		Effect: judge.Effect{Fault: "kill-login", What: "requests of browsers that were passed on", Min: leastPassedOn, Count: judge.VisitsPassedOn},
	}
}

// exchangeLost lets the platform exchange codes and keeps its answers back.
func exchangeLost(at, length time.Duration) Fault {
	return Fault{
		Name: "exchange-lost", At: at, For: length, Jitter: phase, Target: TargetAPI,
		Make: func(s topology.System) (chaos.Fault, error) {
			return s.PlatformRules().Fault("exchange-lost", TargetAPI, upstream.Rule{
				Match: upstream.Match{Path: account.PathExchange}, Action: upstream.ActionAnswerLost,
			}), nil
		},
		Effect: judge.Effect{Fault: "exchange-lost", What: "API calls without an answer", Min: 5, Count: judge.PlatformUnanswered},
	}
}
