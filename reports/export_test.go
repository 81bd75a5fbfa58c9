package reports

import (
	"oalab/reports/plot"
	"oalab/scenarios/history"
)

// WriteTexts is Write without the files of the plots, whose pixels take most of the
// time; the page has its plots.
func WriteTexts(dir string, m history.Manifest, exhibits ...Exhibit) error {
	return write(dir, m, func(string, string, plot.Drawing) error { return nil }, exhibits)
}
