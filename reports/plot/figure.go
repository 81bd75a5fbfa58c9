package plot

import (
	"math"
	"strings"

	gonum "gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Figure is a titled plot with its legend on top and, for plots over time, the lanes
// of phases and faults. It is the frame of everything that this package draws.
type Figure struct {
	Title string
	Note  string // one sentence that says how to read it
	Keys  []Key  // the legend
	// Lanes lie above the plot, on its time axis. The zero value draws none.
	Lanes Lanes
	Plot  *gonum.Plot
	Width vg.Length // Wide or Narrow
	// Height is that of the plot with its axes, without title, legend and lanes.
	Height vg.Length
}

// Space in and around a figure.
const (
	margin  vg.Length = 8
	gap     vg.Length = 5
	leading           = 1.28 // line height as a multiple of the size
)

// Size implements Drawing.
func (f *Figure) Size() (w, h vg.Length) {
	return f.Width, f.head() + f.Lanes.height(f.across()) + f.Height + 2*margin
}

// inner is the width between the margins.
func (f *Figure) inner() vg.Length { return f.Width - 2*margin }

func (f *Figure) titles() []string { return wrap(f.Title, Bold(SizeTitle, Text), f.inner()) }
func (f *Figure) notes() []string  { return wrap(f.Note, Face(SizeText, Subtle), f.inner()) }

// head is the height of title, note and legend.
func (f *Figure) head() vg.Length {
	h := leading * (SizeTitle*vg.Length(len(f.titles())) + SizeText*vg.Length(len(f.notes())))
	if rows := keyRows(f.Keys, f.inner()); len(rows) > 0 {
		h += gap + keyHeight*vg.Length(len(rows))
	}
	return h + gap
}

// bare is the plot without the names of its axes, which the figure writes itself:
// Gonum reserves room for them at the wrong place when an axis is logarithmic.
func (f *Figure) bare() *gonum.Plot {
	p := *f.Plot
	p.X.Label.Text, p.Y.Label.Text = "", ""
	return &p
}

const labelRoom = SizeText * leading

// body is the canvas of the plot with its axes, without their names.
func (f *Figure) body(c draw.Canvas) draw.Canvas {
	c.Rectangle = vg.Rectangle{
		Min: vg.Point{X: c.Min.X + margin, Y: c.Min.Y + margin},
		Max: vg.Point{X: c.Min.X + f.Width - margin, Y: c.Min.Y + margin + f.Height},
	}
	if f.Plot.X.Label.Text != "" {
		c.Min.Y += labelRoom
	}
	if f.Plot.Y.Label.Text != "" {
		c.Min.X += labelRoom
	}
	return c
}

// across is the time axis of the plot on the canvas.
func (f *Figure) across() scale {
	data := f.bare().DataCanvas(f.body(draw.Canvas{}))
	return scale{
		x: func(v float64) vg.Length { return data.X(f.Plot.X.Norm(v)) }, left: data.Min.X, right: data.Max.X,
	}
}

// labels writes the names of the axes.
func (f *Figure) labels(c draw.Canvas, data vg.Rectangle) {
	style := f.Plot.X.Label.TextStyle
	c.FillText(style, vg.Point{X: (data.Min.X + data.Max.X) / 2, Y: c.Min.Y + margin}, f.Plot.X.Label.Text)
	style = f.Plot.Y.Label.TextStyle
	style.Rotation, style.YAlign = math.Pi/2, draw.YTop
	c.FillText(style, vg.Point{X: c.Min.X + margin - 2, Y: (data.Min.Y + data.Max.Y) / 2}, f.Plot.Y.Label.Text)
}

// drawHead draws paper, title, note and legend.
func (f *Figure) drawHead(c draw.Canvas) {
	c.SetColor(Paper)
	c.Fill(c.Path())
	y := c.Max.Y - margin
	write := func(lines []string, style text.Style) {
		for _, line := range lines {
			y -= style.Font.Size * leading
			c.FillText(style, vg.Point{X: c.Min.X + margin, Y: y + style.Font.Size*0.3}, line)
		}
	}
	write(f.titles(), Bold(SizeTitle, Text))
	write(f.notes(), Face(SizeText, Subtle))
	drawKeys(c, f.Keys, vg.Point{X: c.Min.X + margin, Y: y - gap}, f.inner())
}

// Draw implements Drawing.
func (f *Figure) Draw(c draw.Canvas) {
	f.drawHead(c)
	plot, body := f.bare(), f.body(c)
	data := plot.DataCanvas(body)
	f.Lanes.shade(c, f.across(), data.Min.Y, data.Max.Y)
	plot.Draw(body)
	f.labels(c, data.Rectangle)
	f.Lanes.draw(c, f.across(), data.Min.Y, data.Max.Y)
}

// wrap breaks a text into lines that are no wider than width, if its words are not.
func wrap(s string, style text.Style, width vg.Length) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(s) {
		switch longer := strings.TrimSpace(line + " " + word); {
		case line == "" || style.Width(longer) <= width:
			line = longer
		default:
			lines = append(lines, line)
			line = word
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}
