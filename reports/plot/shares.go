package plot

import (
	"gonum.org/v1/plot/vg"

	"oalab/reports/series"
)

// Shares draws how the requests were spread over the app servers, stacked.
func Shares(a series.Arm, lanes Lanes, width vg.Length) *Figure {
	s := a.Shares
	p := New("", "share of requests, %")
	overTime(p, width < Wide, a.EndS)
	p.Y.Min, p.Y.Max = 0, 100
	p.Y.Tick.Marker = Even{Count: 4}
	b := bars{}
	keys := make([]Key, 0, len(s.Names))
	for i, name := range s.Names {
		b.colors = append(b.colors, shareColor(i))
		keys = append(keys, Key{Label: name, Color: shareColor(i), Mark: MarkArea})
	}
	for i, parts := range s.Over {
		if parts == nil {
			continue
		}
		column := make([]float64, len(parts))
		for k, v := range parts {
			column[k] = 100 * v
		}
		b.from, b.width, b.heights = append(b.from, s.Cut.From(i)), append(b.width, s.Cut.StepS), append(b.heights, column)
	}
	p.Add(b, Grid(false, true))
	return &Figure{
		Title: "Requests by app server",
		Note:  "The share of the requests that Nginx gave to each server, stacked in the order of the legend from the bottom up. A band that vanishes is a server that was ejected.",
		Keys:  append(keys, lanes.Keys()...), Lanes: lanes, Plot: p, Width: width, Height: low,
	}
}

// shareColor is the colour of a server: neighbours in the stack differ in lightness
// as well.
func shareColor(i int) Ink { return [...]Ink{Blue, Sky, Orange, Green, Yellow, Purple}[i%6] }
