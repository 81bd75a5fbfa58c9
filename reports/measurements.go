package reports

import (
	"oalab/reports/plot"
	"oalab/scenarios/history"
)

// measurement is what an instrument's evidence adds to a report: its part, and the plots of an
// arm that has the evidence.
type measurement struct {
	part  func(*run) section
	plots []sheet
}

// sheet is a plot of a measurement.
type sheet struct {
	kind string // ends the names of its files
	has  func(*history.Arm) bool
	draw func(*history.Arm) plot.Against
}

// measurements are all, in the order of their parts in a report.
func measurements() []measurement {
	return []measurement{
		{(*run).network, networkSheets()},
		{(*run).usage, usageSheets()},
		{(*run).packets, packetSheets()},
		{(*run).tokens, nil},
	}
}

// sheetOf is the plot of a measurement by its kind. ok is false for the plots of every load.
func sheetOf(kind string) (found sheet, ok bool) {
	for _, m := range measurements() {
		for _, s := range m.plots {
			if s.kind == kind {
				return s, true
			}
		}
	}
	return sheet{}, false
}
