package scenarios

import (
	"time"

	"oalab/chaos"
	"oalab/chaos/host"
	"oalab/chaos/upstream"
	"oalab/scenarios/check"
	"oalab/scenarios/history"
	"oalab/scenarios/judge"
	"oalab/scenarios/load/profile"
	"oalab/scenarios/topology"
	"oalab/scenarios/workload"
)

// controlNodes is how many control nodes share the accounts.
const controlNodes = 3

// TokenStorm lets the tokens of many accounts end together, while control nodes are read all the
// time: one of the nodes dies while it renews, the platform is away, Redis is cut off and
// flushed.
func TokenStorm() Scenario {
	sized := func(size Size) Setup {
		return Setup{ControlNodes: controlNodes, TokenLifetime: stormOf(size).life}
	}
	objectives := func(minN int) []judge.Objective {
		return []judge.Objective{
			{Figure: "token_reads_failed", Relation: "==", Limit: 0, MinN: minN},
			{Figure: "token_reads_dead", Relation: "==", Limit: 0, MinN: minN},
			{Figure: "tokens_per_account_max", Relation: "==", Limit: 1, MinN: 300},
			{Figure: "arrivals_dropped", Relation: "==", Limit: 0, MinN: minN},
		}
	}
	return Scenario{
		Name:       "token-storm",
		Title:      "Many tokens end together while a control node dies in a refresh, the platform is away and Redis is cut and flushed: no read fails or gets a dead token, and one is issued for each validity",
		Source:     "SCN-12, CTL-1, CTL-4, CTL-6, CTL-7, CTL-8",
		Topologies: []string{Embedded},
		Limits: append([]string{
			"Control nodes on hosts of their own, and their MySQL: here they share a machine, and a database file.",
		}, embeddedLimits...),
		Arms: []Arm{
			{
				Name: "main", Sized: sized, Load: stormLoad, Faults: stormFaults, Objectives: objectives(3000),
				Checkers: []check.Checker{
					check.TokenReads{Min: 3000, Renewed: 200, MinPerWindow: map[string]int{
						faultKillControl: 300, faultPlatformAway: 300, "redis-cut": 300, faultRedisFlush: 300,
					}},
					check.Tokens{Renewals: 500},
				},
			},
			{
				Name: "control", Control: true, Sized: sized, Load: stormLoad, Objectives: objectives(3000),
				Checkers: []check.Checker{check.TokenReads{Min: 3000, Renewed: 200}, check.Tokens{Renewals: 500}},
			},
		},
	}
}

// storm is the time line of a token storm. A token is renewed when between 76 % and 88 % of its
// life are over, and given out until 99 % are. The lease of a node that dies lasts ten seconds:
// less than what is left then.
type storm struct {
	accounts int
	perS     float64
	life     time.Duration
	begin    time.Duration // how old the tokens are when the load begins
	ready    time.Duration // how long before that they are read for the first time
	length   time.Duration
	kill     time.Duration

	slow, away, cut, flush span
}

// span is when a fault begins after the load, and how long it lasts.
type span struct{ at, length time.Duration }

func stormOf(size Size) storm {
	const s, ms = time.Second, time.Millisecond
	return bySize(size, storm{
		accounts: 2000, perS: 300, life: 64 * s, begin: 48 * s, ready: 5 * s, length: 17500 * ms,
		slow: span{300 * ms, 2700 * ms}, kill: 1800 * ms, away: span{4500 * ms, 2500 * ms}, cut: span{8 * s, 2 * s}, flush: span{11 * s, 2 * s},
	}, storm{
		accounts: 100_000, perS: 1000, life: 1200 * s, begin: 900 * s, ready: 200 * s, length: 330 * s,
		slow: span{20 * s, 20 * s}, kill: 30 * s, away: span{70 * s, 60 * s}, cut: span{140 * s, 10 * s}, flush: span{160 * s, 10 * s},
	})
}

func stormLoad(size Size) (Load, error) {
	t := stormOf(size)
	p, err := profile.Constant(t.perS, t.length)
	return Load{
		TokenReads: &workload.TokenReads{Accounts: t.accounts, Begin: t.begin, Ready: t.ready},
		Followers:  1, Profile: p, Drain: 20 * time.Second,
		Phases: []history.Phase{{Name: "storm", FromS: 0, ToS: t.length.Seconds()}},
	}, err
}

func stormFaults(size Size) []Fault {
	t := stormOf(size)
	return []Fault{
		tokenSlow(t.slow.at, t.slow.length, 0.25, apiStableToken),
		killControl(t.kill, judge.Effect{What: "tokens that the platform gave out once more", Min: 1, Count: judge.TokensGivenAgain}),
		platformAway(t.away.at, t.away.length),
		redisCut(t.cut.at, t.cut.length),
		ofRedis(faultRedisFlush, t.flush.at, t.flush.length, topology.RedisData.FlushRedis, judge.Effect{
			What: "reads while Redis had lost all", Min: 300, Count: judge.TokensReadIn,
		}),
	}
}

const (
	faultKillControl  = "kill-control"
	faultPlatformAway = "platform-away"
)

// killControl kills the first control node and starts it again.
func killControl(at time.Duration, effect judge.Effect) Fault {
	target := topology.ControlServer(1)
	effect.Fault = faultKillControl
	return Fault{
		Name: faultKillControl, At: at, For: killFor, Jitter: phase, Target: target, Effect: effect,
		Needs: []topology.Need{topology.OnProcess(target)},
		Make: func(s topology.System) (chaos.Fault, error) {
			return host.Kill(faultKillControl, target, s.Host(target)), nil
		},
	}
}

// platformAway breaks every connection that asks for a token.
func platformAway(at, length time.Duration) Fault {
	return Fault{
		Name: faultPlatformAway, At: at, For: length, Jitter: phase, Target: TargetAPI,
		Make: func(s topology.System) (chaos.Fault, error) {
			return s.PlatformRules().Fault(faultPlatformAway, TargetAPI,
				upstream.Rule{Match: upstream.Match{Path: apiStableToken}, Action: upstream.ActionReset}), nil
		},
		Effect: judge.Effect{Fault: faultPlatformAway, What: "calls for a token without an answer", Min: 5, Count: judge.PlatformUnanswered},
	}
}
