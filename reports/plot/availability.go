package plot

import (
	"image/color"
	"math"
	"strconv"

	gonum "gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"oalab/reports/series"
)

// look is how a state is drawn: the worse, the higher and the darker, so that it
// shows without colour too.
func look(s series.State) (name string, c color.Color, share float64) {
	switch s {
	case series.Up:
		return "up", Sky, 0.35
	case series.Degraded:
		return "some failed", Orange, 0.7
	case series.Down:
		return "down", Vermillion, 1
	case series.Unseen:
	}
	return "not observed", Rule, 0.12
}

// strips draws the states of the components, the first on top.
type strips []series.Strip

// Plot implements gonum's Plotter.
func (ss strips) Plot(c draw.Canvas, p *gonum.Plot) {
	row := (c.Max.Y - c.Min.Y) / vg.Length(len(ss))
	for i, s := range ss {
		base := c.Max.Y - row*vg.Length(i+1) + row*0.14
		for _, span := range s.Spans {
			x0, x1 := max(c.X(p.X.Norm(span.FromS)), c.Min.X), min(c.X(p.X.Norm(span.ToS)), c.Max.X)
			if x1 <= x0 {
				continue
			}
			_, with, share := look(span.State)
			if span.State == series.Down {
				x1 = max(x1, x0+0.8) // the shortest outage must show
			}
			fill(c, with, vg.Rectangle{Min: vg.Point{X: x0, Y: base}, Max: vg.Point{X: x1, Y: base + row*0.72*vg.Length(share)}})
		}
	}
}

// names are the ticks of the components' axis: in the middle of each row.
type names []string

// Ticks implements gonum's Ticker.
func (n names) Ticks(float64, float64) []gonum.Tick {
	out := make([]gonum.Tick, 0, len(n))
	for i, name := range n {
		out = append(out, gonum.Tick{Value: float64(len(n)-i) - 0.5, Label: name})
	}
	return out
}

// Availability draws one strip for each component.
func Availability(a series.Arm, lanes Lanes, width vg.Length) *Figure {
	p := New("", "")
	overTime(p, width < Wide, a.EndS)
	p.Y.Min, p.Y.Max = 0, max(1, float64(len(a.Strips)))
	label := names{}
	for _, s := range a.Strips {
		label = append(label, s.Component)
	}
	p.Y.Tick.Marker = label
	p.Y.Tick.Length = 0
	p.Y.Tick.Label.Color = Text
	p.Y.Width = 0
	if len(a.Strips) > 0 {
		p.Add(strips(a.Strips))
	}
	var keys []Key
	for _, s := range []series.State{series.Up, series.Degraded, series.Down, series.Unseen} {
		name, c, share := look(s)
		keys = append(keys, Key{Label: name, Color: c, Mark: MarkArea, Share: math.Max(share, 0.2)})
	}
	return &Figure{
		Title: "Availability of the components",
		Note:  "In steps of about 100 ms. A component is not observed while no probe and no client asked it; its state is then unknown.",
		Keys:  append(keys, lanes.Keys()...), Lanes: lanes, Plot: p, Width: width,
		Height: 42 + 24*vg.Length(max(1, len(a.Strips))),
	}
}

// Percent words a share of 0 to 1.
func Percent(v float64, digits int) string {
	if math.IsNaN(v) {
		return "–"
	}
	return strconv.FormatFloat(100*v, 'f', digits, 64) + " %"
}
