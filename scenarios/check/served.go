package check

import (
	"fmt"

	"oalab/scenarios/account"
	"oalab/scenarios/history"
	"oalab/scenarios/stat"
)

// Served judges that no try fails because of a dead or absent server while others are there
// (DIS-2, DIS-7). Tries may fail after the begin and the end of a fault until it is noticed.
// Later, and without a fault, no try may fail. Tries while the machine was full decide nothing.
type Served struct {
	// GraceS is for how long, in seconds, tries may fail after a fault begins to act, and
	// after it is healed.
	GraceS float64
	// Min is how many tries each window of a fault must have after that, and the arm in all.
	Min int
}

// underWayS is for how long a try may have been under way when a fault begins to act.
const underWayS = 1.0

// Name implements Checker.
func (Served) Name() string { return "served" }

// Check implements Checker.
func (c Served) Check(a *history.Arm) Finding {
	var f Finding
	var wrong, open offences
	m := account.MachineOf(a)
	inWindow := make([]int, len(a.Record.Windows))
	for _, d := range a.Deliveries {
		at := a.Seconds(d.At)
		if !account.Ours(a, d) || c.graced(a.Record.Windows, at) {
			continue
		}
		f.Checked++
		for i, w := range a.Record.Windows {
			inWindow[i] += stat.Indicator(w.Contains(at))
		}
		if !d.OK {
			charge(m, m.FullIn(at-c.GraceS, at+d.TookS), &wrong, &open).
				add("try %d of seq %d at %.3f s failed: status %d after %.3f s, by %s", d.Try, d.Seq, at, d.Status, d.TookS, d.Upstream)
		}
	}
	for i, w := range a.Record.Windows {
		if inWindow[i] < c.Min {
			open.add("%d tries in window %d, of %s, after %g s of it, %d wanted", inWindow[i], i+1, w.Fault, c.GraceS, c.Min)
		}
	}
	if f.Checked < max(c.Min, 1) {
		open.add("%d tries, %d wanted", f.Checked, max(c.Min, 1))
	}
	if !f.decide(&wrong, &open) {
		f.Verdict, f.Detail = history.Pass, fmt.Sprintf("%d tries were answered", f.Checked)
	}
	return f
}

// graced reports whether a try that was begun at a moment may have failed before a fault, or
// its end, was noticed.
func (c Served) graced(windows []history.Window, at float64) bool {
	for _, w := range windows {
		bites, healed := at >= account.Begins(w)-underWayS && at < w.FromS+c.GraceS, at >= w.ToS && at < max(w.ToS, w.HealedS)+c.GraceS
		if bites || healed {
			return true
		}
	}
	return false
}
