// Package plot owns how the figures of a run look: one palette, one set of sizes,
// one frame with title, legend and fault lanes, drawn with Gonum as SVG and PNG
// (REP-2). It computes nothing: what it draws comes from package series.
package plot

import (
	"image/color"

	"golang.org/x/image/font"
	gonum "gonum.org/v1/plot"
	gfont "gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Ink is an opaque colour written as 0xRRGGBB. It is a color.Color.
type Ink uint32

// RGBA implements color.Color.
func (c Ink) RGBA() (r, g, b, a uint32) {
	return color.NRGBA{R: uint8(c >> 16), G: uint8(c >> 8), B: uint8(c), A: 0xff}.RGBA()
}

// Faint is the colour with an opacity between 0 and 1.
func (c Ink) Faint(opacity float64) color.Color {
	return faint{c, uint32(0xffff*min(max(opacity, 0), 1) + 0.5)}
}

// faint is an Ink with an opacity of 0 to 0xffff. Its premultiplied parts are rounded
// up, so that an SVG, which divides by the opacity again, has the ink's own digits:
// Inline knows it by these.
type faint struct {
	ink     Ink
	opacity uint32
}

// RGBA implements color.Color.
func (f faint) RGBA() (r, g, b, a uint32) {
	part := func(v Ink) uint32 { return min((uint32(v&0xff)*f.opacity+254)/255, f.opacity) }
	return part(f.ink >> 16), part(f.ink >> 8), part(f.ink), f.opacity
}

// The colours of Okabe and Ito, which people with any colour vision tell apart. No
// figure uses colour alone: lines differ in dash, areas in height, too.
const (
	Blue       Ink = 0x0072B2
	Sky        Ink = 0x56B4E9
	Green      Ink = 0x009E73
	Yellow     Ink = 0xF0E442
	Orange     Ink = 0xE69F00
	Vermillion Ink = 0xD55E00
	Purple     Ink = 0xCC79A7
)

// The colours of everything that is not data. A report in dark mode exchanges them
// (Inline), so they are used for nothing else.
const (
	Paper  Ink = 0xFFFFFE // background
	Text   Ink = 0x1B1F24 // titles, axes
	Subtle Ink = 0x5A626B // notes, tick labels
	Rule   Ink = 0xDDE1E5 // grid
)

// Series is the i-th colour for lines that have no fixed meaning; they repeat after seven.
func Series(i int) Ink {
	return [...]Ink{Blue, Vermillion, Green, Orange, Purple, Sky, Yellow}[i%7]
}

// Widths of figures. A wide one is a page in landscape or a desktop window, a narrow
// one a telephone; both have the same text size.
const (
	Wide   = 720 * vg.Length(1)
	Narrow = 330 * vg.Length(1)
)

// Sizes of text in points.
const (
	SizeTitle vg.Length = 12.5
	SizeText  vg.Length = 9.5
	SizeSmall vg.Length = 8.5
)

// LineWidth is that of a curve.
const LineWidth vg.Length = 1.4

// Face is the text style of a size and colour, left aligned on its base line.
func Face(size vg.Length, c color.Color) text.Style {
	return text.Style{
		Color: c, Handler: gonum.DefaultTextHandler,
		Font: gfont.Font{Typeface: "Liberation", Variant: "Sans", Size: size},
	}
}

// Bold is Face with a heavy stroke.
func Bold(size vg.Length, c color.Color) text.Style {
	s := Face(size, c)
	s.Font.Weight = font.WeightBold
	return s
}

// Solid is the line of a curve, dashed when dashes are given.
func Solid(c color.Color, width vg.Length, dashes ...vg.Length) draw.LineStyle {
	return draw.LineStyle{Color: c, Width: width, Dashes: dashes}
}

// New is an empty plot in the report's style: no title and no legend of its own,
// which Figure draws, thin axes, small labels. x and y name the axes with units.
func New(x, y string) *gonum.Plot {
	p := gonum.New()
	p.BackgroundColor = nil
	p.X.Label.Text, p.Y.Label.Text = x, y
	for _, a := range []*gonum.Axis{&p.X, &p.Y} {
		label := Face(SizeText, Text)
		label.XAlign, label.YAlign = draw.XCenter, draw.YBottom
		a.Label.TextStyle = label
		a.Label.Padding = 3
		tick := Face(SizeSmall, Subtle)
		tick.XAlign, tick.YAlign = a.Tick.Label.XAlign, a.Tick.Label.YAlign
		a.Tick.Label = tick
		a.Tick.Length = 4
		a.Tick.LineStyle = Solid(Subtle, 0.6)
		a.LineStyle = Solid(Subtle, 0.6)
		a.Padding = 0
	}
	return p
}
