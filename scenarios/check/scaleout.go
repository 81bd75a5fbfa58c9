package check

import (
	"fmt"
	"slices"
	"strings"

	"oalab/scenarios/account"
	"oalab/scenarios/history"
	"oalab/scenarios/stat"
)

// ScaleOut checks that each of the given numbers of app servers answers more than one alone
// (SCN-5): the interval of the ratio of their peaks excludes 1. It fails only if the interval
// does not exclude 1 without the measurements on a full machine either.
type ScaleOut struct{ Nodes []int }

// Name implements Checker.
func (ScaleOut) Name() string { return "scale-out" }

// Check implements Checker.
func (c ScaleOut) Check(a *history.Arm) Finding {
	var f Finding
	var wrong, open offences
	var held []string
	m, steps := account.MachineOf(a), account.Steps(a)
	peaks := account.PeaksOf(steps)
	var free []account.Peak
	if len(m.Full) > 0 {
		free = account.PeaksOf(account.WithoutFull(m, steps))
	}
	for _, n := range c.Nodes {
		r, known := ratioOf(peaks, n)
		if !known {
			charge(m, slices.ContainsFunc(steps, account.StepSeen.TooBusy), &open, &open). // those are left out
													add("no steady steps of %d nodes and of one server alone", n)
			continue
		}
		f.Checked++
		if !(r.Low > 1) {
			without, known := ratioOf(free, n)
			charge(m, len(m.Full) > 0 && (!known || without.Low > 1), &wrong, &open).
				add("%d nodes answer %.2f times as much as one, interval %.2f to %.2f", n, r.Value, r.Low, r.High)
			continue
		}
		held = append(held, fmt.Sprintf("%d nodes %.2f (%.2f to %.2f)", n, r.Value, r.Low, r.High))
	}
	if f.decide(&wrong, &open) {
		return f
	}
	f.Verdict, f.Detail = history.Pass, "times as much as one server: "+strings.Join(held, ", ")
	return f
}

// ratioOf is how many times as much as one server so many nodes answer, and whether
// both are known.
func ratioOf(peaks []account.Peak, nodes int) (stat.Interval, bool) {
	i := slices.IndexFunc(peaks, func(p account.Peak) bool { return p.Nodes == nodes })
	if i < 0 || peaks[0].Nodes != 0 {
		return stat.Interval{}, false
	}
	return peaks[i].RateRatio, true
}
