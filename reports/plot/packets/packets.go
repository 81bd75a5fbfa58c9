// Package packets owns the plots of the red-packet examination (SCN-6): the
// source's figure 5-11 drawn again beside ours, the means seen closely, the spread by
// position, luck, and the transformed draws. It computes nothing: all it draws is in
// a fairness.Report.
package packets

import (
	"oalab/reports/plot"
	"oalab/scenarios/fairness"
)

// Plot is a drawing with the name of its files, without suffix.
type Plot struct {
	Name string
	plot.Drawing
}

// All are the plots of a report, in the order in which they are to be read. Without
// the data of a plot, it is left out.
func All(r fairness.Report) []Plot {
	var out []Plot
	add := func(name string, b *board) {
		if b != nil {
			out = append(out, Plot{Name: name, Drawing: b})
		}
	}
	add("figure-5-11", figure511(r))
	add("means-near", meansNear(r))
	add("spread", spread(r))
	add("luck", luck(r))
	add("draws", draws(r))
	return out
}
