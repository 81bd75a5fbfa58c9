package plot

import (
	"math"
	"strconv"

	gonum "gonum.org/v1/plot"
	"gonum.org/v1/plot/vg/draw"
)

// Even places about Count ticks at round values of a linear axis. Unit is written
// behind each value.
type Even struct {
	Count int
	Unit  string
}

// Ticks implements gonum's Ticker.
func (e Even) Ticks(lo, hi float64) []gonum.Tick {
	step := round((hi - lo) / float64(max(e.Count, 2)))
	if !(step > 0) {
		return nil
	}
	var out []gonum.Tick
	for i := math.Ceil(lo/step - 1e-9); i*step <= hi+step*1e-9; i++ {
		v := i*step + 0 // no negative zero
		if v < lo-step*1e-9 {
			continue
		}
		out = append(out, gonum.Tick{Value: v, Label: strconv.FormatFloat(v, 'f', decimals(step), 64) + e.Unit})
	}
	return out
}

// round is the next 1, 2, 2.5 or 5 times a power of ten.
func round(v float64) float64 {
	if !(v > 0) || math.IsInf(v, 0) {
		return 0
	}
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, f := range []float64{1, 2, 2.5, 5} {
		if v <= f*power*(1+1e-9) {
			return f * power
		}
	}
	return 10 * power
}

func decimals(step float64) int {
	for d := range 6 {
		if s := step * math.Pow(10, float64(d)); math.Abs(s-math.Round(s)) < 1e-6 {
			return d
		}
	}
	return 6
}

// Durations places ticks at the powers of ten of a logarithmic axis of seconds and
// words them as people do: 1 ms, 100 ms, 10 s.
type Durations struct{}

// Ticks implements gonum's Ticker.
func (Durations) Ticks(lo, hi float64) []gonum.Tick {
	var out []gonum.Tick
	add := func(v float64, label string) {
		if v >= lo*(1-1e-9) && v <= hi*(1+1e-9) {
			out = append(out, gonum.Tick{Value: v, Label: label})
		}
	}
	for e := math.Floor(math.Log10(lo)); e <= math.Ceil(math.Log10(hi)); e++ {
		v := math.Pow(10, e)
		add(v, Duration(v))
		for m := 2.0; m < 10; m++ {
			add(m*v, "")
		}
	}
	return out
}

// Duration words a time in seconds with at most three digits.
func Duration(s float64) string {
	digits := func(v float64) string { return strconv.FormatFloat(v, 'g', 3, 64) }
	switch a := math.Abs(s); {
	case a == 0:
		return "0 s"
	case a < 0.9995e-3:
		return digits(s*1e6) + " µs"
	case a < 0.9995:
		return digits(s*1e3) + " ms"
	case a < 999.5:
		return digits(s) + " s"
	}
	return strconv.FormatFloat(s, 'f', 0, 64) + " s"
}

// grid draws thin lines at the labelled ticks of the axes.
type grid struct{ x, y bool }

// Plot implements gonum's Plotter.
func (g grid) Plot(c draw.Canvas, p *gonum.Plot) {
	at := func(a gonum.Axis, line func(share float64)) {
		for _, t := range a.Tick.Marker.Ticks(a.Min, a.Max) {
			if share := a.Norm(t.Value); t.Label != "" && share >= 0 && share <= 1 {
				line(share)
			}
		}
	}
	style := Solid(Rule, 0.6)
	if g.y {
		at(p.Y, func(s float64) { c.StrokeLine2(style, c.Min.X, c.Y(s), c.Max.X, c.Y(s)) })
	}
	if g.x {
		at(p.X, func(s float64) { c.StrokeLine2(style, c.X(s), c.Min.Y, c.X(s), c.Max.Y) })
	}
}

// Grid is the grid of a figure's plot; add it before the curves.
func Grid(x, y bool) gonum.Plotter { return grid{x, y} }

// logarithmic sets an axis of seconds to a logarithmic scale that holds lo and hi.
func logarithmic(a *gonum.Axis, lo, hi float64) {
	a.Scale = gonum.LogScale{}
	a.Tick.Marker = Durations{}
	a.Min = math.Pow(10, math.Floor(math.Log10(lo)+1e-9))
	a.Max = math.Pow(10, math.Ceil(math.Log10(max(hi, a.Min*10))-1e-9))
}

// overTime sets the x axis to the seconds of a run until its end.
func overTime(p *gonum.Plot, narrow bool, end float64) {
	p.X.Label.Text = "seconds after the load began"
	p.X.Min, p.X.Max = 0, end
	p.X.Tick.Marker = Even{Count: 12}
	if narrow {
		p.X.Tick.Marker = Even{Count: 6}
	}
}
