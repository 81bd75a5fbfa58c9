package packets

import (
	"math"
	"slices"
	"strconv"

	gonum "gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// line joins values at positions 1, 2, …, with a mark at each if it has one.
type line struct {
	y     []float64
	x     []float64 // nil: the positions
	style draw.LineStyle
	glyph *draw.GlyphStyle
}

func (l line) at(i int) float64 {
	if l.x != nil {
		return l.x[i]
	}
	return float64(i + 1)
}

func (l line) Plot(c draw.Canvas, p *gonum.Plot) {
	points := make([]vg.Point, len(l.y))
	for i, y := range l.y {
		points[i] = vg.Point{X: c.X(p.X.Norm(l.at(i))), Y: c.Y(p.Y.Norm(y))}
	}
	if l.style.Width > 0 {
		c.StrokeLines(l.style, c.ClipLinesXY(points)...)
	}
	if l.glyph != nil {
		for _, at := range points {
			c.DrawGlyph(*l.glyph, at)
		}
	}
}

// band fills between two curves.
type band struct {
	low, high []float64
	x         []float64 // nil: the positions
	color     ink
}

func (b band) Plot(c draw.Canvas, p *gonum.Plot) {
	var path vg.Path
	at := func(i int, y float64) vg.Point {
		return vg.Point{X: c.X(p.X.Norm(line{x: b.x}.at(i))), Y: c.Y(p.Y.Norm(y))}
	}
	for i, y := range b.high {
		if i == 0 {
			path.Move(at(i, y))
			continue
		}
		path.Line(at(i, y))
	}
	for i, v := range slices.Backward(b.low) {
		path.Line(at(i, v))
	}
	path.Close()
	c.SetColor(b.color.Faint(opacity))
	c.Fill(path)
}

// level is a horizontal line through the whole panel.
type level struct {
	y     float64
	style draw.LineStyle
}

func (l level) Plot(c draw.Canvas, p *gonum.Plot) {
	y := c.Y(p.Y.Norm(l.y))
	c.StrokeLine2(l.style, c.Min.X, y, c.Max.X, y)
}

func mark(c ink, shape draw.GlyphDrawer, radius vg.Length) *draw.GlyphStyle {
	return &draw.GlyphStyle{Color: c, Shape: shape, Radius: radius}
}

// positions prepares the horizontal axis for shares 1 to n.
func positions(p *gonum.Plot, n int) {
	p.X.Min, p.X.Max = 0.5, float64(n)+0.5
	ticks := gonum.ConstantTicks{{Value: 1, Label: "1"}}
	for k := 2; k <= n; k++ {
		t := gonum.Tick{Value: float64(k)}
		if k%5 == 0 {
			t.Label = strconv.Itoa(k)
		}
		ticks = append(ticks, t)
	}
	p.X.Tick.Marker = ticks
}

// vertical sets the same vertical axis on all panels: around all values, with air,
// and ticks at multiples of step written with so many digits and a unit.
func vertical(panels []*gonum.Plot, step float64, digits int, unit string, values ...[]float64) {
	low, high := math.Inf(1), math.Inf(-1)
	for _, list := range values {
		for _, v := range list {
			low, high = min(low, v), max(high, v)
		}
	}
	air := 0.06 * (high - low)
	low, high = low-air, high+air
	var ticks gonum.ConstantTicks
	for i := math.Ceil(low / step); i*step <= high; i++ {
		ticks = append(ticks, gonum.Tick{Value: i * step, Label: strconv.FormatFloat(i*step, 'f', digits, 64) + unit})
	}
	for i, p := range panels {
		p.Y.Min, p.Y.Max = low, high
		p.Y.Tick.Marker = ticks
		if i > 0 {
			p.Y.Label.Text = ""
		}
	}
}
