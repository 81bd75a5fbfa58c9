package scenarios

import (
	"context"
	"errors"
	"time"

	"oalab/chaos"
	"oalab/chaos/host"
	"oalab/scenarios/check"
	"oalab/scenarios/history"
	"oalab/scenarios/load/profile"
	"oalab/scenarios/topology"
	"oalab/scenarios/workload"
)

// RedundantStores kills the host of the Redis primary and a node of the broker, one after
// the other, where both are redundant: no message fails, no order is lost or done twice,
// and changes are still seen in time (DIS-6). The full failover scenarios of the two are
// redis-faults and rabbitmq-faults.
func RedundantStores() Scenario {
	const length = 14
	return Scenario{
		Name:       "redundant-stores",
		Title:      "The host of the Redis primary dies, then a node of the broker: the replica and the other nodes go on, and nobody notices",
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
			Objectives: []check.Objective{
				{Figure: "failed_requests", Relation: "==", Limit: 0, MinN: 500},
				{Figure: "error_ratio", Relation: "<=", Limit: 0, MinN: 500},
				{Figure: "p99_due_s", Relation: "<", Limit: 2, MinN: 500},
				{Figure: "orders_unfinished_end", Relation: "==", Limit: 0},
				{Figure: "queue_depth_end", Relation: "==", Limit: 0},
				fewStatements(500),
			},
		}},
	}
}

// redundant is what the fault of a Redis primary needs of a topology with a replica.
type redundant interface {
	// RedisAt is nil if the Sentinels take a host for the primary.
	RedisAt(ctx context.Context, primary chaos.Target) error
}

var errNotRedundant = errors.New("the topology has one Redis, and nobody to take over from it")

// killRedis kills the host of the first primary. What claims are taken while it is down
// the promoted replica has taken. It is healed when its host follows the other one.
func killRedis(at, length time.Duration) Fault {
	const name = "redis-kill"
	on := topology.HostRedis1
	return Fault{
		Name: name, At: at, For: length, Target: on,
		Make: func(s topology.System) chaos.Fault {
			r, ok := s.(redundant)
			if !ok {
				return impossible{chaos.Noop{As: name, On: on}, errNotRedundant}
			}
			kill := host.Kill(name, on, s.Host(on))
			return whole{host.Until(kill, "the Sentinels know both", func(ctx context.Context) error {
				return r.RedisAt(ctx, topology.HostRedis2)
			}), length}
		},
		Effect: check.Effect{
			Fault: name, What: "claims that the promoted replica took", Min: 20,
			Count: check.CounterRose(`oalab_cache_requests_total{cache="claims",result="done"}`),
		},
	}
}

// killBroker kills the node of the broker that all servers are connected to.
func killBroker(at, length time.Duration) Fault {
	const name = "rabbit-kill"
	on := topology.HostRabbit1
	return Fault{
		Name: name, At: at, For: length, Target: on,
		Make: func(s topology.System) chaos.Fault { return whole{host.Kill(name, on, s.Host(on)), length} },
		Effect: check.Effect{
			Fault: name, What: "connections to another node of the broker", Min: 2,
			Count: func(a *history.Arm, w history.Window) int {
				w.FromS -= 1 // they are there before the host is seen dead
				return check.CounterRose("oalab_broker_connections_total")(a, w)
			},
		},
	}
}
