package scenarios

import (
	"context"
	"time"

	"oalab/chaos"
	"oalab/chaos/host"
	"oalab/scenarios/history"
	"oalab/scenarios/judge"
	"oalab/scenarios/topology"
)

// Faults that leave both masters alive and cut off from each other.
const (
	faultPartition = "partition-master"
	faultGuardHeld = "guard-held"
)

// masterSplit is long enough for commits to go on without the partner, twice, where they wait
// for it for as long as quickAck.
const masterSplit = 4 * time.Second

// quickAck is how long commits wait in arms that let them go on without the partner while the
// fault is in effect. The product's masters wait for longer than their gate can stay open.
const quickAck = time.Second

// splitMasters cuts the two masters off from each other. All other hosts still reach both.
// Each master believes that its partner is gone, and both still have clients. Writers stand
// on both sides.
func splitMasters(at time.Duration) Fault {
	return contestedFault(history.FaultSplitBrain, at, topology.MasterPair.Contest, func(a, b topology.Host) chaos.Fault {
		return host.Split(history.FaultSplitBrain, topology.HostMySQL1, a, b)
	})
}

// partitionMaster cuts the first master off from its partner and from the gateway. Writers
// stay on its side. The master cannot know that the other one has taken over.
func partitionMaster(at time.Duration) Fault {
	return contestedFault(faultPartition, at, topology.MasterPair.Contest, func(a, _ topology.Host) chaos.Fault {
		return host.Rules(faultPartition, topology.HostMySQL1, a, "oalab_alone", aloneRules)
	})
}

// holdGuard halts the guard of the first master and then does what partitionMaster does. The
// master cannot fence itself, and its gate is shut by the kernel alone.
func holdGuard(at time.Duration) Fault {
	return contestedFault(faultGuardHeld, at, topology.MasterPair.Contest, func(a, _ topology.Host) chaos.Fault {
		halt := host.HaltInside(faultGuardHeld, topology.HostMySQL1, a, "guard")
		return chaos.After(halt, 0, host.Rules(faultGuardHeld, topology.HostMySQL1, a, "oalab_alone", aloneRules))
	})
}

// twoHomes cuts the replication between the two masters. Meanwhile a writer on either side
// changes the same row at its own master, and not at the home of the group. MySQL forbids
// this with no rule and reports no error.
func twoHomes(at time.Duration) Fault {
	f := contestedFault(history.FaultCutLink, at, topology.MasterPair.Swap, func(a, _ topology.Host) chaos.Fault {
		return host.Rules(history.FaultCutLink, topology.HostMySQL1, a, linkTable, linkRules)
	})
	f.Effect = judge.Effect{Fault: f.Name, What: "rows that a side changed", Min: 2, Count: changedRows}
	return f
}

// changedRows counts the rows that writers beside the masters changed.
func changedRows(a *history.Arm, _ history.Window) int {
	n := 0
	for _, r := range a.Databases {
		if r.Why == history.ReadSwap {
			n += r.Rows
		}
	}
	return n
}

// contestedFault places a fault of the link between the masters. While it is in effect, a
// writer on either side writes the same rows.
func contestedFault(name string, at time.Duration, contest func(topology.MasterPair, context.Context) error, make func(a, b topology.Host) chaos.Fault) Fault {
	return Fault{
		Name: name, At: at, For: masterSplit, Target: topology.HostMySQL1, Jitter: 300 * time.Millisecond,
		Needs: needsMasters,
		Make: func(s topology.System) (chaos.Fault, error) {
			a, b, pair, err := bothMasters(s)
			if err != nil {
				return nil, err
			}
			write := func(ctx context.Context) error { return contest(pair, ctx) }
			return chaos.AtLeast(chaos.BeforeRecovery(make(a, b), write), masterSplit), nil
		},
		Effect: judge.Effect{Fault: name, What: "take-overs of group core by the other master", Min: 1, Count: takenOver},
	}
}

// aloneRules drop all packets from and to the partner and the gateway.
const aloneRules = `table inet oalab_alone {
	chain in { type filter hook input priority -10; ip saddr { PARTNER, GATEWAY } drop; }
	chain out { type filter hook output priority -10; ip daddr { PARTNER, GATEWAY } drop; }
}`
