package judge

import (
	"slices"

	"oalab/scenarios/account"
	"oalab/scenarios/figure"
	"oalab/scenarios/history"
)

// From denseFrom messages a second on each server on, messages come close enough together
// to share statements: an objective on statements_per_message then has denseStatements for
// its limit, where its own is wider (PERF-2).
const (
	denseFrom       = 500
	denseStatements = 1.2
)

// dense returns the objectives with the limits that hold at the rate that each server of
// the arm was offered.
func dense(a *history.Arm, objectives []Objective) []Objective {
	span := account.OfferedS(a)
	if span <= 0 || float64(a.Record.Load.Scheduled)/span/float64(max(len(account.NodeNames(a)), 1)) < denseFrom {
		return objectives
	}
	out := slices.Clone(objectives)
	for i, o := range out {
		if o.Figure == figure.Statements && o.Limit > denseStatements {
			out[i].Limit = denseStatements
		}
	}
	return out
}
