package scenarios

import (
	"context"
	"time"

	"oalab/chaos"
	"oalab/chaos/host"
	"oalab/scenarios/check"
	"oalab/scenarios/history"
	"oalab/scenarios/judge"
	"oalab/scenarios/topology"
)

// faultLone is the death of a master, and then a halt of the one that has taken over.
const faultLone = "lone-master"

const (
	// loneHalt is longer than the lease of a master's gate: the halted master must fence
	// itself when it goes on.
	loneHalt = 2500 * time.Millisecond
	// loneDown is how long the first master stays dead after that: the other one must serve
	// again well before.
	loneDown = 14 * time.Second
	// loneOutage bounds, in seconds, how long the group core can not be written: the halt, the fence,
	// a second of the gateway, the take-over of the addresses.
	loneOutage = 10.0
)

// loneMaster kills the first master, waits until the second master serves all tables, and
// halts it for longer than its lease. The second was the last one that served, so it must
// serve again although its partner is dead (DIS-3).
func loneMaster(at time.Duration) Fault {
	return Fault{
		Name: faultLone, At: at, For: loneDown, Target: topology.HostMySQL1, Jitter: 300 * time.Millisecond,
		Needs: needsMasters,
		Make: func(s topology.System) (chaos.Fault, error) {
			first, second, pair, err := bothMasters(s)
			if err != nil {
				return nil, err
			}
			serves := func(ctx context.Context) error {
				return second.Run(ctx, "sh", "-c", "until [ -e /dev/shm/guard/open."+history.GroupCore+" ]; do sleep 0.05; done")
			}
			kill := host.ThenHalt(host.Kill(faultLone, topology.HostMySQL1, first), second, serves, loneHalt)
			return chaos.AtLeast(witnessed(kill, pair), loneDown), nil
		},
		Effect: judge.Effect{Fault: faultLone, What: "take-overs of group core by the other master", Min: 1, Count: takenOver},
	}
}

// loneArm has one cycle, because it tests the outcome and not the length of the outage.
func loneArm(m topology.Masters) Arm {
	const length = masterFirst + loneDown + 12*time.Second
	return Arm{
		Name:  "lone",
		Setup: Setup{Layout: masterLayout(m), OneByOne: true},
		Load: func(size Size) (Load, error) {
			return failoverLoad(masterRate(size), masterFirst, length)
		},
		Faults:   func(Size) []Fault { return []Fault{loneMaster(masterFirst)} },
		Checkers: []check.Checker{check.Converge{Min: 500}, check.Replies{}, check.Orders{Min: 20}},
		Objectives: []judge.Objective{
			{Figure: "outage_s/" + faultLone, Relation: "<=", Limit: loneOutage, MinN: 1},
			{Figure: "lost_acknowledged_writes", Relation: "==", Limit: 0, MinN: 500},
			{Figure: "orders_unfinished_end", Relation: "==", Limit: 0},
		},
	}
}
