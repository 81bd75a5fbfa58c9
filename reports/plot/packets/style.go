package packets

import (
	"image/color"

	"golang.org/x/image/font"
	gonum "gonum.org/v1/plot"
	gfont "gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
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

	sizeTitle           = plot.SizeTitle
	sizeText            = plot.SizeText
	sizeSmall vg.Length = 8.5
	lineWidth vg.Length = 1.4
)

func face(size vg.Length, c color.Color) text.Style {
	return text.Style{
		Color: c, Handler: gonum.DefaultTextHandler,
		Font: gfont.Font{Typeface: "Liberation", Variant: "Sans", Size: size},
	}
}

func bold(size vg.Length, c color.Color) text.Style {
	s := face(size, c)
	s.Font.Weight = font.WeightBold
	return s
}

func solid(c color.Color, width vg.Length, dashes ...vg.Length) draw.LineStyle {
	return draw.LineStyle{Color: c, Width: width, Dashes: dashes}
}

// panel is an empty plot with a small heading and thin axes.
func panel(heading, x, y string) *gonum.Plot {
	p := gonum.New()
	p.BackgroundColor = nil
	p.Title.Text = heading
	p.Title.TextStyle = bold(sizeText, dark)
	p.Title.TextStyle.XAlign, p.Title.TextStyle.YAlign = draw.XCenter, draw.YTop
	p.Title.Padding = 4
	p.X.Label.Text, p.Y.Label.Text = x, y
	for _, a := range []*gonum.Axis{&p.X, &p.Y} {
		label := face(sizeText, dark)
		label.XAlign, label.YAlign = a.Label.TextStyle.XAlign, a.Label.TextStyle.YAlign
		label.Rotation = a.Label.TextStyle.Rotation
		a.Label.TextStyle = label
		a.Label.Padding = 3
		tick := face(sizeSmall, subtle)
		tick.XAlign, tick.YAlign = a.Tick.Label.XAlign, a.Tick.Label.YAlign
		a.Tick.Label = tick
		a.Tick.Length = 4
		a.Tick.LineStyle = solid(subtle, 0.6)
		a.LineStyle = solid(subtle, 0.6)
		a.Padding = 0
	}
	p.Add(rules{})
	return p
}

// rules are the horizontal lines of a grid.
type rules struct{}

func (rules) Plot(c draw.Canvas, p *gonum.Plot) {
	for _, t := range p.Y.Tick.Marker.Ticks(p.Y.Min, p.Y.Max) {
		if !t.IsMinor() {
			y := c.Y(p.Y.Norm(t.Value))
			c.StrokeLine2(solid(rule, 0.6), c.Min.X, y, c.Max.X, y)
		}
	}
}
