package check

import (
	"fmt"

	"oalab/scenarios/account"
	"oalab/scenarios/history"
)

// Goodput checks that a system that is offered more than it can answer goes on answering
// (SCN-25). An overloaded phase in which less than half of the peak was answered is a
// collapse, also if time in which the machine was full counts as drawn out. How near to the
// peak the system stays is figure goodput_ratio.
type Goodput struct{}

// collapsed is the share of the peak below which an overload is a collapse.
const collapsed = 0.5

// Name implements Checker.
func (Goodput) Name() string { return "goodput" }

// Check implements Checker.
func (Goodput) Check(a *history.Arm) Finding {
	var f Finding
	var wrong, open offences
	levels, peak := account.OfferedLevels(a)
	m := account.MachineOf(a)
	for _, l := range levels {
		if !l.Overloaded {
			continue
		}
		f.Checked++
		if l.GoodPerS < collapsed*peak {
			possible := float64(l.Good) / m.Undrawn(l.FromS, l.ToS)
			charge(m, possible >= collapsed*peak, &wrong, &open).
				add("%s: of %.0f messages/s offered %.1f/s were answered, at the peak %.1f/s", l.Name, l.OfferedPerS, l.GoodPerS, peak)
		}
	}
	if f.Checked == 0 {
		open.add("no phase offered clearly more than was ever answered (%.1f/s): there was no overload", peak)
	}
	if f.decide(&wrong, &open) {
		return f
	}
	ratio, _ := account.PlateauOf(levels, peak)
	f.Verdict, f.Detail = history.Pass, fmt.Sprintf("at least %.2f of the peak of %.1f/s was answered in %d overloaded phases", ratio, peak, f.Checked)
	return f
}

// Recovery checks that the system is normal again soon after the load falls (SCN-25). The
// load is every try of the platform. It has fallen when fewer tries come than were answered
// at the peak. A second is normal if 95 % of its tries are answered within a second.
type Recovery struct{ WithinS float64 }

// Name implements Checker.
func (Recovery) Name() string { return "recovery" }

// Check implements Checker.
func (c Recovery) Check(a *history.Arm) Finding {
	s, n := account.RecoveryOf(a)
	machine := account.MachineOf(a)
	switch {
	case n > 0 && s > c.WithinS && len(machine.Full) > 0:
		return Finding{
			Verdict: history.Inconclusive, About: history.ReasonMachine, Checked: n,
			Detail: fmt.Sprintf("it took %.0f s after the load had fallen until all was normal; %s", s, machine.Words()),
		}
	case n == 0:
		return Finding{Verdict: history.Inconclusive, Detail: "the load did not fall from an overload for long enough"}
	case s > c.WithinS:
		return Finding{Verdict: history.Fail, Checked: n, Violations: 1, Detail: fmt.Sprintf("it took %.0f s after the load had fallen until all was normal, at most %g s may pass", s, c.WithinS)}
	}
	return Finding{Verdict: history.Pass, Checked: n, Detail: fmt.Sprintf("normal %.0f s after the load had fallen", s)}
}
