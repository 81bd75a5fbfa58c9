package plot

import (
	"math"

	gonum "gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// XY is one point of a curve. A NaN in Y interrupts the curve.
type XY struct{ X, Y float64 }

// Curve is a line through points. Points nearer to each other than the eye can see
// are drawn as one, so that a long run does not make a large file.
type Curve struct {
	Points []XY
	Line   draw.LineStyle
	Step   bool // hold each value until the next point
	// Dots marks points that have no neighbour to be joined with.
	Dots bool
}

// Plot implements gonum's Plotter.
func (l Curve) Plot(c draw.Canvas, p *gonum.Plot) {
	var part []vg.Point
	flush := func() {
		switch {
		case len(part) > 1:
			c.StrokeLines(l.Line, c.ClipLinesXY(part)...)
		case len(part) == 1 && l.Dots && c.Contains(part[0]):
			dot(c, part[0], 1.2, l.Line.Color)
		}
		part = nil
	}
	for _, v := range l.Points {
		if math.IsNaN(v.Y) || math.IsNaN(v.X) {
			flush()
			continue
		}
		at := vg.Point{X: c.X(p.X.Norm(v.X)), Y: c.Y(norm(p.Y, v.Y))}
		if n := len(part); n > 0 && l.Step {
			part = joined(part, vg.Point{X: at.X, Y: part[n-1].Y})
		}
		part = joined(part, at)
	}
	flush()
}

// norm is where a value lies on an axis; what a logarithmic axis cannot hold lies at
// its lower end.
func norm(a gonum.Axis, v float64) float64 {
	if _, log := a.Scale.(gonum.LogScale); log && v < a.Min {
		return 0
	}
	return a.Norm(v)
}

// joined adds a point, unless it can not be told from the last one. The last of a
// cluster replaces those before it, so that the ends of the curve are kept.
func joined(part []vg.Point, at vg.Point) []vg.Point {
	const apart = 0.3
	near := func(a, b vg.Point) bool {
		return math.Abs(float64(a.X-b.X)) < apart && math.Abs(float64(a.Y-b.Y)) < apart
	}
	n := len(part)
	switch {
	case n > 1 && near(part[n-1], at) && near(part[n-2], part[n-1]):
		part[n-1] = at
		return part
	case n > 1 && level(part[n-2], part[n-1], at):
		part[n-1] = at
		return part
	}
	return append(part, at)
}

// level reports whether three points lie on one horizontal or vertical line, in order.
func level(a, b, c vg.Point) bool {
	return a.Y == b.Y && b.Y == c.Y && a.X <= b.X && b.X <= c.X || a.X == b.X && b.X == c.X && (a.Y <= b.Y) == (b.Y <= c.Y)
}

// bars are stacked columns over time.
type bars struct {
	from, width []float64
	// heights are the parts of each column, from the bottom up.
	heights [][]float64
	colors  []Ink
}

// Plot implements gonum's Plotter.
func (b bars) Plot(c draw.Canvas, p *gonum.Plot) {
	for i, from := range b.from {
		base := 0.0
		for j, h := range b.heights[i] {
			if h <= 0 {
				continue
			}
			x0, x1 := c.X(p.X.Norm(from)), c.X(p.X.Norm(from+b.width[i]))
			fill(c, b.colors[j], vg.Rectangle{
				Min: vg.Point{X: x0, Y: c.Y(p.Y.Norm(base))}, Max: vg.Point{X: max(x1, x0) + 0.3, Y: c.Y(p.Y.Norm(base + h))},
			})
			base += h
		}
	}
}

// Limit is an objective drawn as a line over the stretches in which it holds.
type Limit struct {
	Name  string
	Value float64
	Over  []Stretch
}

// limits draws objectives.
type limits []Limit

// Plot implements gonum's Plotter.
func (ls limits) Plot(c draw.Canvas, p *gonum.Plot) {
	for _, l := range ls {
		share := norm(p.Y, l.Value)
		if share < 0 || share > 1 {
			continue
		}
		y := c.Y(share)
		for _, s := range l.Over {
			x0, x1 := max(c.X(p.X.Norm(s.From)), c.Min.X), min(c.X(p.X.Norm(s.To)), c.Max.X)
			c.StrokeLine2(Solid(Text, 1.6), x0, y, x1, y)
			c.StrokeLine2(Solid(Text, 1.6), x0, y, x0, y-4)
			c.StrokeLine2(Solid(Text, 1.6), x1, y, x1, y-4)
		}
	}
}
