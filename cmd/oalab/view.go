package main

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"oalab/scenarios/runner"
)

// view is what the live block shows: a tick and how long ago it came.
type view struct {
	runner.Tick
	age  time.Duration
	over bool // nothing follows
}

// runsOn bounds how far the load's clock is taken to run on after a tick: when
// ticks stay away the load has ended or the machine hangs.
const runsOn = 1500 * time.Millisecond

// Colours: what is wrong or broken, what will be, and what tells rows apart. Each
// says nothing that the words do not say.
const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	yellow = "33"
	cyan   = "36"
	alarm  = "1;31"
)

// lines draws the view in lines of at most the given number of columns, at least
// one. Characters are ASCII, so that their widths are the same everywhere; only
// names may hold others. It is a pure function.
func (v view) lines(columns int, colour bool) []string {
	d := drawing{columns: max(columns, 1), colour: colour}
	d.row("", cell{v.Scenario + "/" + v.Arm, bold}, cell{v.stage(), cyan}, cell{span(v.AtS + v.age.Seconds()), ""})
	if v.LengthS <= 0 {
		return d.done // a study, or a stage before the load
	}
	d.bar(min(v.LengthS, v.LengthS-v.left()), v.LengthS, v.leftText())
	if v.over {
		d.row("load", v.counts()...)
		d.row("faults", v.carriedOut())
		return d.done
	}
	d.row("rate", append([]cell{{fmt.Sprintf("%.0f/%.0f per s", v.DonePS, v.PlannedPS), ""}}, v.counts()...)...)
	d.row("answers", cell{"p50 " + wait(v.P50S), ""}, cell{"p99 " + wait(v.P99S), ""}, cell{"in the last second", dim})
	d.row("faults", v.active()...)
	d.row("next", v.next())
	return d.done
}

// summary is the view as a plain line for the scroll-back, when another arm takes
// its place.
func (v view) summary() []string {
	parts := []string{v.Scenario + "/" + v.Arm, v.stage(), span(v.AtS + v.age.Seconds())}
	if v.LengthS > 0 {
		for _, c := range append(v.counts(), cell{"faults " + v.carriedOut().text, ""}) {
			parts = append(parts, c.text)
		}
	}
	return []string{strings.Join(parts, "  ")}
}

func (v view) stage() string {
	switch {
	case v.over && v.Stopped:
		return "stopped"
	case v.over:
		return "over"
	default:
		return v.Phase
	}
}

// ahead is how far the load's clock is past the tick.
func (v view) ahead() float64 {
	if v.over || v.Stopped {
		return 0
	}
	return min(v.age, runsOn).Seconds()
}

// left is the load's time left.
func (v view) left() float64 { return max(0, v.LeftS-v.ahead()) }

func (v view) leftText() string {
	switch {
	case v.left() <= 0:
		return "load over"
	case v.Stopped:
		return "stopped"
	default:
		return "left " + span(v.left())
	}
}

// counts are the operations so far.
func (v view) counts() []cell {
	failed := cell{fmt.Sprintf("failed %d of %d", v.Failed, v.Done), ""}
	if v.Failed > 0 {
		failed.style = red
	}
	if v.over {
		return []cell{failed}
	}
	return []cell{failed, {fmt.Sprintf("in flight %d", v.InFlight), ""}}
}

// active are the faults in effect.
func (v view) active() []cell {
	if len(v.Faults) == 0 {
		return []cell{{"none", dim}}
	}
	var cells []cell
	for _, name := range v.Faults {
		cells = append(cells, cell{name, alarm})
	}
	return cells
}

func (v view) next() cell {
	if v.Next == "" {
		return cell{"none", dim}
	}
	return cell{fmt.Sprintf("%s in %s", v.Next, span(max(0, v.NextInS-v.ahead()))), yellow}
}

func (v view) carriedOut() cell {
	return cell{fmt.Sprintf("%d of %d carried out", v.FaultsOver, v.FaultsPlanned), ""}
}

// span prints a length of time to the second.
func span(s float64) string {
	return time.Duration(s * float64(time.Second)).Round(time.Second).String()
}

// wait prints a waiting time in the unit that reads best; none is a dash.
func wait(s float64) string {
	switch {
	case s == 0:
		return "-"
	case s < 1:
		return fmt.Sprintf("%.1fms", s*1e3)
	default:
		return fmt.Sprintf("%.2fs", s)
	}
}

// cell is a text that stays on one line, and the parameters of its colour.
type cell struct{ text, style string }

// drawing gathers lines.
type drawing struct {
	columns int
	colour  bool
	done    []string
}

const (
	labelColumns = 9 // the longest label and space behind it
	between      = 3 // columns between cells
	leastBar     = 12
)

// row adds cells behind a label, on as many lines as they need.
func (d *drawing) row(label string, cells ...cell) {
	indent := 0
	if label != "" && d.columns >= 2*labelColumns {
		indent = labelColumns
	} else if label != "" {
		cells = append([]cell{{label, dim}}, cells...)
	}
	line, used := "", 0
	for i, c := range cells {
		c.text = cut(c.text, d.columns-indent)
		if i > 0 && used+between+width(c.text) > d.columns {
			d.done = append(d.done, line)
			line, used = "", 0
		}
		switch {
		case used > 0:
			line, used = line+strings.Repeat(" ", between), used+between
		case i == 0 && indent > 0:
			line, used = d.paint(cell{fmt.Sprintf("%-*s", indent, label), dim}), indent
		default:
			line, used = strings.Repeat(" ", indent), indent
		}
		line, used = line+d.paint(c), used+width(c.text)
	}
	d.done = append(d.done, line)
}

// bar adds the load's time as a bar, with text behind it. Where there is no room for
// a bar that says anything, the text stands alone.
func (d *drawing) bar(at, length float64, text string) {
	text = fmt.Sprintf("%3.0f%%  %s", 100*at/length, text)
	room := d.columns - 1 - width(text)
	if room < leastBar {
		d.row("", cell{strings.TrimSpace(text), ""})
		return
	}
	var b bytes.Buffer
	const parts = 1e4
	_ = mpb.BarStyle().Build().Fill(&b, decor.Statistics{ // a buffer takes everything
		AvailableWidth: room, Total: parts, Current: int64(parts * at / length), Completed: at >= length,
	})
	d.done = append(d.done, d.paint(cell{b.String(), cyan})+" "+text)
}

func (d *drawing) paint(c cell) string {
	if !d.colour || c.style == "" {
		return c.text
	}
	return "\x1b[" + c.style + "m" + c.text + "\x1b[0m"
}

// width is the number of columns of a text. Outside ASCII it may be too large,
// never too small.
func width(s string) int {
	n := 0
	for _, r := range s {
		n += columnsOf(r)
	}
	return n
}

func columnsOf(r rune) int {
	if r > 0x7e {
		return 2
	}
	return 1
}

// cut shortens a text to a number of columns and marks it.
func cut(s string, columns int) string {
	if width(s) <= columns {
		return s
	}
	mark := ".."[:min(2, max(0, columns-1))]
	n := len(mark)
	var b strings.Builder
	for _, r := range s {
		if n += columnsOf(r); n > columns {
			break
		}
		b.WriteRune(r)
	}
	return b.String() + mark
}
