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
	return contestedFault(history.FaultSplitBrain, at, func(a, b powers) chaos.Fault {
		return host.Split(history.FaultSplitBrain, topology.HostMySQL1, a, b)
	})
}

// partitionMaster lets the first master hear neither its partner nor the gateway, with
// writers still on its side: it cannot know that the other has taken over.
func partitionMaster(at time.Duration) Fault {
	return contestedFault(faultPartition, at, func(a, _ powers) chaos.Fault {
		return partition{Noop: chaos.Noop{As: faultPartition, On: topology.HostMySQL1}, ctl: a}
	})
}

// contestedFault places a fault of the link between the masters, and lets a writer on
// either side write the same rows meanwhile.
func contestedFault(name string, at time.Duration, make func(a, b powers) chaos.Fault) Fault {
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
			return whole{&contested{Fault: make(a, b), pair: p}, masterSplit}
		},
		Effect: check.Effect{Fault: name, What: "take-overs of group core by the other master", Min: 1, Count: takenOver},
	}
}

// contested lets both sides write before the fault is healed.
type contested struct {
	chaos.Fault
	pair masterPair
	done bool
}

// Recover lets them write once, however often it is called.
func (f *contested) Recover(ctx context.Context) error {
	var err error
	if !f.done {
		f.done = true
		err = f.pair.Contest(ctx)
	}
	return errors.Join(err, f.Fault.Recover(ctx))
}

// aloneRules drop whatever comes from the partner and the gateway, or goes there.
const aloneRules = `table inet oalab_alone {
	chain in { type filter hook input priority -10; ip saddr { PARTNER, GATEWAY } drop; }
	chain out { type filter hook output priority -10; ip daddr { PARTNER, GATEWAY } drop; }
}`

// partition takes partner and gateway away from a master, and nobody else.
type partition struct {
	chaos.Noop
	ctl powers
}

// Inject sets the rules, which the end of the host would end too.
func (f partition) Inject(ctx context.Context) error {
	const set = `gateway=$(ip route | awk '/^default/ { print $3; exit }'); echo "$1" | sed "s/PARTNER/$PARTNER/g; s/GATEWAY/$gateway/g" | nft -f -`
	if err := f.ctl.Run(ctx, "sh", "-c", set, "partition", aloneRules); err != nil {
		return fmt.Errorf("part %s from its partner: %w", topology.HostMySQL1, err)
	}
	return nil
}

// Recover takes the rules back; none is no error.
func (f partition) Recover(ctx context.Context) error {
	return f.ctl.Run(ctx, "nft", "destroy table inet oalab_alone")
}
