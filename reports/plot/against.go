package plot

import (
	"math"
	"strconv"

	gonum "gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Against is a plot of measured lines against something else than time, such as the
// number of clients, with the findings of a source as straight lines.
type Against struct {
	Title, Note string
	X, Y        string // the axes, with units
	// LogX is for quantities over orders of magnitude, which Ticks words; without Ticks
	// they are plain numbers.
	LogX  bool
	Ticks gonum.Ticker // of the x axis; nil: about ten even ones
	// LogY is for times over orders of magnitude, in seconds.
	LogY   bool
	YTicks gonum.Ticker // of a logarithmic y axis that is no time
	// Bare draws no mark at each point, for lines of many.
	Bare     bool
	Lines    []Line
	Findings []SourceLine
}

// Line is measured points in the order of X.
type Line struct {
	Name   string
	Points []XY
	// Low and High bound each point; nil for none.
	Low, High []float64
}

// SourceLine is a finding of a source: at an X, at a Y, or both; NaN is none.
type SourceLine struct {
	Name string
	X, Y float64
}

// lineDashes and sourceDashes tell lines apart where colours do not.
var (
	lineDashes   = [][]vg.Length{nil, {7, 2.5}, {2, 2}, {9, 2, 2, 2}, {4, 4}, {1, 3}}
	sourceDashes = [][]vg.Length{{1.2, 2.4}, {6, 3}, {10, 2.5, 2, 2.5}}
)

// Figure draws it as wide as that.
func (a Against) Figure(width vg.Length) *Figure {
	p := New(a.X, a.Y)
	lowX, highX, lowY, highY := math.Inf(1), 0.0, math.Inf(1), 0.0
	for _, l := range a.Lines {
		for i, at := range l.Points {
			lowX, highX, lowY, highY = min(lowX, at.X), max(highX, at.X), min(lowY, at.Y), max(highY, at.Y)
			if l.High != nil && !a.LogY {
				highY = max(highY, l.High[i])
			}
		}
	}
	for _, s := range a.Findings {
		if !math.IsNaN(s.Y) && s.Y < 3*highY { // one far away would squeeze all else
			highY = max(highY, s.Y)
		}
		if !math.IsNaN(s.X) {
			highX = max(highX, s.X)
		}
	}
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, 1.02*max(highX, 1e-9), 0, 1.08*max(highY, 1e-9)
	p.X.Tick.Marker, p.Y.Tick.Marker = Even{Count: 10}, Even{Count: 6}
	if width < Wide {
		p.X.Tick.Marker = Even{Count: 5}
	}
	if a.LogX {
		p.X.Scale, p.X.Min, p.X.Max = gonum.LogScale{}, lowX, highX
	}
	if a.Ticks != nil {
		p.X.Tick.Marker = a.Ticks
	}
	if a.LogY {
		logarithmic(&p.Y, lowY, highY)
	}
	if a.YTicks != nil {
		p.Y.Tick.Marker = a.YTicks
	}
	p.Add(Grid(a.LogX, true))
	var keys []Key
	for i, s := range a.Findings {
		dashes := sourceDashes[i%len(sourceDashes)]
		p.Add(sourceLine{s, Solid(Subtle, 1.3, dashes...)})
		keys = append(keys, Key{Label: s.Name, Color: Subtle, Dashes: dashes})
	}
	var ours []Key
	for i, l := range a.Lines {
		dashes := lineDashes[i%len(lineDashes)]
		p.Add(Curve{Points: l.Points, Line: Solid(Series(i), LineWidth, dashes...)})
		if !a.Bare {
			p.Add(marks{l, Series(i)})
		}
		ours = append(ours, Key{Label: l.Name, Color: Series(i), Dashes: dashes})
	}
	return &Figure{Title: a.Title, Note: a.Note, Keys: append(ours, keys...), Plot: p, Width: width, Height: tall}
}

// Powers places ticks at the powers of ten of a logarithmic axis.
type Powers struct{}

// Ticks implements gonum's Ticker.
func (Powers) Ticks(lo, hi float64) []gonum.Tick {
	out := Durations{}.Ticks(lo, hi)
	for i := range out {
		if out[i].Label != "" {
			out[i].Label = strconv.FormatFloat(out[i].Value, 'f', -1, 64)
		}
	}
	return out
}

// marks are the points of a line with their bounds.
type marks struct {
	Line
	color Ink
}

// Plot implements gonum's Plotter.
func (m marks) Plot(c draw.Canvas, p *gonum.Plot) {
	for i, at := range m.Points {
		x, y := c.X(p.X.Norm(at.X)), c.Y(norm(p.Y, at.Y))
		if m.Low != nil && m.High != nil {
			low, high := c.Y(max(0, norm(p.Y, m.Low[i]))), c.Y(min(1, norm(p.Y, m.High[i])))
			style := Solid(m.color, 0.9)
			c.StrokeLine2(style, x, low, x, high)
			c.StrokeLine2(style, x-2, low, x+2, low)
			c.StrokeLine2(style, x-2, high, x+2, high)
		}
		dot(c, vg.Point{X: x, Y: y}, 2.2, m.color)
	}
}

// sourceLine draws a finding over the whole plot.
type sourceLine struct {
	SourceLine
	style draw.LineStyle
}

// Plot implements gonum's Plotter.
func (s sourceLine) Plot(c draw.Canvas, p *gonum.Plot) {
	if x := p.X.Norm(s.X); !math.IsNaN(s.X) && x >= 0 && x <= 1 {
		c.StrokeLine2(s.style, c.X(x), c.Min.Y, c.X(x), c.Max.Y)
	}
	if math.IsNaN(s.Y) {
		return
	}
	if y := norm(p.Y, s.Y); y >= 0 && y <= 1 {
		c.StrokeLine2(s.style, c.Min.X, c.Y(y), c.Max.X, c.Y(y))
	}
}
