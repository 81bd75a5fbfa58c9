package packets

import (
	gonum "gonum.org/v1/plot"
	"gonum.org/v1/plot/vg/draw"

	"oalab/reports/plot"
)

// ink is a colour of the reports.
type ink = plot.Ink

// The names by which the plots here call the reports' colours and sizes.
const (
	blue       = plot.Blue
	sky        = plot.Sky
	green      = plot.Green
	orange     = plot.Orange
	vermillion = plot.Vermillion

	paper  = plot.Paper
	dark   = plot.Text
	subtle = plot.Subtle
	rule   = plot.Rule

	sizeTitle = plot.SizeTitle
	sizeText  = plot.SizeText
	sizeSmall = plot.SizeSmall
	lineWidth = plot.LineWidth
)

// panel is an empty plot with a small heading and thin axes.
func panel(heading, x, y string) *gonum.Plot {
	p := plot.New(x, y)
	p.Title.Text = heading
	p.Title.TextStyle = plot.Bold(sizeText, dark)
	p.Title.TextStyle.XAlign, p.Title.TextStyle.YAlign = draw.XCenter, draw.YTop
	p.Title.Padding = 4
	p.Add(rules{})
	return p
}

// rules are the horizontal lines of a grid.
type rules struct{}

func (rules) Plot(c draw.Canvas, p *gonum.Plot) {
	for _, t := range p.Y.Tick.Marker.Ticks(p.Y.Min, p.Y.Max) {
		if !t.IsMinor() {
			y := c.Y(p.Y.Norm(t.Value))
			c.StrokeLine2(plot.Solid(rule, 0.6), c.Min.X, y, c.Max.X, y)
		}
	}
}
