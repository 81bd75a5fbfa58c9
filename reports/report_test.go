package reports_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/reports"
	"oalab/scenarios/history"
)

var update = flag.Bool("update", false, "write the golden report anew")

// storedRun is the run folder that the judge's tests keep.
const storedRun = "../scenarios/judge/testdata/run"

func copied(t *testing.T) (string, history.Manifest) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	if err := os.CopyFS(dir, os.DirFS(storedRun)); err != nil {
		t.Fatal(err)
	}
	m, err := history.ReadManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	return dir, m
}

// written is the report that Write leaves in the folder.
func written(t *testing.T, dir string, m history.Manifest) string {
	t.Helper()
	if err := reports.WriteTexts(dir, m); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, reports.FileMarkdown))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestGolden(t *testing.T) {
	const golden = "testdata/report.md"
	dir, m := copied(t)
	got := written(t, dir, m)
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("report (-golden +now); after a wanted change run with -update:\n%s", d)
	}
	if again := written(t, dir, m); again != got {
		t.Error("the same folder gave another report the second time")
	}
	if bad := history.VerifyEvidence(dir, m); len(bad) > 0 {
		t.Errorf("the report touched the evidence: %v", bad)
	}
	if strings.Contains(got, dir) {
		t.Error("the report tells where its folder lies")
	}
}

func TestWorstFiguresComeFirst(t *testing.T) {
	dir, m := copied(t)
	m.Figures = nil
	add := func(name string, value float64, relation string, limit float64) {
		ok := true
		m.Figures = append(m.Figures, history.Figure{Name: name, Value: value, Unit: "1", Relation: relation, Limit: &limit, OK: &ok, N: 1})
	}
	add("easy", 1, "<", 100)
	add("half", 50, "<=", 100)
	add("many enough", 600, ">=", 500) // 83 %
	add("exact", 0, "==", 0)
	add("effect/kill-server", 1, ">=", 1) // no objective
	add("beyond", 1, "<=", 0)
	add("missed", 3, "<", 2)
	m.Figures = append(m.Figures, history.Figure{Name: "free", Value: 9, Unit: "1"})

	top, _, _ := strings.Cut(written(t, dir, m), "## What was tested")
	var order []string
	for line := range strings.Lines(top) {
		if name, _, ok := strings.Cut(strings.TrimPrefix(line, "| "), " | "); ok && name != "figure" {
			order = append(order, name)
		}
	}
	if d := cmp.Diff([]string{"beyond", "missed", "many enough"}, order); d != "" {
		t.Errorf("worst figures (-want +got):\n%s", d)
	}
}

func TestReportOfBadEvidence(t *testing.T) {
	dir, m := copied(t)
	if err := os.Remove(filepath.Join(dir, "ledgers", "carrier.jsonl")); err != nil {
		t.Fatal(err)
	}
	m.Verdict, m.Reason, m.Figures, m.Faults = history.Inconclusive, "evidence is bad: ledgers/carrier.jsonl: evidence is missing", nil, nil
	got := written(t, dir, m)
	for _, want := range []string{
		"# smoke: INCONCLUSIVE", "proves nothing either way", "ledgers/carrier.jsonl: evidence is missing",
		"its evidence cannot be read", "Arm `control`: 20 messages", "No figure could be computed.",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("report lacks %q", want)
		}
	}
	if strings.Contains(got, dir) {
		t.Error("the report tells where its folder lies")
	}
}

// TestHostileText: what a server replied ends up in details, and must not break the
// report's tables or bring markup of its own.
func TestHostileText(t *testing.T) {
	dir, m := copied(t)
	m.Checkers = []history.CheckerResult{{
		Name: "replies", Arm: "main", Expected: history.Pass, Verdict: history.Fail,
		Detail: "try 1 \"<script>x</script>|a\nb`c*\"",
	}}
	m.Command = []string{"oalab", "run", "smoke", "--out", "it's here"}
	got := written(t, dir, m)
	if strings.Contains(got, "<script>") {
		t.Error("markup from a reply is in the report")
	}
	if !strings.Contains(got, `&lt;script&gt;x&lt;/script&gt;\|a b'c\*`) {
		t.Error("the detail is not in the report in harmless form")
	}
	if !strings.Contains(got, `oalab run smoke --out 'it'\''s here'`) {
		t.Error("the command is not quoted for a shell")
	}
}

func TestReportOfAnEmptyManifest(t *testing.T) {
	got := written(t, t.TempDir(), history.Manifest{
		Scenario: "smoke", Topology: "docker", Size: "short", Seed: 3, Arms: []string{"main"},
		Verdict: history.Inconclusive, Reason: "interrupted", Started: time.Unix(0, 0),
	})
	for _, want := range []string{"interrupted", "No figure was held against a limit.", "This run has no checkers.", "No fault was injected.", "oalab run smoke --topology docker --size short --seed 3"} {
		if !strings.Contains(got, want) {
			t.Errorf("report lacks %q", want)
		}
	}
	if strings.Contains(got, "embedded run cannot show") {
		t.Error("a docker run is described as an embedded one")
	}
}

func TestWriteLeavesNothingHalfDone(t *testing.T) {
	dir, m := copied(t)
	if err := os.Mkdir(filepath.Join(dir, reports.FileMarkdown), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := reports.WriteTexts(dir, m); err == nil || !strings.Contains(err.Error(), "write report") {
		t.Errorf("Write over a folder: %v", err)
	}
	left, err := filepath.Glob(filepath.Join(dir, ".report.md-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if err := reports.WriteTexts(filepath.Join(dir, "nowhere"), m); err == nil {
		t.Error("Write into a folder that is not there succeeded")
	}
}
