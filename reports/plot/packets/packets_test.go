package packets

import (
	"bytes"
	"flag"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"oalab/reports/plot"
	"oalab/scenarios/fairness"
)

var out = flag.String("out", "", "keep the plots of a short examination in this folder")

// TestSave draws a real report: every plot is there in both formats, the SVG holds
// its texts, the picture is not empty.
func TestSave(t *testing.T) {
	size := fairness.Size{Name: "tiny", Packets: 3_000, Resamples: 20, Bootstrapped: 500, Timed: 110}
	dir := t.TempDir()
	if *out != "" {
		var err error
		if size, err = fairness.SizeNamed("short"); err != nil {
			t.Fatal(err)
		}
		dir = *out
	}
	report, err := fairness.ExamineSuspects(t.Context(), 1, size, fairness.Suspects())
	if err != nil {
		t.Fatal(err)
	}
	plots := All(report)
	for _, p := range plots {
		if err := plot.Save(dir, p.Name, p.Drawing); err != nil {
			t.Fatal(err)
		}
	}
	for name, texts := range map[string][]string{
		"figure-5-11": {"Figure 5-11 again", "printed in the source", "10 runs", "1\u00a0000 runs", "10\u00a0000 runs", "mean share (units)"},
		"means-near":  {"seen closely", "thesis", "simplex", "exact mean with its band"},
		"spread":      {"Spread by position", "closed form", "standard deviation (units)", "doublemean"},
		"luck":        {"Luck", "largest share", "even chance", "share of packets"},
		"draws":       {"The draws themselves", "density"},
	} {
		svg, err := os.ReadFile(filepath.Join(dir, name+".svg"))
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range texts {
			if !strings.Contains(string(svg), text) {
				t.Errorf("%s.svg does not say %q", name, text)
			}
		}
		raw, err := os.ReadFile(filepath.Join(dir, name+".png"))
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(bytes.NewReader(raw))
		if err != nil {
			t.Fatalf("%s.png: %v", name, err)
		}
		colours := map[any]bool{}
		for y := 0; y < img.Bounds().Dy(); y += 5 {
			for x := 0; x < img.Bounds().Dx(); x += 5 {
				colours[img.At(x, y)] = true
			}
		}
		if img.Bounds().Dx() != 1920 || len(colours) < 20 {
			t.Errorf("%s.png is %v with %d colours", name, img.Bounds(), len(colours))
		}
	}
	if len(plots) != 5 {
		t.Errorf("%d plots, want 5", len(plots))
	}
}

// TestNothing draws no plot of an empty report rather than failing.
func TestNothing(t *testing.T) {
	if plots := All(fairness.Report{}); len(plots) != 0 {
		t.Errorf("%d plots of nothing", len(plots))
	}
}
