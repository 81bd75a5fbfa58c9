package check

import (
	"fmt"
	"slices"

	"oalab/scenarios/account"
	"oalab/scenarios/history"
)

// WritesPredicted judges a pair of masters by the predictions that were made before the load
// (REP-9): for how long no write was acknowledged after each fault, and how many acknowledged
// writes were lost. A value beyond its bounds decides nothing if the machine was full, except
// a loss where none was predicted. Without a prediction the checker is inconclusive.
type WritesPredicted struct{}

// Name implements Checker.
func (WritesPredicted) Name() string { return "prediction" }

// Check implements Checker.
func (WritesPredicted) Check(a *history.Arm) Finding {
	f := Finding{Verdict: history.Pass}
	var wrong, open offences
	all, m := account.AcknowledgedWrites(a.Samples), account.MachineOf(a)
	for _, p := range a.Record.Predictions {
		windows := account.WindowsOf(a.Record.Windows, p.Fault)
		switch p.Probe {
		case history.ProbeCanary:
			for i, w := range windows {
				s, ok := account.WriteGapIn(all, w)
				if !ok {
					open.add("cycle %d of %s has no acknowledged writes", i+1, p.Fault)
					continue
				}
				f.Checked++
				if outage := s.LengthS(); !account.Inside(p, outage) {
					full := m.FullIn(account.Begins(w)-account.WriteLeadS, max(w.ToS, w.HealedS, s.ToS))
					charge(m, full, &wrong, &open).add("%s at %.3f s: nothing was acknowledged for %.3f s, predicted %.3f to %.3f s from %s", p.Fault, w.FromS, outage, p.LowS, p.HighS, p.From)
				}
			}
		case history.ProbeLoss:
			if len(windows) == 0 || len(a.Databases) == 0 {
				continue // counted below
			}
			lost, of := account.LostWrites(a)
			low, high := p.LowS*float64(len(windows)), p.HighS*float64(len(windows))
			f.Checked += of
			if n := float64(len(lost)); n < low || n > high {
				// How many are lost where some must be is a matter of moments. That none may
				// be is not.
				full := high > 0 && slices.ContainsFunc(windows, func(w history.Window) bool {
					return m.FullIn(account.Begins(w)-account.WriteLeadS, max(w.ToS, w.HealedS))
				})
				charge(m, full, &wrong, &open).add("%d of %d acknowledged writes were lost in %d cycles of %s, predicted %.0f to %.0f from %s", len(lost), of, len(windows), p.Fault, low, high, p.From)
			}
		default:
			continue
		}
		if len(windows) == 0 || p.Probe == history.ProbeLoss && len(a.Databases) == 0 {
			open.add("%s was predicted and never seen", p.Fault)
		}
	}
	switch {
	case f.decide(&wrong, &open):
	case f.Checked == 0:
		f.Verdict, f.Detail = history.Inconclusive, "nothing was predicted before the load"
	default:
		f.Detail = fmt.Sprintf("%d observations are within their predictions", f.Checked)
	}
	return f
}
