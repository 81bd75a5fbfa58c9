package check

import (
	"fmt"

	"oalab/scenarios/account"
	"oalab/scenarios/history"
)

// Headroom checks that the machine had processor time left at the steps of a closed load
// (SCN-5). Otherwise the machine itself limits what is measured, or another program ran on
// it. Such a step says nothing of the servers and does not count in Peaks. The same holds
// for a step during most of which the machine was full, however busy its processors were on
// average. More than one such step in ten makes the arm inconclusive. Headroom never fails.
type Headroom struct{}

// mostTooBusy is the share of steps that may be too busy.
const mostTooBusy = 0.1

// Name implements Checker.
func (Headroom) Name() string { return "headroom" }

// Check implements Checker.
func (Headroom) Check(a *history.Arm) Finding {
	f := Finding{Verdict: history.Pass}
	var open, tooBusy offences
	busiest := 0.0
	for _, s := range account.Steps(a) {
		switch {
		case s.Calibrates:
			continue
		case !(s.Busy >= 0):
			open.add("%s: the machine was not watched", stepTitle(s.Step))
			continue
		case s.Full > account.MostFull:
			tooBusy.add("%s: the machine was full for %.0f %% of it, at most %.0f %% may be", stepTitle(s.Step), 100*s.Full, 100*account.MostFull)
		case s.TooBusy():
			tooBusy.add("%s: %.0f %% of the machine was busy, at most %.0f %% may be", stepTitle(s.Step), 100*s.Busy, 100*account.MostBusy)
		default:
			busiest = max(busiest, s.Busy)
		}
		f.Checked++
	}
	f.Detail = fmt.Sprintf("at most %.0f %% of the machine was busy at %d steps", 100*busiest, f.Checked-tooBusy.n)
	if tooBusy.n > 0 {
		f.Detail += "; left out: " + tooBusy.String()
	}
	switch {
	case open.n > 0:
		f.Verdict, f.Detail = history.Inconclusive, open.String()
	case float64(tooBusy.n) > mostTooBusy*float64(f.Checked):
		f.Verdict, f.About = history.Inconclusive, history.ReasonMachine
		f.Detail = tooBusy.String() + ": run it on a machine with nothing else to do"
	case f.Checked == 0:
		f.Verdict, f.Detail = history.Inconclusive, "the load had no steps"
	}
	return f
}
