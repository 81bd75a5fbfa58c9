package scenarios

import (
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

// The time line of platform-retries. All replies are slow for long enough that a message has
// its first and its second try in that time, and its third one after it. Redis is away in the
// middle: some messages have their first try before, their second without Redis, and their
// third after.
const (
	retriesServers  = 4
	repliesSlowAt   = 2 * time.Second
	repliesSlowFor  = 8500 * time.Millisecond
	retriesRedisAt  = 5 * time.Second
	retriesRedisFor = 4 * time.Second
	retriesLength   = 12 * time.Second
)

// PlatformRetries keeps all replies for longer than the platform waits, so that every message
// is delivered up to three times, to any of four servers, while Redis is cut off.
func PlatformRetries() Scenario {
	// Around what a callback waits for the carrier: some queries are answered at once, others
	// are handed over.
	carrier := []upstream.Rule{{Latency: &upstream.Latency{Dist: "lognormal", MedianS: 0.5, Sigma: 0.5}}}
	setup := Setup{
		Servers: retriesServers, CarrierRules: carrier,
		Layout: topology.Layout{VRRP: slowAdverts(), Apps: retriesServers, QuickStores: true, QuietVIP: true, Method: "random"},
	}
	return Scenario{
		Name:       "platform-retries",
		Title:      "When replies come too late and Redis is cut off, each message acts once and has the same reply at all three tries on four servers, of whatever kind",
		Source:     "SCN-14, MSG-4, MSG-5, MSG-6; thesis 2.3",
		Topologies: []string{Embedded, Docker},
		Limits: append([]string{
			"Nginx before the servers: a balancer in the harness stands in for it, chooses a server at random and asks another one when that does not answer.",
		}, embeddedLimits...),
		Arms: []Arm{
			{
				Name: "main", Setup: setup, Load: retriesLoad(retriesLength),
				Faults:     retriesFaults,
				Checkers:   []check.Checker{check.Replies{Min: 300, EachKind: 5, Elsewhere: 200}, check.Orders{Min: 80, MinPerWindow: map[string]int{faultRepliesSlow: 50, "redis-cut": 20}}, check.HandedOver{Min: 20}},
				Objectives: append([]judge.Objective{{Figure: "failed_requests", Relation: "==", Limit: 0, MinN: 500}}, nothingLeft...),
			},
			{
				Name: "control", Control: true, Setup: setup, Load: retriesLoad(6 * time.Second),
				Checkers: []check.Checker{check.Replies{}, check.Orders{Min: 40}, check.HandedOver{Min: 10}},
				Objectives: append([]judge.Objective{
					{Figure: "failed_requests", Relation: "==", Limit: 0, MinN: 300},
					{Figure: "tries_failed", Relation: "==", Limit: 0, MinN: 300},
				}, nothingLeft...),
			},
		},
	}
}

// nothingLeft is a system that has come to rest.
var nothingLeft = []judge.Objective{
	{Figure: "queue_depth_end", Relation: "==", Limit: 0},
	{Figure: "outbox_rows_end", Relation: "==", Limit: 0},
	{Figure: "orders_unfinished_end", Relation: "==", Limit: 0},
}

func retriesFaults(Size) []Fault {
	return []Fault{repliesSlow(repliesSlowAt, repliesSlowFor), redisAway(retriesRedisAt, retriesRedisFor)}
}

// retriesLoad asks for replies of every kind, for orders and for queries.
func retriesLoad(length time.Duration) func(Size) (Load, error) {
	return func(size Size) (Load, error) { return retriesAt(bySize(size, 90.0, 300.0), length) }
}

// retriesAt is retriesLoad at a rate.
func retriesAt(perS float64, length time.Duration) (Load, error) {
	p, err := profile.Constant(perS, length)
	return Load{
		Followers: 5000, Mix: workload.Mix{Wish: 0.6, Query: 0.2, Order: 0.2}, Profile: p,
		Phases: []history.Phase{{Name: "steady", FromS: 0, ToS: repliesSlowAt.Seconds()}, {Name: "faults", FromS: repliesSlowAt.Seconds(), ToS: length.Seconds()}},
		Drain:  30 * time.Second,
	}, err
}

const faultRepliesSlow = "reply-slow"

// repliesSlow keeps every answer of the servers to the platform until it has given up: they
// have done the work, and the platform comes again.
func repliesSlow(at, length time.Duration) Fault {
	return Fault{
		Name: faultRepliesSlow, At: at, For: length, Jitter: phase, Target: TargetPusher,
		Make: func(s topology.System) (chaos.Fault, error) {
			return s.PlatformRules().Fault(faultRepliesSlow, TargetPusher,
				upstream.Rule{Match: upstream.Match{Path: "push"}, Action: upstream.ActionAnswerLost}), nil
		},
		Effect: judge.Effect{Fault: faultRepliesSlow, What: "tries whose reply came too late", Min: 300, Count: judge.TriesLost},
	}
}

// redisAway cuts the servers off from Redis, on any topology.
func redisAway(at, length time.Duration) Fault {
	const name = "redis-cut"
	return Fault{
		Name: name, At: at, For: length, Jitter: phase, Target: topology.LinkRedis,
		Needs: []topology.Need{{Power: topology.PowerRedis}},
		Make: func(s topology.System) (chaos.Fault, error) {
			r, err := topology.RedisOf(s)
			if err != nil {
				return nil, err
			}
			return r.CutRedis(name)
		},
		Effect: judge.Effect{Fault: name, What: "requests that Redis did not answer", Min: 5, Count: judge.CounterRose("oalab_redis_errors_total")},
	}
}

// retryMutants are the drills of what four servers must know of each other (CHA-7).
func retryMutants() []Scenario {
	return []Scenario{
		retryMutant("reply-not-shared", judge.Violate("orders", "replies", "handed-over")),
		retryMutant("reply-by-chance", judge.Violate("replies")),
	}
}

// retryMutant is a drill whose defect slow replies bring to light.
func retryMutant(defect string, expect judge.Expectation) Scenario {
	s := PlatformRetries()
	s.Name = "mutant-" + defect
	s.Title = "Servers with the planted defect " + defect + " are found when replies are slow, and pass otherwise"
	s.Source = "CHA-7, SCN-14"
	s.Topologies = []string{Embedded}
	for i := range s.Arms {
		a := &s.Arms[i]
		a.Setup.Defects, a.Objectives = []string{defect}, nil
		// Half of what the scenario asks. Otherwise a busy machine answers too late in the arm
		// without the fault, and the platform's tries bring the defect to light there, too.
		a.Load = func(Size) (Load, error) { return retriesAt(45, 7*time.Second) }
		a.Checkers = []check.Checker{check.Replies{}, check.Orders{Min: 40}, check.HandedOver{}}
	}
	s.Arms[0].Expect = expect
	s.Arms[0].Faults = func(Size) []Fault {
		slow := repliesSlow(repliesSlowAt, 4*time.Second)
		slow.Effect.Min = 100
		return []Fault{slow}
	}
	return s
}
