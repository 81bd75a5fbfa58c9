package packets

import (
	"strings"

	gonum "gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"oalab/reports/plot"
)

// board is a titled row of panels with one legend.
type board struct {
	title, note string
	keys        []key
	panels      []*gonum.Plot
	height      vg.Length // of the panels
}

// key is one entry of a legend: a mark, a line, an area, or several of them.
type key struct {
	label string
	line  *draw.LineStyle
	glyph *draw.GlyphStyle
	area  *ink // filled at the opacity of bands
}

const (
	width     vg.Length = 720
	margin    vg.Length = 8
	leading             = 1.28
	keyHeight vg.Length = 14
	swatch    vg.Length = 20
	keyGap    vg.Length = 14
	opacity             = 0.25 // of bands
)

// Size implements Drawing.
func (b *board) Size() (w, h vg.Length) { return width, b.head() + b.height + 2*margin }

func (b *board) titles() []string { return wrap(b.title, plot.Bold(sizeTitle, dark)) }
func (b *board) notes() []string  { return wrap(b.note, plot.Face(sizeText, subtle)) }

func (b *board) head() vg.Length {
	return leading*(sizeTitle*vg.Length(len(b.titles()))+sizeText*vg.Length(len(b.notes()))) +
		keyHeight*vg.Length(len(b.rows())) + 12
}

// Draw implements Drawing.
func (b *board) Draw(c draw.Canvas) {
	c.SetColor(paper)
	c.Fill(c.Path())
	y := c.Max.Y - margin
	write := func(lines []string, s text.Style) {
		for _, line := range lines {
			y -= leading * s.Font.Size
			c.FillText(s, vg.Point{X: c.Min.X + margin, Y: y}, line)
		}
	}
	write(b.titles(), plot.Bold(sizeTitle, dark))
	write(b.notes(), plot.Face(sizeText, subtle))
	y -= 5
	for _, row := range b.rows() {
		y -= keyHeight
		x := c.Min.X + margin
		for _, k := range row {
			k.draw(c, vg.Point{X: x, Y: y + 4})
			c.FillText(plot.Face(sizeText, dark), vg.Point{X: x + swatch + 4, Y: y + 1}, k.label)
			x += k.width() + keyGap
		}
	}
	body := draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{
		Min: vg.Point{X: c.Min.X + margin, Y: c.Min.Y + margin},
		Max: vg.Point{X: c.Max.X - margin, Y: c.Min.Y + margin + b.height},
	}}
	tiles := draw.Tiles{Rows: 1, Cols: len(b.panels), PadX: 12}
	for i, at := range gonum.Align([][]*gonum.Plot{b.panels}, tiles, body)[0] {
		b.panels[i].Draw(at)
	}
}

func (k key) width() vg.Length { return swatch + 4 + plot.Face(sizeText, dark).Width(k.label) }

// rows breaks the legend into rows.
func (b *board) rows() [][]key {
	var rows [][]key
	var used vg.Length
	for _, k := range b.keys {
		if len(rows) == 0 || used+keyGap+k.width() > width-2*margin {
			rows = append(rows, nil)
			used = -keyGap
		}
		used += keyGap + k.width()
		rows[len(rows)-1] = append(rows[len(rows)-1], k)
	}
	return rows
}

func (k key) draw(c draw.Canvas, at vg.Point) {
	if k.area != nil {
		c.SetColor(k.area.Faint(opacity))
		c.Fill(vg.Rectangle{Min: vg.Point{X: at.X, Y: at.Y - 4}, Max: vg.Point{X: at.X + swatch, Y: at.Y + 4}}.Path())
	}
	if k.line != nil {
		c.StrokeLine2(*k.line, at.X, at.Y, at.X+swatch, at.Y)
	}
	if k.glyph != nil {
		c.DrawGlyph(*k.glyph, vg.Point{X: at.X + swatch/2, Y: at.Y})
	}
}

// wrap breaks a text into lines that fit the board.
func wrap(s string, style text.Style) []string {
	var lines []string
	for word := range strings.FieldsSeq(s) {
		if n := len(lines); n > 0 && style.Width(lines[n-1]+" "+word) <= width-2*margin {
			lines[n-1] += " " + word
			continue
		}
		lines = append(lines, word)
	}
	return lines
}
