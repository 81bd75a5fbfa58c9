package plot

import (
	"image/color"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Mark is what a legend shows for a series.
type Mark int

// The marks of a legend: a curve, a filled area, a mark of recovery, a dot.
const (
	MarkLine Mark = iota
	MarkArea
	MarkRecovery
	MarkDot
)

// Key is one entry of a legend.
type Key struct {
	Label  string
	Color  color.Color
	Mark   Mark
	Dashes []vg.Length // of a line
	// Share is how high an area fills its box, 0 for all of it.
	Share float64
}

const (
	keyHeight vg.Length = 14
	keySwatch vg.Length = 18
	keyGap    vg.Length = 14
)

func (k Key) width() vg.Length { return keySwatch + 4 + Face(SizeText, Text).Width(k.Label) }

// keyRows breaks a legend into rows no wider than width.
func keyRows(keys []Key, width vg.Length) [][]Key {
	var rows [][]Key
	var used vg.Length
	for _, k := range keys {
		if len(rows) == 0 || used+keyGap+k.width() > width {
			rows = append(rows, nil)
			used = -keyGap
		}
		used += keyGap + k.width()
		rows[len(rows)-1] = append(rows[len(rows)-1], k)
	}
	return rows
}

// drawKeys draws a legend below and right of at.
func drawKeys(c draw.Canvas, keys []Key, at vg.Point, width vg.Length) {
	y := at.Y
	for _, row := range keyRows(keys, width) {
		x := at.X
		for _, k := range row {
			k.swatch(c, vg.Rectangle{Min: vg.Point{X: x, Y: y - keyHeight + 3}, Max: vg.Point{X: x + keySwatch, Y: y - 2}})
			c.FillText(Face(SizeText, Text), vg.Point{X: x + keySwatch + 4, Y: y - keyHeight + 5}, k.Label)
			x += k.width() + keyGap
		}
		y -= keyHeight
	}
}

func (k Key) swatch(c draw.Canvas, box vg.Rectangle) {
	middle := (box.Min.Y + box.Max.Y) / 2
	switch k.Mark {
	case MarkLine:
		c.StrokeLine2(Solid(k.Color, LineWidth+0.2, k.Dashes...), box.Min.X, middle, box.Max.X, middle)
	case MarkArea:
		if k.Share > 0 {
			box.Max.Y = box.Min.Y + (box.Max.Y-box.Min.Y)*vg.Length(k.Share)
		}
		fill(c, k.Color, box)
	case MarkRecovery:
		recovery(c, vg.Point{X: (box.Min.X + box.Max.X) / 2, Y: box.Min.Y})
	case MarkDot:
		dot(c, vg.Point{X: (box.Min.X + box.Max.X) / 2, Y: middle}, 2.6, k.Color)
	}
}

// dot draws a filled circle.
func dot(c draw.Canvas, at vg.Point, radius vg.Length, with color.Color) {
	var p vg.Path
	p.Move(vg.Point{X: at.X + radius, Y: at.Y})
	p.Arc(at, radius, 0, 2*math.Pi)
	p.Close()
	c.SetColor(with)
	c.Fill(p)
}

// fill fills a rectangle.
func fill(c draw.Canvas, with color.Color, r vg.Rectangle) {
	c.SetColor(with)
	c.Fill(r.Path())
}

const recoveryHigh vg.Length = 7

// recovery draws the mark of a healed fault standing on at.
func recovery(c draw.Canvas, at vg.Point) {
	const half = 3.6
	var p vg.Path
	p.Move(vg.Point{X: at.X - half, Y: at.Y})
	p.Line(vg.Point{X: at.X + half, Y: at.Y})
	p.Line(vg.Point{X: at.X, Y: at.Y + recoveryHigh})
	p.Close()
	c.SetColor(Green)
	c.Fill(p)
}
