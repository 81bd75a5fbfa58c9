package check

import (
	"fmt"

	"oalab/scenarios/account"
	"oalab/scenarios/history"
)

// AtOnce checks that queries are answered at once again after each fault: of those that were due
// more than WithinS seconds after it had healed, and before the next fault began, half at least
// have their answer in the reply (MSG-5, PERF-6). One that is handed over now and then is no
// violation: the carrier may be slow for a call. Checked counts queries, Violations counts
// faults. With fewer than Min queries after a fault, after a fault that did not heal, or without
// a fault, the checker is inconclusive.
type AtOnce struct {
	WithinS float64
	Min     int
}

// Name implements Checker.
func (AtOnce) Name() string { return "at-once" }

// Check implements Checker.
func (c AtOnce) Check(a *history.Arm) Finding {
	var wrong offences
	f := Finding{Verdict: history.Pass}
	queries := account.Queries(account.Messages(a))
	short, later := "", 0
	for i, w := range a.Record.Windows {
		if w.HealedS == 0 {
			short = fmt.Sprintf("; %s did not heal", w.Fault)
			continue
		}
		from, to := w.HealedS+c.WithinS, a.Record.Load.DurationS
		for j, other := range a.Record.Windows {
			if j != i && other.SinceS() >= w.SinceS() {
				to = min(to, other.SinceS())
			}
		}
		n, put := 0, 0
		for _, q := range queries {
			if q.DueS >= from && q.DueS < to {
				n++
				if q.HandedOver {
					put++
				}
			}
		}
		f.Checked, later = f.Checked+n, later+put
		switch {
		case n < c.Min:
			short = fmt.Sprintf("; only %d queries from %g s after %s on, %d wanted", n, c.WithinS, w.Fault, c.Min)
		case 2*put > n:
			wrong.add("%d of %d queries that were due from %g s after %s on were handed over", put, n, c.WithinS, w.Fault)
		}
	}
	f.Violations = wrong.n
	f.Detail = fmt.Sprintf("%d queries after %d faults, %d of them handed over", f.Checked, len(a.Record.Windows), later)
	switch {
	case wrong.n > 0:
		f.Verdict, f.Detail = history.Fail, wrong.String()+"; of "+f.Detail
	case short != "" || len(a.Record.Windows) == 0:
		f.Verdict = history.Inconclusive
		f.Detail += short
	}
	return f
}
