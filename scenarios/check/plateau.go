package check

import (
	"fmt"

	"oalab/scenarios/account"
	"oalab/scenarios/history"
)

// Plateau checks that a closed load in steps answers no less with more clients than it takes
// to keep the system busy (SCN-5, SCN-25). A step beyond the peak at which less than half of
// the peak was answered is a collapse. How near to the peak the other steps stay is figure
// plateau_ratio.
type Plateau struct{}

// Name implements Checker.
func (Plateau) Name() string { return "plateau" }

// Check implements Checker.
func (Plateau) Check(a *history.Arm) Finding {
	var f Finding
	var wrong, open offences
	least := map[int]float64{}
	for _, s := range account.BeyondPeak(a) {
		f.Checked++
		if s.Share < collapsed {
			wrong.add("%s: %.1f/s answered, %.2f of the peak", stepTitle(s.Step), account.GoodPerS(s.StepSeen), s.Share)
		}
		if l, known := least[s.Nodes]; !known || s.Share < l {
			least[s.Nodes] = s.Share
		}
	}
	if f.Checked == 0 {
		open.add("no steady step has more clients than the knee, the first with %g of the highest rate", account.NearPeak)
		if n := fullSteps(a); n > 0 {
			open.add("the machine was full at %d of %d steps, which are left out", n, len(a.Record.Steps))
			open.about = history.ReasonMachine
		}
	}
	if f.decide(&wrong, &open) {
		return f
	}
	f.Verdict, f.Detail = history.Pass, fmt.Sprintf("no collapse at %d steps beyond the knee", f.Checked)
	return f
}

// fullSteps counts the steps that are left out because the machine was full.
func fullSteps(a *history.Arm) int {
	n := 0
	for _, s := range account.Steps(a) {
		if s.TooBusy() {
			n++
		}
	}
	return n
}
