package runner

import (
	"context"
	"errors"
	"slices"
	"time"

	"oalab/chaos"
	"oalab/scenarios/load"
)

// The load of an arm whose faults wait for each other has a reserve. The load goes on until
// the last fault has healed. Otherwise a machine on which faults heal late would never see
// the last ones.

// errEnough ends a load in its reserve.
var errEnough = errors.New("every fault is over")

// reserved reports whether the load goes on after its planned end while faults are not over.
func (x *arm) reserved() bool { return x.due < len(x.plan) }

// rateInReserve is the planned rate at a moment after the load's planned end.
func (x *arm) rateInReserve(at time.Duration) float64 {
	if !x.reserved() {
		return 0
	}
	return x.offered.Rate(at)
}

// cutAfter is how long operations may be in flight after the end of ctx. A load that ends
// in its reserve ends like any other, not like one that is interrupted.
func (x *arm) cutAfter(ctx context.Context) time.Duration {
	if x.reserved() {
		return chaos.Patient(ctx, load.DefaultCutAfter)
	}
	return 0
}

// awaitPlanned waits until all operations have started that are due without the reserve. It
// gives up with ctx, or after the time that late ones have.
func (x *arm) awaitPlanned(ctx context.Context, base time.Time) error {
	if err := wait(ctx, time.Until(base.Add(x.load.Profile.Length()))); err != nil {
		return err
	}
	for limit := time.Now().Add(chaos.Patient(ctx, grace)); x.started.Load() < int64(x.due) && time.Now().Before(limit); {
		if err := wait(ctx, 10*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// cutPlan cuts the plan to the operations that were due before the load ended, which lasted
// so long, and writes it to the evidence.
func (x *arm) cutPlan(sum *load.Summary, lasted time.Duration) error {
	n := min(max(sum.Started, x.due), len(x.plan))
	err := x.out.WritePlan(x.plan[x.due:n])
	x.plan = x.plan[:n]
	sum.Scheduled, sum.Dropped = n, max(0, n-sum.Started)
	x.lasted = lasted
	if p := x.record.Phases; len(p) > 0 {
		p = slices.Clone(p)
		p[len(p)-1].ToS = max(p[len(p)-1].ToS, lasted.Seconds())
		x.record.Phases = p
	}
	return err
}
