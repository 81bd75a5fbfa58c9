package plot

import (
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"oalab/reports/series"
	"oalab/scenarios/history"
)

// Timelines draws one cycle of each fault from near, one panel below the other, each
// with a time axis of its own.
type Timelines struct {
	Figure // without a plot: title, note, legend and width
	hosts  []string
	faults []series.FaultCycles
	words  failoverWords
}

// failoverWords are what is shown, in words.
type failoverWords struct{ title, ticks, refused, probe, fine, out string }

var (
	ofVIP = failoverWords{
		"Failover from near", "every request of the probe, 10 ms apart", "no answer, or a try failed", "probe", "no request failed", "out for ",
	}
	ofWrites = failoverWords{
		"Writing from near", "every write of the canary to the group core, begun 20 ms apart: by when it was acknowledged, else by when it was begun",
		"not acknowledged, or a try failed", "canary", "no write was missed", "nothing acknowledged for ",
	}
)

// Failover draws the time lines of an arm's failovers.
func Failover(f series.Failover, width vg.Length) *Timelines {
	words := ofVIP
	if f.Writes {
		words = ofWrites
	}
	keys := make([]Key, 0, len(f.Hosts)+2)
	for i, h := range f.Hosts {
		keys = append(keys, Key{Label: h, Color: hostColor(i), Mark: MarkArea})
	}
	keys = append(keys,
		Key{Label: words.refused, Color: Vermillion, Mark: MarkArea},
		Key{Label: "a try came through", Color: Green, Mark: MarkArea},
		Key{Label: "fault seen in effect", Color: Text.Faint(0.11), Mark: MarkArea})
	return &Timelines{
		Figure: Figure{
			Title: words.title,
			Note:  "For each fault, the cycle with the median outage. Bars: the host that has the address, faint while clients cannot reach it, framed and hatched while two hosts have the address. Ticks: " + words.ticks + ".",
			Keys:  keys, Width: width,
		},
		hosts: f.Hosts, faults: f.Faults, words: words,
	}
}

// hostColor is the colour of a host, the same in every lane.
func hostColor(i int) Ink { return [...]Ink{Blue, Orange, Green, Purple}[i%4] }

// Heights of the parts of a panel.
const (
	panelTitle vg.Length = 16
	markRow    vg.Length = 10
	laneRow    vg.Length = 13
	triesHigh  vg.Length = 26
	axisRoom   vg.Length = 16
	panelGap   vg.Length = 10
)

// labelWidth is the room for the names of the lanes.
func (t *Timelines) labelWidth() vg.Length {
	w := vg.Length(0)
	for _, f := range t.faults {
		for _, name := range t.lanes(f.Shown) {
			w = max(w, Face(SizeSmall, Text).Width(name))
		}
	}
	return w + 6
}

// lanes are the names of the lanes of a panel, from the top.
func (t *Timelines) lanes(l series.Timeline) []string {
	var out []string
	for _, h := range t.hosts {
		out = append(out, h+" has address")
	}
	if l.States != nil {
		for _, h := range t.hosts {
			out = append(out, h+" keepalived")
		}
	}
	return append(out, t.words.probe, "tries of clients")
}

// rowsOf is in how many rows the moments of a panel are named: one for each, as near
// ones would meet.
func rowsOf(f series.FaultCycles) int { return len(f.Shown.Marks) }

func (t *Timelines) panelHeight(f series.FaultCycles) vg.Length {
	return panelTitle + markRow*vg.Length(rowsOf(f)) + laneRow*vg.Length(len(t.lanes(f.Shown))) + triesHigh + axisRoom + panelGap
}

// Size implements Drawing.
func (t *Timelines) Size() (w, h vg.Length) {
	h = t.head() + 2*margin + labelRoom
	for _, f := range t.faults {
		h += t.panelHeight(f)
	}
	return t.Width, h
}

// Draw implements Drawing.
func (t *Timelines) Draw(c draw.Canvas) {
	t.drawHead(c)
	top := c.Max.Y - margin - t.head()
	for _, f := range t.faults {
		t.panel(c, f, top)
		top -= t.panelHeight(f)
	}
	style := Face(SizeText, Text)
	style.XAlign = draw.XCenter
	left := c.Min.X + margin + t.labelWidth()
	c.FillText(style, vg.Point{X: (left + c.Max.X - margin) / 2, Y: c.Min.Y + margin}, "milliseconds after zero, which each panel names")
}

// panel draws one cycle below top.
func (t *Timelines) panel(c draw.Canvas, f series.FaultCycles, top vg.Length) {
	l := f.Shown
	left, right := c.Min.X+margin+t.labelWidth(), c.Max.X-margin-4
	s := scale{left: left, right: right, x: func(v float64) vg.Length {
		return left + (right-left)*vg.Length((v-l.FromS)/(l.ToS-l.FromS))
	}}
	title := fmt.Sprintf("%s, cycle %d of %d: ", f.Fault, l.Number, l.Of)
	if l.Cycle.Probe.Failed > 0 {
		title += t.words.out + Duration(l.Cycle.ProbeS)
	} else {
		title += t.words.fine
	}
	c.FillText(Bold(SizeText, Text), vg.Point{X: left, Y: top - 10}, title)
	if at := left + Bold(SizeText, Text).Width(title) + 8; at+Face(SizeSmall, Subtle).Width("zero: "+l.Zero) < right {
		c.FillText(Face(SizeSmall, Subtle), vg.Point{X: at, Y: top - 10}, "zero: "+l.Zero)
	}

	upper := top - panelTitle - markRow*vg.Length(rowsOf(f))
	lower := top - t.panelHeight(f) + panelGap + axisRoom
	if l.Fault.ToS > l.Fault.FromS {
		fill(c, Text.Faint(0.11), vg.Rectangle{Min: vg.Point{X: s.clip(l.Fault.FromS), Y: lower}, Max: vg.Point{X: s.clip(l.Fault.ToS), Y: upper}})
	}
	ticks := Even{Count: 10}
	if t.Width < Wide {
		ticks.Count = 5
	}
	t.axis(c, s, ticks, l, lower, upper)
	y := upper
	row := func(name string, high vg.Length, paint func(vg.Rectangle)) {
		y -= high
		label := Face(SizeSmall, Text)
		label.XAlign = draw.XRight
		c.FillText(label, vg.Point{X: left - 5, Y: y + high/2 - 3}, name)
		paint(vg.Rectangle{Min: vg.Point{X: left, Y: y + 1.5}, Max: vg.Point{X: right, Y: y + high - 1.5}})
	}
	names := t.lanes(l)
	for i := range t.hosts {
		row(names[i], laneRow, func(box vg.Rectangle) { held(c, s, l.Holds[i], hostColor(i), box) })
	}
	together(c, s, l.Holds, vg.Rectangle{Min: vg.Point{X: left, Y: y}, Max: vg.Point{X: right, Y: upper}})
	for i := range l.States {
		row(names[len(t.hosts)+i], laneRow, func(box vg.Rectangle) { states(c, s, l.States[i], box) })
	}
	row(t.words.probe, 2*laneRow, func(box vg.Rectangle) { t.probes(c, s, l.Probes, box) })
	row("tries of clients", triesHigh, func(box vg.Rectangle) { tries(c, s, l.Tries, l.TriesOverS, box) })
	t.marks(c, s, l.Marks, lower, upper)
}

// axis draws the time axis in milliseconds with thin lines up through the lanes.
func (t *Timelines) axis(c draw.Canvas, s scale, marker Even, l series.Timeline, lower, upper vg.Length) {
	label := Face(SizeSmall, Subtle)
	label.XAlign = draw.XCenter
	for _, tick := range marker.Ticks(1000*l.FromS, 1000*l.ToS) {
		x := s.clip(tick.Value / 1000)
		line := Solid(Rule, 0.6)
		if tick.Value == 0 {
			line = Solid(Text, 0.9)
		}
		c.StrokeLine2(line, x, lower, x, upper)
		c.FillText(label, vg.Point{X: min(max(x, s.left+8), s.right-10), Y: lower - 11}, tick.Label)
	}
	c.StrokeLine2(Solid(Subtle, 0.6), s.left, lower, s.right, lower)
}

// held draws when a host had the address.
func held(c draw.Canvas, s scale, spans []series.HeldSpan, with Ink, box vg.Rectangle) {
	for _, span := range spans {
		x := s.clip(span.FromS)
		fill(c, with.Faint(shown(span)), vg.Rectangle{Min: vg.Point{X: x, Y: box.Min.Y}, Max: vg.Point{X: max(s.clip(span.ToS), x+0.8), Y: box.Max.Y}})
	}
}

// shown is how strongly a stretch is drawn: faint where clients cannot reach the host.
func shown(span series.HeldSpan) float64 {
	if span.OutOfReach {
		return 0.3
	}
	return 1
}

// together frames and hatches the stretches in which several hosts had the address
// that clients could reach.
func together(c draw.Canvas, s scale, holds [][]series.HeldSpan, box vg.Rectangle) {
	for i := range holds {
		for _, others := range holds[i+1:] {
			for _, a := range holds[i] {
				for _, b := range others {
					from, to := s.clip(max(a.FromS, b.FromS)), s.clip(min(a.ToS, b.ToS))
					if to <= from || a.OutOfReach || b.OutOfReach {
						continue
					}
					for x := from + 2; x < to; x += 4 {
						c.StrokeLine2(Solid(Paper, 1), x, box.Min.Y, x, box.Max.Y)
					}
					c.StrokeLines(Solid(Vermillion, 1.2), []vg.Point{
						{X: from, Y: box.Min.Y}, {X: to, Y: box.Min.Y}, {X: to, Y: box.Max.Y}, {X: from, Y: box.Max.Y}, {X: from, Y: box.Min.Y},
					})
				}
			}
		}
	}
}

// states draws the states of keepalived, each at its own height and named where there is
// room.
func states(c draw.Canvas, s scale, spans []series.StateSpan, box vg.Rectangle) {
	for _, span := range spans {
		name, with, share := stateLook(span.State)
		x0, x1 := s.clip(span.FromS), s.clip(span.ToS)
		high := (box.Max.Y - box.Min.Y) * share
		fill(c, with, vg.Rectangle{Min: vg.Point{X: x0, Y: box.Min.Y}, Max: vg.Point{X: max(x1, x0+0.8), Y: box.Min.Y + high}})
		c.StrokeLine2(Solid(Paper, 0.8), x0, box.Min.Y, x0, box.Max.Y)
		if style := Face(SizeSmall-0.5, Text); style.Width(name)+6 <= x1-x0 {
			c.FillText(style, vg.Point{X: x0 + 3, Y: box.Min.Y + 2}, name)
		}
	}
}

func stateLook(state int) (name string, with color.Color, share vg.Length) {
	switch state {
	case history.VRRPFault:
		return "fault", Vermillion.Faint(0.45), 1
	case history.VRRPBackup:
		return "backup", Subtle.Faint(0.18), 1
	case history.VRRPMaster:
		return "master", Subtle.Faint(0.5), 1
	case history.VRRPStopped:
		return "stopped", Vermillion.Faint(0.15), 1
	}
	return "out of reach", Rule, 0.5
}

// probes draws every request as a tick: an answered one in the row of the host that
// answered, a failed one over all rows. Ticks of one kind that would touch are one box.
func (t *Timelines) probes(c draw.Canvas, s scale, all []series.Probe, box vg.Rectangle) {
	const thick = 1.1
	row := (box.Max.Y - box.Min.Y) / vg.Length(max(1, len(t.hosts)))
	for i := 0; i < len(all); {
		first := i
		for i++; i < len(all) && all[i].Node == all[first].Node && s.clip(all[i].AtS)-s.clip(all[i-1].AtS) < 2*thick; i++ {
		}
		from, to, with := box.Min.Y, box.Max.Y, Vermillion
		if node := all[first].Node; node > 0 {
			with = hostColor(node - 1)
			to = box.Max.Y - row*vg.Length(node-1)
			from = to - row + 1
		}
		fill(c, with, vg.Rectangle{
			Min: vg.Point{X: s.clip(all[first].AtS) - thick/2, Y: from}, Max: vg.Point{X: s.clip(all[i-1].AtS) + thick/2, Y: to},
		})
	}
}

// tries draws the tries of clients by when they began: those that came through
// upwards from the middle, those that failed downwards.
func tries(c draw.Canvas, s scale, all []series.Tries, over float64, box vg.Rectangle) {
	most := 1.0
	for _, t := range all {
		most = math.Max(most, math.Max(float64(t.OK), float64(t.Failed)))
	}
	half := (box.Max.Y - box.Min.Y) / 2
	middle := box.Min.Y + half
	for _, t := range all {
		x0, x1 := s.clip(t.FromS), s.clip(t.FromS+over)
		if t.OK > 0 {
			fill(c, Green, vg.Rectangle{Min: vg.Point{X: x0, Y: middle}, Max: vg.Point{X: x1 - 0.4, Y: middle + half*vg.Length(float64(t.OK)/most)}})
		}
		if t.Failed > 0 {
			fill(c, Vermillion, vg.Rectangle{Min: vg.Point{X: x0, Y: middle - half*vg.Length(float64(t.Failed)/most)}, Max: vg.Point{X: x1 - 0.4, Y: middle}})
		}
	}
	c.StrokeLine2(Solid(Subtle, 0.5), s.left, middle, s.right, middle)
}

// marks draws moments as dashed lines through all lanes and names them above.
func (t *Timelines) marks(c draw.Canvas, s scale, all []series.Moment, lower, upper vg.Length) {
	style := Face(SizeSmall-0.5, Text)
	for i, m := range all {
		x := s.clip(m.AtS)
		row := vg.Length(len(all) - 1 - i)
		base := upper + markRow*row
		c.StrokeLine2(Solid(Text, 0.9, 3, 2), x, lower, x, base+2)
		text := fmt.Sprintf("%s %+.0f ms", m.Name, 1000*m.AtS)
		at := x + 3
		if at+style.Width(text) > s.right {
			at = x - 3 - style.Width(text)
		}
		c.FillText(style, vg.Point{X: at, Y: base + 3}, text)
	}
}
