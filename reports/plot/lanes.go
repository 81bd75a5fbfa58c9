package plot

import (
	"cmp"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Lanes are what is drawn above a plot over time: the phases of the load in one row
// and the faults in as many rows as their names need. In the plot itself faults are
// shaded, phases and recoveries are lines.
type Lanes struct {
	Phases []Stretch
	Faults []Fault
}

// Stretch is a named part of the time axis, in seconds.
type Stretch struct {
	Name     string
	From, To float64
}

// Fault is the window of a fault: in effect from From until To, healed at Healed, or
// never when that is 0. All in seconds.
type Fault struct {
	Name             string
	From, To, Healed float64
}

// until is when the fault was over in every sense.
func (f Fault) until() float64 { return max(f.To, f.Healed) }

const (
	laneHeight  vg.Length = 14
	phaseHeight vg.Length = 12
	lanesGap    vg.Length = 4
)

// scale maps the time axis to the canvas.
type scale struct {
	x           func(float64) vg.Length
	left, right vg.Length
}

func (s scale) clip(v float64) vg.Length { return min(max(s.x(v), s.left), s.right) }

// placed is a fault in its lane.
type placed struct {
	Fault
	lane       int
	bar        vg.Rectangle // X only
	text       vg.Length    // where the name begins
	start, end vg.Length    // of bar and name together
}

// place puts every fault into the first lane in which neither its bar nor its name
// meets another, in order of time.
func (l Lanes) place(s scale) (out []placed, lanes int) {
	faults := slices.Clone(l.Faults)
	slices.SortStableFunc(faults, func(a, b Fault) int { return cmp.Compare(a.From, b.From) })
	var ends []vg.Length
	for _, f := range faults {
		p := placed{Fault: f}
		p.bar.Min.X, p.bar.Max.X = s.clip(f.From), max(s.clip(f.To), s.clip(f.From)+1)
		width := Face(SizeSmall, Text).Width(f.Name)
		p.text = p.bar.Min.X + 3
		if room := p.bar.Max.X - p.bar.Min.X; room > width+6 {
			p.text = p.bar.Min.X + (room-width)/2
		}
		p.text = min(p.text, s.right-width)
		p.start = min(p.bar.Min.X, p.text)
		p.end = max(p.bar.Max.X, s.clip(f.until())+4, p.text+width)
		p.lane = slices.IndexFunc(ends, func(end vg.Length) bool { return end+4 <= p.start })
		if p.lane < 0 {
			p.lane = len(ends)
			ends = append(ends, 0)
		}
		ends[p.lane] = p.end
		out = append(out, p)
	}
	return out, len(ends)
}

// height is what the lanes take above a plot.
func (l Lanes) height(s scale) vg.Length {
	h := vg.Length(0)
	if len(l.Phases) > 0 {
		h += phaseHeight
	}
	if _, n := l.place(s); n > 0 {
		h += laneHeight * vg.Length(n)
	}
	if h > 0 {
		h += lanesGap
	}
	return h
}

// shade marks the faults in the plot, before the curves are drawn.
func (l Lanes) shade(c draw.Canvas, s scale, bottom, top vg.Length) {
	for _, f := range l.Faults {
		box := vg.Rectangle{Min: vg.Point{X: s.clip(f.From), Y: bottom}, Max: vg.Point{X: max(s.clip(f.To), s.clip(f.From)+1), Y: top}}
		fill(c, Text.Faint(0.11), box)
		if f.Healed > f.To {
			fill(c, Text.Faint(0.05), vg.Rectangle{Min: vg.Point{X: box.Max.X, Y: bottom}, Max: vg.Point{X: s.clip(f.Healed), Y: top}})
		}
	}
}

// draw draws the rows above the plot and the lines into it, after the curves. The
// lines end at the top of the plot, so that none crosses the name of another fault.
func (l Lanes) draw(c draw.Canvas, s scale, bottom, top vg.Length) {
	faults, lanes := l.place(s)
	y := top + lanesGap
	for _, f := range faults {
		base := y + laneHeight*vg.Length(lanes-1-f.lane)
		fill(c, Text.Faint(0.16), vg.Rectangle{Min: vg.Point{X: f.bar.Min.X, Y: base + 1}, Max: vg.Point{X: f.bar.Max.X, Y: base + laneHeight - 1}})
		c.StrokeLine2(Solid(Text, 0.9), f.bar.Min.X, base+1, f.bar.Min.X, base+laneHeight-1)
		c.StrokeLine2(Solid(Text, 0.9), f.bar.Min.X, bottom, f.bar.Min.X, top)
		if f.Healed > 0 {
			x := s.clip(f.Healed)
			c.StrokeLine2(Solid(Green, 0.9, 3, 2), x, bottom, x, top)
			recovery(c, vg.Point{X: x, Y: top - recoveryHigh})
		}
		c.FillText(Face(SizeSmall, Text), vg.Point{X: f.text, Y: base + 4}, f.Name)
	}
	l.drawPhases(c, s, bottom, top, y+laneHeight*vg.Length(lanes))
}

// drawPhases names the phases in one row at y, as far as there is room, and draws
// their limits there and in the plot.
func (l Lanes) drawPhases(c draw.Canvas, s scale, bottom, top, y vg.Length) {
	for i, p := range l.Phases {
		from, to := s.clip(p.From), s.clip(p.To)
		if i > 0 {
			c.StrokeLine2(Solid(Subtle, 0.5, 1, 2), from, bottom, from, top)
			c.StrokeLine2(Solid(Subtle, 0.5, 1, 2), from, y, from, y+phaseHeight-2)
		}
		style := Face(SizeSmall-0.5, Subtle)
		if w := style.Width(p.Name); w <= to-from-1 {
			c.FillText(style, vg.Point{X: from + (to-from-w)/2, Y: y + 3}, p.Name)
		}
	}
}

// Keys are the legend of the faults, for plots that show any.
func (l Lanes) Keys() []Key {
	if len(l.Faults) == 0 {
		return nil
	}
	keys := []Key{{Label: "fault in effect", Color: Text.Faint(0.16), Mark: MarkArea}}
	if slices.ContainsFunc(l.Faults, func(f Fault) bool { return f.Healed > 0 }) {
		keys = append(keys, Key{Label: "recovered", Mark: MarkRecovery})
	}
	return keys
}
