package scenarios

import (
	"context"
	"errors"
	"fmt"
	"time"

	"oalab/chaos"
	"oalab/chaos/host"
	"oalab/scenarios/check"
	"oalab/scenarios/history"
	"oalab/scenarios/topology"
)

// Faults that leave both masters alive without each other.
const faultPartition = "partition-master"

// masterSplit is long enough for commits to go on without the partner, twice.
const masterSplit = 4 * time.Second

// splitMasters lets the two masters no longer hear each other, while everybody else
// hears both: each believes that the other is gone, and each is right that it is not
// alone. Writers stand on both sides.
func splitMasters(at time.Duration) Fault {
	return contestedFault(history.FaultSplitBrain, at, masterPair.Contest, func(a, b powers) chaos.Fault {
		return host.Split(history.FaultSplitBrain, topology.HostMySQL1, a, b)
	})
}

// partitionMaster lets the first master hear neither its partner nor the gateway, with
// writers still on its side: it cannot know that the other has taken over.
func partitionMaster(at time.Duration) Fault {
	return contestedFault(faultPartition, at, masterPair.Contest, func(a, _ powers) chaos.Fault {
		return ruled{Noop: chaos.Noop{As: faultPartition, On: topology.HostMySQL1}, ctl: a, table: "oalab_alone", rules: aloneRules}
	})
}

// twoHomes lets writers on either side change the same row, each at the master itself
// instead of at the home of the group, while the replication between the two is cut:
// what no rule of MySQL forbids, and what nobody is told of.
func twoHomes(at time.Duration) Fault {
	f := contestedFault(history.FaultCutLink, at, masterPair.Swap, func(a, _ powers) chaos.Fault {
		return ruled{Noop: chaos.Noop{As: history.FaultCutLink, On: topology.HostMySQL1}, ctl: a, table: "oalab_link", rules: linkRules}
	})
	f.Effect = check.Effect{Fault: f.Name, What: "rows that a side changed", Min: 2, Count: changedRows}
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

// contestedFault places a fault of the link between the masters, and lets a writer on
// either side write the same rows meanwhile.
func contestedFault(name string, at time.Duration, contest func(masterPair, context.Context) error, make func(a, b powers) chaos.Fault) Fault {
	return Fault{
		Name: name, At: at, For: masterSplit, Target: topology.HostMySQL1, Jitter: 300 * time.Millisecond,
		Make: func(s topology.System) chaos.Fault {
			a, errA := atHost(s, topology.HostMySQL1)
			b, errB := atHost(s, topology.HostMySQL2)
			p, ok := s.(masterPair)
			err := errors.Join(errA, errB)
			if err == nil && !ok {
				err = errNoMasters
			}
			if err != nil {
				return impossible{chaos.Noop{As: name, On: topology.HostMySQL1}, err}
			}
			return whole{&contested{Fault: make(a, b), contest: func(ctx context.Context) error { return contest(p, ctx) }}, masterSplit}
		},
		Effect: check.Effect{Fault: name, What: "take-overs of group core by the other master", Min: 1, Count: takenOver},
	}
}

// contested lets both sides write before the fault is healed.
type contested struct {
	chaos.Fault
	contest func(context.Context) error
	done    bool
}

// Recover lets them write once, however often it is called.
func (f *contested) Recover(ctx context.Context) error {
	var err error
	if !f.done {
		f.done = true
		err = f.contest(ctx)
	}
	return errors.Join(err, f.Fault.Recover(ctx))
}

// aloneRules drop whatever comes from the partner and the gateway, or goes there.
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
