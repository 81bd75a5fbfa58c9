package scenarios

import (
	"context"
	"errors"
	"fmt"
	"time"

	"oalab/chaos"
	"oalab/chaos/host"
	"oalab/scenarios/history"
	"oalab/scenarios/judge"
	"oalab/scenarios/topology"
)

// Faults that leave both masters alive and cut off from each other.
const faultPartition = "partition-master"

// masterSplit is long enough for commits to go on without the partner, twice.
const masterSplit = 4 * time.Second

// splitMasters cuts the two masters off from each other. All other hosts still reach both.
// Each master believes that its partner is gone, and both still have clients. Writers stand
// on both sides.
func splitMasters(at time.Duration) Fault {
	return contestedFault(history.FaultSplitBrain, at, masterPair.Contest, func(a, b powers) chaos.Fault {
		return host.Split(history.FaultSplitBrain, topology.HostMySQL1, a, b)
	})
}

// partitionMaster cuts the first master off from its partner and from the gateway. Writers
// stay on its side. The master cannot know that the other one has taken over.
func partitionMaster(at time.Duration) Fault {
	return contestedFault(faultPartition, at, masterPair.Contest, func(a, _ powers) chaos.Fault {
		return ruled{Noop: chaos.Noop{As: faultPartition, On: topology.HostMySQL1}, ctl: a, table: "oalab_alone", rules: aloneRules}
	})
}

// twoHomes cuts the replication between the two masters. Meanwhile a writer on either side
// changes the same row at its own master, and not at the home of the group. MySQL forbids
// this with no rule and reports no error.
func twoHomes(at time.Duration) Fault {
	f := contestedFault(history.FaultCutLink, at, masterPair.Swap, func(a, _ powers) chaos.Fault {
		return ruled{Noop: chaos.Noop{As: history.FaultCutLink, On: topology.HostMySQL1}, ctl: a, table: "oalab_link", rules: linkRules}
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
func contestedFault(name string, at time.Duration, contest func(masterPair, context.Context) error, make func(a, b powers) chaos.Fault) Fault {
	return Fault{
		Name: name, At: at, For: masterSplit, Target: topology.HostMySQL1, Jitter: 300 * time.Millisecond,
		Make: func(s topology.System) chaos.Fault {
			a, b, p, err := bothMasters(s)
			if err != nil {
				return unsupported{chaos.Noop{As: name, On: topology.HostMySQL1}, err}
			}
			return atLeast{&contested{Fault: make(a, b), contest: func(ctx context.Context) error { return contest(p, ctx) }}, masterSplit}
		},
		Effect: judge.Effect{Fault: name, What: "take-overs of group core by the other master", Min: 1, Count: takenOver},
	}
}

// contested is a fault during which both sides write before it is healed.
type contested struct {
	chaos.Fault
	contest func(context.Context) error
	done    bool
}

// Recover lets both sides write at its first call only.
func (f *contested) Recover(ctx context.Context) error {
	var err error
	if !f.done {
		f.done = true
		err = f.contest(ctx)
	}
	return errors.Join(err, f.Fault.Recover(ctx))
}

// aloneRules drop all packets from and to the partner and the gateway.
const aloneRules = `table inet oalab_alone {
	chain in { type filter hook input priority -10; ip saddr { PARTNER, GATEWAY } drop; }
	chain out { type filter hook output priority -10; ip daddr { PARTNER, GATEWAY } drop; }
}`

// ruled is a fault that is a table of nftables inside a master. It ends with the host.
type ruled struct {
	chaos.Noop
	ctl          powers
	table, rules string
}

// Inject sets the rules.
func (f ruled) Inject(ctx context.Context) error {
	const set = `gateway=$(ip route | awk '/^default/ { print $3; exit }'); echo "$1" | sed "s/PARTNER/$PARTNER/g; s/GATEWAY/$gateway/g" | nft -f -`
	if err := f.ctl.Run(ctx, "sh", "-c", set, f.table, f.rules); err != nil {
		return fmt.Errorf("set the rules of %s on %s: %w", f.As, f.On, err)
	}
	return nil
}

// Recover takes them back; none is no error.
func (f ruled) Recover(ctx context.Context) error {
	return f.ctl.Run(ctx, "nft", "destroy table inet "+f.table)
}
