package plot

import (
	"fmt"

	gonum "gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"oalab/reports/series"
	"oalab/scenarios/account"
)

// OutageLimit is an objective on the outages of a fault.
type OutageLimit struct {
	Fault, Name string
	Value       float64 // seconds
}

// outageRows draws the outages of each fault in a row of its own, the first on top.
type outageRows struct {
	faults []series.FaultCycles
	limits []OutageLimit
}

const outageRow vg.Length = 44

// Plot implements gonum's Plotter. In a row the cycles climb from the shortest to the
// longest outage, so that they are their own distribution function; the law that was
// predicted is drawn as the function that it has.
func (o outageRows) Plot(c draw.Canvas, p *gonum.Plot) {
	row := (c.Max.Y - c.Min.Y) / vg.Length(max(1, len(o.faults)))
	x := func(v float64) vg.Length { return min(max(c.X(p.X.Norm(v)), c.Min.X), c.Max.X) }
	for i, f := range o.faults {
		top := c.Max.Y - row*vg.Length(i)
		low, high := top-row*0.88, top-row*0.12
		if i > 0 {
			c.StrokeLine2(Solid(Rule, 0.8), c.Min.X, top, c.Max.X, top)
		}
		if e := f.Prediction; e != nil {
			fill(c, Sky.Faint(0.28), vg.Rectangle{Min: vg.Point{X: x(e.LowS), Y: low - 2}, Max: vg.Point{X: max(x(e.HighS), x(e.LowS)+1), Y: high + 2}})
			if e.LawHighS > e.LawLowS && e.Law != "" {
				c.StrokeLines(Solid(Text, 1, 4, 2), []vg.Point{
					{X: x(e.LawLowS), Y: low}, {X: x(e.LawHighS), Y: high},
				})
			} else {
				for _, v := range []float64{e.LawLowS, e.LawHighS} {
					c.StrokeLine2(Solid(Text, 1, 1.5, 1.5), x(v), low, x(v), high)
				}
			}
		}
		for _, l := range o.limits {
			if l.Fault != f.Fault {
				continue
			}
			name := l.Name
			if l.Value > p.X.Max {
				name += " →" // it lies beyond
			} else {
				c.StrokeLine2(Solid(Text, 1.6), x(l.Value), low-3, x(l.Value), high+3)
			}
			style := Face(SizeSmall-0.5, Text)
			at := x(l.Value) + 3
			if at+style.Width(name) > c.Max.X {
				at = x(l.Value) - 3 - style.Width(name)
			}
			c.FillText(style, vg.Point{X: at, Y: high - 5}, name)
		}
		outages := f.Outages()
		for k, v := range outages {
			y := low + (high-low)*vg.Length((float64(k)+0.5)/float64(len(outages)))
			inside := f.Prediction == nil || account.Cycle{ProbeS: v}.Inside(*f.Prediction)
			cycleMark(c, vg.Point{X: x(v), Y: y}, inside)
		}
	}
}

// cycleMark is a dot for a cycle inside of its prediction and a cross for one outside.
func cycleMark(c draw.Canvas, at vg.Point, inside bool) {
	if inside {
		dot(c, at, 2.2, Blue)
		return
	}
	const arm = 3
	c.StrokeLine2(Solid(Vermillion, 1.6), at.X-arm, at.Y-arm, at.X+arm, at.Y+arm)
	c.StrokeLine2(Solid(Vermillion, 1.6), at.X-arm, at.Y+arm, at.X+arm, at.Y-arm)
}

// Outages draws how long the outages of each fault were, beside what was predicted.
func Outages(f series.Failover, limits []OutageLimit, width vg.Length) *Figure {
	of := "outage by the probe of the virtual IP, seconds"
	if f.Writes {
		of = "longest time without an acknowledged write, seconds"
	}
	p := New(of, "")
	most := 0.0
	var label names
	var predicted, outside bool
	for _, of := range f.Faults {
		all := of.Outages()
		label = append(label, fmt.Sprintf("%s (%d)", of.Fault, len(all)))
		for _, v := range all {
			most = max(most, v)
			outside = outside || of.Prediction != nil && !account.Cycle{ProbeS: v}.Inside(*of.Prediction)
		}
		if of.Prediction != nil {
			predicted = true
			most = max(most, of.Prediction.HighS)
		}
	}
	for _, l := range limits {
		if l.Value <= 2.5*most { // one far away would squeeze all else to the edge
			most = max(most, l.Value)
		}
	}
	p.X.Min, p.X.Max = 0, max(0.05, 1.08*most)
	p.X.Tick.Marker = Even{Count: 10}
	if width < Wide {
		p.X.Tick.Marker = Even{Count: 4}
	}
	p.Y.Min, p.Y.Max = 0, max(1, float64(len(f.Faults)))
	p.Y.Tick.Marker, p.Y.Tick.Length, p.Y.Tick.Label.Color, p.Y.Width = label, 0, Text, 0
	p.Add(Grid(true, false), outageRows{f.Faults, limits})
	keys := []Key{{Label: "a cycle, by rank", Color: Blue, Mark: MarkDot}}
	if outside {
		keys = append(keys, Key{Label: "cross: outside of what was predicted", Color: Vermillion, Mark: MarkDot})
	}
	if predicted {
		keys = append(keys, Key{Label: "predicted, measuring included", Color: Sky.Faint(0.28), Mark: MarkArea},
			Key{Label: "closed form of the settings", Color: Text, Dashes: []vg.Length{4, 2}})
	}
	if len(limits) > 0 {
		keys = append(keys, Key{Label: "limit", Color: Text})
	}
	return &Figure{
		Title: "Outages of each fault",
		Note:  "One dot is one cycle; the shortest outage is at the bottom of its row. If the outages follow the law of the settings, the dots lie along the dashed line.",
		Keys:  keys, Plot: p, Width: width, Height: 42 + outageRow*vg.Length(max(1, len(f.Faults))),
	}
}
