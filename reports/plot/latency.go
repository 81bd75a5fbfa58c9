package plot

import (
	"fmt"
	"math"
	"strings"

	gonum "gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"

	"oalab/reports/series"
)

// Latency draws percentiles over time, measured from when operations were due.
func Latency(a series.Arm, lanes Lanes, objectives []Limit, width vg.Length) *Figure {
	p := New("", "latency from due (log scale)")
	overTime(p, width < Wide, a.EndS)
	lo, hi := math.Inf(1), 0.0
	for _, v := range a.Latency.Due {
		if v.N > 0 {
			lo, hi = min(lo, v.P50), max(hi, v.Max)
		}
	}
	for _, v := range a.Latency.Sent {
		if v.N > 0 {
			lo = min(lo, v.P99)
		}
	}
	for _, l := range objectives {
		hi = max(hi, l.Value)
	}
	if math.IsInf(lo, 1) {
		lo, hi = 1e-3, max(1, hi)
	}
	logarithmic(&p.Y, lo, hi)
	p.Add(Grid(false, true))
	keys := []Key{}
	for _, c := range []struct {
		name   string
		color  Ink
		dashes []vg.Length
		over   []series.Percentiles
		of     func(series.Percentiles) float64
	}{
		{"slowest", Purple, []vg.Length{1, 1.6}, a.Latency.Due, func(v series.Percentiles) float64 { return v.Max }},
		{"p99", Vermillion, nil, a.Latency.Due, func(v series.Percentiles) float64 { return v.P99 }},
		{"p99 from sent (uncorrected)", Orange, []vg.Length{4, 3}, a.Latency.Sent, func(v series.Percentiles) float64 { return v.P99 }},
		{"p50 (median)", Blue, nil, a.Latency.Due, func(v series.Percentiles) float64 { return v.P50 }},
	} {
		p.Add(Curve{Points: overIntervals(c.over, a.Cut, c.of), Line: Solid(c.color, LineWidth, c.dashes...), Dots: true})
		keys = append(keys, Key{Label: c.name, Color: c.color, Dashes: c.dashes})
	}
	if len(objectives) > 0 {
		p.Add(limits(objectives))
		names := make([]string, 0, len(objectives))
		for _, l := range objectives {
			names = append(names, l.Name)
		}
		keys = append(keys, Key{Label: "limit " + strings.Join(names, ", "), Color: Text})
	}
	return &Figure{
		Title: "Latency over time",
		Note: fmt.Sprintf("Time from when operations were due until their answer, over the due time. Each interval is %s.",
			Duration(a.Cut.StepS)),
		Keys: append(keys, lanes.Keys()...), Lanes: lanes, Plot: p, Width: width, Height: tall,
	}
}

// overIntervals are the points of one percentile, at the middle of each interval; an
// interval without observations interrupts the curve.
func overIntervals(over []series.Percentiles, cut series.Cut, of func(series.Percentiles) float64) []XY {
	out := make([]XY, 0, len(over))
	for _, v := range over {
		y := math.NaN()
		if v.N > 0 {
			y = of(v)
		}
		out = append(out, XY{v.FromS + cut.StepS/2, y})
	}
	return out
}

// dueAndSent are the two ways of measuring, in every figure alike.
func dueAndSent(l series.Latency) []struct {
	Key
	of series.Distribution
} {
	return []struct {
		Key
		of series.Distribution
	}{
		{Key{Label: "from due (corrected)", Color: Blue}, l.AllDue},
		{Key{Label: "from sent (uncorrected)", Color: Orange, Dashes: []vg.Length{4, 3}}, l.AllSent},
	}
}

// CDF draws the share of operations answered within a time.
func CDF(a series.Arm, width vg.Length) *Figure {
	p := New("latency (log scale)", "share answered within")
	lo, hi := reach(a.Latency)
	logarithmic(&p.X, lo, hi)
	p.Y.Min, p.Y.Max = 0, 1
	p.Y.Tick.Marker = percents{}
	p.Add(Grid(true, true))
	var keys []Key
	for _, c := range dueAndSent(a.Latency) {
		points := []XY{{p.X.Min, 0}}
		for _, v := range c.of.Points() {
			points = append(points, XY{v.ValueS, v.Share})
		}
		p.Add(Curve{Points: append(points, XY{p.X.Max, 1}), Line: Solid(c.Color, LineWidth+0.3, c.Dashes...), Step: true})
		keys = append(keys, c.Key)
	}
	return &Figure{
		Title: "Latency: share of operations answered within a time",
		Note:  "Where the curves part, operations waited to be sent. Followers feel this wait, but a clock that starts at sending does not count it.",
		Keys:  keys, Plot: p, Width: width, Height: tall,
	}
}

// Percentiles draws the latency at every percentile, on an axis that gives each
// further nine the same room (as HdrHistogram does).
func Percentiles(a series.Arm, width vg.Length) *Figure {
	p := New("percentile (axis 1/(1−q): each further nine is as wide as the one before)", "latency (log scale)")
	if width < Wide {
		p.X.Label.Text = "percentile, axis 1/(1−q)"
	}
	n := max(a.Latency.AllDue.N(), a.Latency.AllSent.N(), 10)
	p.X.Scale = gonum.LogScale{}
	p.X.Min, p.X.Max = 1, float64(n)
	p.X.Tick.Marker = nines{narrow: width < Wide}
	lo, hi := reach(a.Latency)
	logarithmic(&p.Y, lo, hi)
	p.Add(Grid(true, true))
	var keys []Key
	for _, c := range dueAndSent(a.Latency) {
		var points []XY
		below := 0.0
		for _, v := range c.of.Points() {
			points = append(points, XY{1 / (1 - below), v.ValueS}, XY{min(1/(1-min(v.Share, 1-0.5/float64(n))), float64(n)), v.ValueS})
			below = v.Share
		}
		p.Add(Curve{Points: points, Line: Solid(c.Color, LineWidth+0.3, c.Dashes...)})
		keys = append(keys, c.Key)
	}
	return &Figure{
		Title: "Latency at every percentile",
		Note:  fmt.Sprintf("%d operations; the right end is the slowest of them.", a.Latency.AllDue.N()),
		Keys:  keys, Plot: p, Width: width, Height: tall,
	}
}

// reach is the smallest and the largest latency of both ways of measuring.
func reach(l series.Latency) (lo, hi float64) {
	lo, hi = math.Inf(1), 0
	for _, d := range []series.Distribution{l.AllDue, l.AllSent} {
		if points := d.Points(); len(points) > 0 {
			lo, hi = min(lo, points[0].ValueS), max(hi, points[len(points)-1].ValueS)
		}
	}
	if hi == 0 {
		return 1e-3, 1
	}
	return lo, hi
}

// percents are the ticks of an axis of shares.
type percents struct{}

// Ticks implements gonum's Ticker.
func (percents) Ticks(float64, float64) []gonum.Tick {
	var out []gonum.Tick
	for v := 0; v <= 100; v += 20 {
		out = append(out, gonum.Tick{Value: float64(v) / 100, Label: fmt.Sprintf("%d %%", v)})
	}
	return out
}

// nines are the ticks of an axis of 1/(1−q).
type nines struct{ narrow bool }

// Ticks implements gonum's Ticker.
func (t nines) Ticks(_, hi float64) []gonum.Tick {
	out := []gonum.Tick{{Value: 2, Label: "50 %"}}
	if !t.narrow {
		out = append(out, gonum.Tick{Value: 1, Label: "0 %"})
	}
	label, value := "90", 10.0
	for i := 0; value <= hi; i++ {
		out = append(out, gonum.Tick{Value: value, Label: label + " %"})
		if !t.narrow && value*4 <= hi && i == 0 {
			out = append(out, gonum.Tick{Value: 4, Label: "75 %"})
		}
		switch label {
		case "90":
			label = "99"
		case "99":
			label = "99.9"
		default:
			label += "9"
		}
		value *= 10
	}
	return out
}
