package scenarios

import (
	"context"
	"time"

	"oalab/chaos"
	"oalab/chaos/host"
	"oalab/scenarios/check"
	"oalab/scenarios/history"
	"oalab/scenarios/judge"
	"oalab/scenarios/load/profile"
	"oalab/scenarios/topology"
	"oalab/scenarios/workload"
)

// RedundantStores kills the host of the Redis primary and then a node of the broker. Both
// are redundant: no message fails, no order is lost or done twice, and changes are still
// seen in time (DIS-6). The full failover scenarios of the two are redis-faults and
// rabbitmq-faults.
func RedundantStores() Scenario {
	const length = 14
	return Scenario{
		Name:       "redundant-stores",
		Title:      "The host of the Redis primary dies, then a node of the broker: the replica and the other nodes go on, and followers do not notice",
		Source:     "DIS-6, STO-5, STO-6, STO-7",
		Topologies: []string{Docker},
		Limits:     dockerLimits,
		Arms: []Arm{{
			Name:  "main",
			Setup: Setup{Layout: topology.Layout{Redundant: true, QuickStores: true}},
			Load: func(Size) (Load, error) {
				p, err := profile.Constant(150, length*time.Second)
				return withUpdates(Load{
					Followers: 2000, Mix: workload.Mix{Text: 0.87, Query: 0.05, Order: 0.08}, Profile: p,
					Phases: []history.Phase{{Name: "steady", FromS: 0, ToS: 3}, {Name: "faults", FromS: 3, ToS: length}},
					Drain:  30 * time.Second,
				}, err)
			},
			Faults: func(Size) []Fault {
				return []Fault{killRedis(3*time.Second, 5*time.Second), killBroker(10*time.Second, 2500*time.Millisecond)}
			},
			Checkers: []check.Checker{check.Replies{}, check.Orders{Min: 120}, check.Tokens{Calls: 100}, fresh},
			Objectives: []judge.Objective{
				{Figure: "failed_requests", Relation: "==", Limit: 0, MinN: 500},
				{Figure: "error_ratio", Relation: "<=", Limit: 0, MinN: 500},
				{Figure: "p99_due_s", Relation: "<", Limit: 2, MinN: 500},
				{Figure: "orders_unfinished_end", Relation: "==", Limit: 0},
				{Figure: "queue_depth_end", Relation: "==", Limit: 0},
				fewStatements(500), quickWhenSteady(300),
			},
		}},
	}
}

// killRedis kills the host of the first primary. While it is down, the promoted replica
// takes the claims. The fault is healed when the host follows the new primary.
func killRedis(at, length time.Duration) Fault {
	const name = "redis-kill"
	on := topology.HostRedis1
	return Fault{
		Name: name, At: at, For: length, Target: on,
		Needs: []topology.Need{topology.OnProcess(on), {Power: topology.PowerSentinels}},
		Make: func(s topology.System) (chaos.Fault, error) {
			sentinels, err := topology.SentinelsOf(s)
			if err != nil {
				return nil, err
			}
			// A slow machine needs longer for the promotion than for the kill.
			promoted := func(ctx context.Context) error { return sentinels.RedisAt(ctx, topology.HostRedis2) }
			kill := host.InEffect(host.Kill(name, on, s.Host(on)), "the replica is promoted", promoted)
			return chaos.AtLeast(host.Until(kill, "the Sentinels know both", promoted), length), nil
		},
		Effect: judge.Effect{
			Fault: name, What: "claims that the promoted replica took", Min: 20,
			Count: judge.CounterRose(`oalab_cache_requests_total{cache="claims",result="done"}`),
		},
	}
}

// killBroker kills the node of the broker that all servers are connected to.
func killBroker(at, length time.Duration) Fault {
	const name = "rabbit-kill"
	on := topology.HostRabbit1
	return Fault{
		Name: name, At: at, For: length, Target: on,
		Needs: []topology.Need{topology.OnProcess(on)},
		Make: func(s topology.System) (chaos.Fault, error) {
			return chaos.AtLeast(host.Kill(name, on, s.Host(on)), length), nil
		},
		Effect: judge.Effect{
			Fault: name, What: "connections to another node of the broker", Min: 2,
			Count: func(a *history.Arm, w history.Window) int {
				w.FromS = w.SinceS() // they are there before the host is seen dead
				return judge.CounterRose("oalab_broker_connections_total")(a, w)
			},
		},
	}
}
