package series

import (
	"oalab/scenarios/account"
)

// Rate is what was offered and what became of it in one interval, per second.
type Rate struct {
	FromS     float64
	Offered   float64 // operations that were due
	Completed float64 // operations that ended with outcome ok or rejected: an answer
	// Outcomes counts (not per second) the operations due in the interval by what
	// became of them in the end.
	Outcomes map[account.Outcome]int
}

// Lost is how many operations due in the interval brought no answer.
func (r Rate) Lost() int {
	return r.Outcomes[account.OutcomeFailed] + r.Outcomes[account.OutcomeUnknown] + r.Outcomes[account.OutcomeDropped]
}

func rates(observed []account.Observed, cut Cut) []Rate {
	out := make([]Rate, cut.N)
	for i := range out {
		out[i] = Rate{FromS: cut.From(i), Outcomes: map[account.Outcome]int{}}
	}
	for _, o := range observed {
		if i, ok := cut.at(o.DueS); ok {
			out[i].Offered += 1 / cut.StepS
			out[i].Outcomes[o.Outcome]++
		}
		if o.Outcome != account.OutcomeOK && o.Outcome != account.OutcomeRejected || !o.Ended {
			continue
		}
		if i, ok := cut.at(o.EndS); ok {
			out[i].Completed += 1 / cut.StepS
		}
	}
	return out
}
