package check

import (
	"fmt"
	"math"

	"oalab/scenarios/account"
	"oalab/scenarios/history"
)

// Little checks at every step of a closed load that the number of clients is the product
// of throughput and response time, N = X·R (SCN-5). Otherwise operations are missing from
// the record, times are wrong, or clients did something else than wait, and the step says
// nothing of the system. The time of a client between two requests grows on a busy machine.
// While the machine is full it has no bound.
type Little struct{}

// littleSlack is how far the product may be off beyond its own interval, as a share of the
// clients: the time of a client from one answer to its next request.
const littleSlack = 0.02

// Name implements Checker.
func (Little) Name() string { return "little" }

// Check implements Checker.
func (Little) Check(a *history.Arm) Finding {
	var f Finding
	var wrong, open offences
	m := account.MachineOf(a)
	for _, s := range account.Steps(a) {
		if s.Done < account.LeastSteady {
			open.add("%s: %d operations ended while it was steady, %d wanted", stepTitle(s.Step), s.Done, account.LeastSteady)
			continue
		}
		f.Checked++
		if off := math.Abs(s.InFlight - float64(s.Clients)); off > s.InFlightHalf+littleSlack*float64(s.Clients) {
			to := charge(m, off <= s.InFlightHalf+(littleSlack+s.Full)*float64(s.Clients), &wrong, &open)
			if s.TooBusy() {
				to, open.about = &open, history.ReasonMachine
			}
			to.add("%s: X·R = %.1f/s × %.4f s = %.2f ± %.2f, clients are %d", stepTitle(s.Step), s.PerS, s.MeanS, s.InFlight, s.InFlightHalf, s.Clients)
		}
	}
	if f.decide(&wrong, &open) {
		return f
	}
	if f.Checked == 0 {
		f.Verdict, f.Detail = history.Inconclusive, "the load had no steps"
		return f
	}
	f.Verdict, f.Detail = history.Pass, fmt.Sprintf("N = X·R at all %d steps, within the product's own 99 %% interval and %g %%", f.Checked, 100*littleSlack)
	return f
}

// stepTitle names a step in a sentence.
func stepTitle(s history.Step) string {
	if s.Nodes == 0 {
		return fmt.Sprintf("%d clients on one server", s.Clients)
	}
	return fmt.Sprintf("%d clients on %d nodes", s.Clients, s.Nodes)
}
