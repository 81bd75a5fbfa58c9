package plot

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	gonum "gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"oalab/reports/series"
)

// axis is a time axis of 100 s over 100 points per second.
func axis(width vg.Length) scale {
	return scale{x: func(v float64) vg.Length { return vg.Length(v) * width / 100 }, left: 0, right: width}
}

// TestLanesDoNotOverlap: for all windows, no bar and no name meets another
// in its lane, and all stay within the plot.
func TestLanesDoNotOverlap(t *testing.T) {
	var faults []Fault
	for i := range 12 {
		from := float64(i*i%97) + float64(i)/10
		faults = append(faults, Fault{Name: fmt.Sprintf("a-fault-with-a-name-%d", i), From: from, To: from + float64(i%5), Healed: from + float64(i%5) + 1})
	}
	for _, width := range []vg.Length{Narrow, Wide} {
		placed, lanes := (Lanes{Faults: faults}).place(axis(width))
		if len(placed) != len(faults) || lanes < 2 {
			t.Fatalf("%d of %d faults in %d lanes", len(placed), len(faults), lanes)
		}
		for i, a := range placed {
			if a.end > width+5 || a.start < 0 {
				t.Errorf("%s reaches from %g to %g of %g", a.Name, a.start, a.end, width)
			}
			for _, b := range placed[:i] {
				if a.lane == b.lane && a.start < b.end && b.start < a.end {
					t.Errorf("%s and %s overlap in lane %d", a.Name, b.Name, a.lane)
				}
			}
		}
	}
	if _, lanes := (Lanes{Faults: []Fault{{Name: "a", From: 1, To: 5}, {Name: "b", From: 50, To: 55}}}).place(axis(Wide)); lanes != 1 {
		t.Errorf("two faults far apart take %d lanes", lanes)
	}
}

func labels(ticks []gonum.Tick) []string {
	var out []string
	for _, t := range ticks {
		if t.Label != "" {
			out = append(out, t.Label)
		}
	}
	return out
}

func TestTicks(t *testing.T) {
	for _, c := range []struct {
		name string
		of   gonum.Ticker
		a, b float64
		want []string
	}{
		{"even", Even{Count: 6}, 0, 59.8, []string{"0", "10", "20", "30", "40", "50"}},
		{"fractions", Even{Count: 4, Unit: " s"}, 0, 1, []string{"0.00 s", "0.25 s", "0.50 s", "0.75 s", "1.00 s"}},
		{"not from zero", Even{Count: 3}, -3, 3, []string{"-2", "0", "2"}},
		{"nothing", Even{Count: 3}, 1, 1, nil},
		{"durations", Durations{}, 1e-4, 10, []string{"100 µs", "1 ms", "10 ms", "100 ms", "1 s", "10 s"}},
		{"nines", nines{narrow: true}, 1, 1500, []string{"50 %", "90 %", "99 %", "99.9 %"}},
	} {
		if d := cmp.Diff(c.want, labels(c.of.Ticks(c.a, c.b))); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, d)
		}
	}
}

func TestDuration(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0 s", 2.5e-5: "25 µs", 0.0123456: "12.3 ms", 0.99: "990 ms", 0.99999: "1 s", 5.0071: "5.01 s", 12345: "12345 s",
	} {
		if got := Duration(v); got != want {
			t.Errorf("Duration(%g) = %q, want %q", v, got, want)
		}
	}
}

func arm() series.Arm {
	cut := series.CutFor(2)
	a := series.Arm{Name: "main", Cut: cut, EndS: 2}
	for i := range cut.N {
		a.Rates = append(a.Rates, series.Rate{FromS: cut.From(i), Offered: 100, Completed: float64(10 * i)})
		p := series.Percentiles{FromS: cut.From(i), N: i % 3, P50: 0.002, P90: 0.01, P99: 0.5, Max: 5}
		a.Latency.Due, a.Latency.Sent = append(a.Latency.Due, p), append(a.Latency.Sent, p)
		a.Errors.Over = append(a.Errors.Over, map[series.Class]int{series.ClassRefused: i, series.ClassLost: 1})
	}
	a.Errors.Of, a.Errors.Total = "tries", map[series.Class]int{series.ClassRefused: 28, series.ClassLost: 8}
	a.Latency.AllDue, a.Latency.AllSent = series.Distributed(0.001, 0.002, 5), series.Distributed(0.001, 0.001, 0.002)
	a.Strips = []series.Strip{{Component: "server <readiness>", Spans: []series.Span{{ToS: 1, State: series.Up}, {FromS: 1, ToS: 1.1, State: series.Down}, {FromS: 1.1, ToS: 2}}}}
	return a
}

func figures(a series.Arm, width vg.Length) map[string]*Figure {
	lanes := Lanes{
		Phases: []Stretch{{"steady", 0, 0.5}, {"faults", 0.5, 2}},
		Faults: []Fault{{Name: "kill-server", From: 0.5, To: 1, Healed: 1.2}, {Name: "never-healed", From: 1.5, To: 1.6}},
	}
	return map[string]*Figure{
		"rate": Rate(a, lanes, width), "latency": Latency(a, lanes, []Limit{{Name: "p99 1 s", Value: 1, Over: []Stretch{{From: 0, To: 2}}}}, width),
		"cdf": CDF(a, width), "percentiles": Percentiles(a, width), "errors": Errors(a, lanes, width), "availability": Availability(a, lanes, width),
	}
}

// TestFigures: every figure is drawn, wide and narrow, with and without data, has a
// title, units at its axes and the names of the faults, and nothing sticks out.
func TestFigures(t *testing.T) {
	empty := series.Arm{Name: "main", Cut: series.CutFor(1), EndS: 1, Rates: []series.Rate{{}}}
	for _, width := range []vg.Length{Wide, Narrow} {
		for _, a := range []series.Arm{arm(), empty} {
			for name, f := range figures(a, width) {
				doc, err := SVG(f)
				if err != nil {
					t.Errorf("%s at %g: %v", name, width, err)
					continue
				}
				s := string(doc)
				if words := strings.Fields(f.Title); !strings.Contains(s, ">"+words[0]) {
					t.Errorf("%s has no title", name)
				}
				if len(f.Lanes.Faults) > 0 && (!strings.Contains(s, ">kill-server<") || !strings.Contains(s, ">recovered<") || !strings.Contains(s, ">seconds after the load began<")) {
					t.Errorf("%s does not name the faults or its axis", name)
				}
				if strings.Contains(s, "NaN") || strings.Contains(s, "Inf") {
					t.Errorf("%s holds a number that is none", name)
				}
				if strings.Contains(s, "<readiness>") {
					t.Errorf("%s holds text as markup", name)
				}
			}
		}
	}
}

func TestInline(t *testing.T) {
	doc, err := SVG(figures(arm(), Wide)["rate"])
	if err != nil {
		t.Fatal(err)
	}
	got := Inline(doc, `the "rate" & $1 of <main>`)
	for _, bad := range []string{"http", "xlink", "<?xml", "<!--", hex(Text), hex(Paper), hex(Subtle), hex(Rule), `width="720pt"`} {
		if strings.Contains(got, bad) {
			t.Errorf("the inlined plot holds %q", bad)
		}
	}
	if want := `<svg viewBox="0 0 720`; !strings.HasPrefix(got, want) {
		t.Errorf("it begins with %.60q", got)
	}
	if !strings.Contains(got, `aria-label="the &#34;rate&#34; &amp; $1 of &lt;main&gt;"`) {
		t.Error("it has no name")
	}
	if !strings.Contains(got, "fill:var(--ink);fill-opacity:0.1") {
		t.Error("the shade of a fault does not follow the page's colours")
	}
}

// broken is a drawing that the library cannot draw.
type broken struct{}

func (broken) Size() (w, h vg.Length) { return 10, 10 }
func (broken) Draw(draw.Canvas)       { panic("Values must be greater than 0 for a log scale.") }

func TestSave(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "plots")
	if err := Save(dir, "x", broken{}); err == nil || !strings.Contains(err.Error(), "log scale") {
		t.Errorf("a drawing that panics: %v", err)
	}
	f := figures(arm(), Wide)["latency"]
	if err := Save(dir, "main-latency", f); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "main-latency.png"))
	if err != nil {
		t.Fatal(err)
	}
	if again, err := PNG(figures(arm(), Wide)["latency"]); err != nil || !bytes.Equal(again, raw) {
		t.Errorf("the same figure gave another PNG the second time: %v", err)
	}
	config, err := png.DecodeConfig(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	w, h := f.Size()
	if want := (image.Config{Width: int(w*DPI/72 + 0.5), Height: int(h*DPI/72 + 0.5)}); config.Width != want.Width || config.Height != want.Height {
		t.Errorf("PNG of %d x %d, want %d x %d", config.Width, config.Height, want.Width, want.Height)
	}
	left, err := filepath.Glob(filepath.Join(dir, ".*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestCurvesKeepTheirShape: thinning out drops only what cannot be seen.
func TestCurvesKeepTheirShape(t *testing.T) {
	var part []vg.Point
	for i := range 10_000 {
		y := vg.Length(0)
		if i == 5_000 {
			y = 50 // one outlier
		}
		part = joined(part, vg.Point{X: vg.Length(i) / 100, Y: y})
	}
	if len(part) > 400 {
		t.Errorf("%d points are left of a flat line", len(part))
	}
	top := vg.Length(0)
	for _, p := range part {
		top = max(top, p.Y)
	}
	if top != 50 || part[0].X != 0 || part[len(part)-1].X < 99.9 {
		t.Errorf("the outlier or an end is gone: top %g, from %g to %g", top, part[0].X, part[len(part)-1].X)
	}
}
