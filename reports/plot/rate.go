package plot

import (
	"fmt"

	"gonum.org/v1/plot/vg"

	"oalab/reports/series"
)

// Height of a plot's body, and of a low one.
const (
	tall vg.Length = 215
	low  vg.Length = 165
)

// Rate draws what was offered, completed and lost over time.
func Rate(a series.Arm, lanes Lanes, width vg.Length) *Figure {
	p := New("", "operations per second")
	overTime(p, width < Wide, a.EndS)
	top := 0.0
	var offered, completed, lost []XY
	anyLost := false
	for _, r := range a.Rates {
		gone := float64(r.Lost()) / a.Cut.StepS
		anyLost = anyLost || gone > 0
		top = max(top, r.Offered, r.Completed, gone)
		offered = append(offered, XY{r.FromS, r.Offered})
		completed = append(completed, XY{r.FromS, r.Completed})
		lost = append(lost, XY{r.FromS, gone})
	}
	last := func(points []XY) []XY { return append(points, XY{a.EndS, points[len(points)-1].Y}) }
	p.Y.Min, p.Y.Max = 0, max(1, top*1.06)
	p.Y.Tick.Marker = Even{Count: 5}
	p.Add(Grid(false, true),
		Curve{Points: last(offered), Line: Solid(Orange, LineWidth, 5, 2), Step: true},
		Curve{Points: last(completed), Line: Solid(Blue, LineWidth), Step: true})
	keys := []Key{
		{Label: "offered (due)", Color: Orange, Dashes: []vg.Length{5, 2}},
		{Label: "completed", Color: Blue},
	}
	if anyLost {
		p.Add(Curve{Points: last(lost), Line: Solid(Vermillion, LineWidth+0.4), Step: true})
		keys = append(keys, Key{Label: "never answered, by when due", Color: Vermillion})
	}
	return &Figure{
		Title: "Rate: offered and completed",
		Note:  fmt.Sprintf("Operations in intervals of %s. Where completed falls below offered, followers waited. The peak after it is the backlog.", Duration(a.Cut.StepS)),
		Keys:  append(keys, lanes.Keys()...), Lanes: lanes, Plot: p, Width: width, Height: tall,
	}
}
