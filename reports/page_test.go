package reports_test

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"oalab/reports"
	"oalab/scenarios/history"
)

// page writes the report and returns its HTML form.
func page(t *testing.T, dir string, m history.Manifest, exhibits ...reports.Exhibit) string {
	t.Helper()
	if err := reports.WriteTexts(dir, m, exhibits...); err != nil {
		t.Fatal(err)
	}
	return slurp(t, filepath.Join(dir, reports.FileHTML))
}

func slurp(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// elements walks the start tags of a page.
func elements(t *testing.T, html string) []xml.StartElement {
	t.Helper()
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(html))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	var out []xml.StartElement
	for {
		switch token, err := d.Token(); {
		case errors.Is(err, io.EOF):
			return out
		case err != nil:
			t.Fatalf("the page cannot be parsed: %v", err)
		default:
			if e, ok := token.(xml.StartElement); ok {
				out = append(out, e.Copy())
			}
		}
	}
}

func attribute(e xml.StartElement, name string) (string, bool) {
	i := slices.IndexFunc(e.Attr, func(a xml.Attr) bool { return a.Name.Local == name })
	if i < 0 {
		return "", false
	}
	return e.Attr[i].Value, true
}

func TestEveryFigureIsInThePage(t *testing.T) {
	dir, m := copied(t)
	low, high := 0.5, 1.5
	m.Figures = append(m.Figures,
		history.Figure{Name: "novel_figure/kill-server@control", Value: 1.0 / 3, Unit: "1", CILow: &low, CIHigh: &high, N: 7},
		history.Figure{Name: "tiny", Value: 1e-12, Unit: "s", N: 1})
	html := page(t, dir, m)
	got := map[string][]string{}
	for _, e := range elements(t, html) {
		if name, ok := attribute(e, "data-figure"); ok {
			value, _ := attribute(e, "value")
			got[name] = append(got[name], value)
		}
	}
	for _, f := range m.Figures {
		want := strconv.FormatFloat(f.Value, 'g', -1, 64)
		if !slices.Contains(got[f.Name], want) {
			t.Errorf("figure %s = %s is not in the page; there it is %v", f.Name, want, got[f.Name])
		}
		if !strings.Contains(html, ">"+f.Name+"<") {
			t.Errorf("figure %s cannot be read in the page", f.Name)
		}
	}
	if len(m.Figures) < 50 {
		t.Errorf("the stored run has %d figures: too few to prove anything", len(m.Figures))
	}
	if !strings.Contains(html, "0.5 – 1.5") {
		t.Error("a confidence interval is not in the page")
	}
}

// TestCacheHits: no look-up is something else than no count of them (PERF-1).
func TestCacheHits(t *testing.T) {
	for want, figures := range map[string][]history.Figure{
		"–":           nil,
		"no look-ups": {{Name: "cache_lookups", Value: 0, Unit: "1", N: 50}},
		"75.0 %":      {{Name: "cache_lookups", Value: 8, Unit: "1", N: 50}, {Name: "cache_hit_ratio", Value: 0.75, Unit: "1", N: 8}},
		"50.0 %":      {{Name: "cache_hit_ratio", Value: 0.5, Unit: "1", N: 2}}, // of a run before cache_lookups
	} {
		dir, m := copied(t)
		m.Figures = append(m.Figures, figures...)
		page(t, dir, m)
		text := slurp(t, filepath.Join(dir, reports.FileMarkdown))
		_, row, _ := strings.Cut(text, "| all, due |")
		row, _, _ = strings.Cut(row, "\n")
		if cells := strings.Split(row, " | "); len(cells) < 7 || cells[6] != want {
			t.Errorf("cache hits of all messages are %q, want %q in column 7 of %q", cells, want, row)
		}
	}
}

// TestThePageNeedsNothingElse: one file, no address outside, no script.
func TestThePageNeedsNothingElse(t *testing.T) {
	dir, m := copied(t)
	html := page(t, dir, m)
	if len(html) > 5<<20 {
		t.Errorf("the page has %d bytes, limit 5 MB", len(html))
	}
	ids, plots := map[string]bool{}, 0
	var anchors []string
	for _, e := range elements(t, html) {
		switch e.Name.Local {
		case "script", "iframe", "img", "object", "embed", "form":
			t.Errorf("the page has an element %s", e.Name.Local)
		case "svg":
			plots++
		}
		for _, a := range e.Attr {
			switch name := a.Name.Local; {
			case name == "id":
				if ids[a.Value] {
					t.Errorf("id %s is there twice", a.Value)
				}
				ids[a.Value] = true
			case name == "href" && strings.HasPrefix(a.Value, "#"):
				anchors = append(anchors, a.Value[1:])
			case name == "href" && a.Value == "data:,":
			case slices.Contains([]string{"href", "src", "srcset", "action", "poster", "data"}, name):
				t.Errorf("element %s points to %q", e.Name.Local, a.Value)
			case strings.HasPrefix(name, "on"):
				t.Errorf("element %s has a script in %s", e.Name.Local, name)
			}
		}
	}
	for _, a := range anchors {
		if !ids[a] {
			t.Errorf("a link leads to #%s, which is not there", a)
		}
	}
	if len(anchors) < 10 {
		t.Errorf("the contents have %d links", len(anchors))
	}
	if want := 2 * 6 * 2; plots != want { // two arms, six plots, wide and narrow
		t.Errorf("%d plots in the page, want %d", plots, want)
	}
	if found := regexp.MustCompile(`(?i)https?:|//[a-z]|url\(|@import`).FindString(html); found != "" {
		t.Errorf("the page holds %q", found)
	}
}

func TestThePageSaysWhatAPlannerAsks(t *testing.T) {
	dir, m := copied(t)
	m.Title, m.Source = "Every order is done once & told once", "thesis 2.3"
	m.Limits = []string{"The weather on the day of the festival."}
	html := page(t, dir, m)
	for _, want := range []string{
		"<h1>Every order is done once &amp; told once</h1>", "PASS", "thesis 2.3", "The weather on the day of the festival.",
		"What an embedded run cannot show", "Generator certificate", "kill-server", "3 refused tries (≥ 1 wanted)",
		"oalab run smoke --seed 7", m.PlanSHA256, "Per node, beside the sources&#39; figures", "webbench 28 514",
		"Availability of the components", "p99.9 sent", "go1.26.8", "deliveries.jsonl", "control arm",
	} {
		if !strings.Contains(html, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	top, _, _ := strings.Cut(html, "<nav")
	for _, want := range []string{"PASS", m.Reason, "p99_due_s/carrier-down"} {
		if !strings.Contains(top, want) {
			t.Errorf("the head of the page lacks %q", want)
		}
	}
}

func TestPlotsAreWritten(t *testing.T) {
	dir, m := copied(t)
	stale, foreign := filepath.Join(dir, "plots", "control-rate.svg"), filepath.Join(dir, "plots", "mine.svg")
	if err := reports.Write(dir, m); err != nil {
		t.Fatal(err)
	}
	for _, arm := range m.Arms {
		for _, kind := range []string{"rate", "latency", "latency-cdf", "latency-percentiles", "errors", "availability"} {
			svg, png := slurp(t, filepath.Join(dir, "plots", arm+"-"+kind+".svg")), slurp(t, filepath.Join(dir, "plots", arm+"-"+kind+".png"))
			if !strings.Contains(svg, "<svg") || !strings.Contains(svg, "</svg>") || !strings.HasPrefix(png, "\x89PNG") {
				t.Errorf("plot %s of arm %s is no SVG or no PNG", kind, arm)
			}
		}
	}
	first := slurp(t, filepath.Join(dir, "report.html")) + slurp(t, filepath.Join(dir, "junit.xml"))
	if again := page(t, dir, m) + slurp(t, filepath.Join(dir, "junit.xml")); again != first {
		t.Error("the same folder gave another report the second time")
	}
	if bad := history.VerifyEvidence(dir, m); len(bad) > 0 {
		t.Errorf("the report touched the evidence: %v", bad)
	}
	if err := os.WriteFile(foreign, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "arms", "control", "samples.jsonl")); err != nil {
		t.Fatal(err)
	}
	page(t, dir, m) // removes plots as Write does
	if _, err := os.Stat(stale); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a plot of evidence that cannot be read any more is still there: %v", err)
	}
	if _, err := os.Stat(foreign); err != nil {
		t.Errorf("a foreign plot is gone: %v", err)
	}
}

func TestExhibit(t *testing.T) {
	dir, m := copied(t)
	html := page(t, dir, m, reports.Exhibit{
		ID: "claims", Title: "Claims of the source, checked", Text: []string{"Each claim <beside> ours."},
		Tables: []reports.Table{{Caption: "Means", Columns: []string{"claim", "ours#"}, Rows: [][]string{{"mean 25", "24.9"}}}},
	})
	for _, want := range []string{`<section id="claims">`, "Each claim &lt;beside&gt; ours.", `<td data-label="ours" class="num">24.9</td>`, `href="#claims"`} {
		if !strings.Contains(html, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if md := slurp(t, filepath.Join(dir, reports.FileMarkdown)); !strings.Contains(md, "| mean 25 | 24.9 |") {
		t.Error("report.md lacks the exhibit")
	}
}

func TestHostileTextInThePage(t *testing.T) {
	dir, m := copied(t)
	const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)>`
	m.Title, m.Reason, m.Source, m.Limits = evil, evil, evil, []string{evil}
	m.Command = []string{evil}
	m.Environment = map[string]string{evil: evil}
	m.Checkers[0].Detail, m.Checkers[0].Name = evil+"\x00\x1b", evil
	m.Figures[0].Name, m.Figures[0].Unit = evil, evil
	m.Faults[0].Error = evil
	html := page(t, dir, m)
	for _, e := range elements(t, html) {
		if e.Name.Local == "script" || e.Name.Local == "img" {
			t.Errorf("text became an element %s", e.Name.Local)
		}
	}
	if !strings.Contains(html, "&lt;script&gt;alert(1)&lt;/script&gt;") {
		t.Error("the text is not in the page in harmless form")
	}
}
