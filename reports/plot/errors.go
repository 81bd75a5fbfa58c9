package plot

import (
	"fmt"

	"gonum.org/v1/plot/vg"

	"oalab/reports/series"
)

// classColor is the colour of an error class, the same in every report.
func classColor(c series.Class) Ink {
	switch c {
	case series.ClassRefused:
		return Vermillion
	case series.ClassCut:
		return Purple
	case series.ClassTimeout:
		return Orange
	case series.ClassLost:
		return Sky
	case series.ClassServer:
		return Blue
	case series.ClassClient:
		return Green
	case series.ClassBadReply:
		return Yellow
	}
	return Subtle
}

// Errors draws the failed deliveries by class over time, stacked.
func Errors(a series.Arm, lanes Lanes, width vg.Length) *Figure {
	p := New("", "failed "+a.Errors.Of+" per second")
	overTime(p, width < Wide, a.EndS)
	b := bars{}
	var keys []Key
	for _, c := range a.Errors.Seen() {
		b.colors = append(b.colors, classColor(c))
		keys = append(keys, Key{Label: fmt.Sprintf("%s (%d)", c, a.Errors.Total[c]), Color: classColor(c), Mark: MarkArea})
	}
	top := 0.0
	for i, classes := range a.Errors.Over {
		var column []float64
		sum := 0.0
		for _, c := range a.Errors.Seen() {
			column = append(column, float64(classes[c])/a.Cut.StepS)
			sum += float64(classes[c]) / a.Cut.StepS
		}
		top = max(top, sum)
		b.from, b.width, b.heights = append(b.from, a.Cut.From(i)), append(b.width, a.Cut.StepS), append(b.heights, column)
	}
	p.Y.Min, p.Y.Max = 0, max(1, top*1.06)
	p.Y.Tick.Marker = Even{Count: 4}
	p.Add(Grid(false, true), b)
	note := "A failed try is not yet a failed message: the platform tries up to three times. By when the try began."
	if a.Errors.Of != "tries" {
		note = "By when the request was sent."
	}
	if len(keys) == 0 {
		note = "None failed."
	}
	return &Figure{
		Title: "Failed " + a.Errors.Of + " by class",
		Note:  note, Keys: append(keys, lanes.Keys()...), Lanes: lanes, Plot: p, Width: width, Height: low,
	}
}
