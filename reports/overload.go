package reports

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"oalab/reports/plot"
	"oalab/scenarios/account"
	"oalab/scenarios/history"
)

// overloaded reports whether an arm was offered clearly more than it could answer.
func overloaded(a *history.Arm) bool {
	levels, _ := account.OfferedLevels(a)
	return slices.ContainsFunc(levels, func(l account.OfferedLevel) bool { return l.Overloaded })
}

// goodput draws what followers saw answered over what they asked for (SCN-25).
func goodput(a *history.Arm) plot.Against {
	levels, peak := account.OfferedLevels(a)
	slices.SortStableFunc(levels, func(x, y account.OfferedLevel) int { return cmp.Compare(x.OfferedPerS, y.OfferedPerS) })
	answered, tries := plot.Line{Name: "answered"}, plot.Line{Name: "tries, the platform's retries included"}
	for _, l := range levels {
		answered.Points = append(answered.Points, plot.XY{X: l.OfferedPerS, Y: l.GoodPerS})
		tries.Points = append(tries.Points, plot.XY{X: l.OfferedPerS, Y: l.TriesPerS})
	}
	return plot.Against{
		Title: "Messages answered a second over messages offered",
		Note:  "Answered is what followers saw, by whichever of the platform's tries. In the phase after the overload its last tries are still answered.",
		X:     "new messages offered per second", Y: "per second",
		Lines: []plot.Line{answered, tries},
		Findings: []plot.SourceLine{
			{Name: "the peak", X: math.NaN(), Y: peak},
			{Name: "0.9 of it", X: math.NaN(), Y: 0.9 * peak},
		},
	}
}

// overload shows the arms that were offered more than they could answer.
func (r *run) overload() section {
	s := section{ID: "overload", Title: "Goodput under overload"}
	for _, e := range r.arms {
		if e.err != nil || !e.has(plotGoodput) {
			continue
		}
		if len(r.arms) > 1 {
			s.heading("Arm " + e.name)
		}
		if p := e.plots[plotGoodput]; p != nil {
			s.Blocks = append(s.Blocks, block{Plot: p})
		}
		levels, _ := account.OfferedLevels(e.arm)
		rows := make([][]cell, 0, len(levels))
		for _, l := range levels {
			rows = append(rows, row(l.Name, fmt.Sprintf("%.1f", l.OfferedPerS), fmt.Sprintf("%.1f", l.TriesPerS), fmt.Sprintf("%.1f", l.GoodPerS)))
		}
		s.table([]string{"phase, in capacities", "messages offered/s#", "tries/s#", "answered/s#"}, rows)
	}
	return s
}
