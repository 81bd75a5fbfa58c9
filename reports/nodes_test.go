package reports_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"oalab/scenarios/history"
)

// storedNodes is a run of three app servers, of which the second is slow for a while.
const storedNodes = "../scenarios/judge/testdata/nodes"

// TestNodesBesideTheSources: one table for each arm, with the sources' rows above those of
// the servers (PERF-1).
func TestNodesBesideTheSources(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	if err := os.CopyFS(dir, os.DirFS(storedNodes)); err != nil {
		t.Fatal(err)
	}
	m, err := history.ReadManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	md := written(t, dir, m)
	_, part, _ := strings.Cut(md, "## Per node, beside the sources' figures")
	part, _, _ = strings.Cut(part, "\n## ")
	main, control, two := strings.Cut(part, "### Arm control")
	if !two || !strings.Contains(main, "### Arm main") {
		t.Fatalf("not one table for each arm:\n%s", part)
	}
	for _, want := range []string{
		"| A |  | 500 | 850 ms | 3.2 s |  | 15 | 30 % |", "| A, optimised |  | 8 000 | 120 ms | 450 ms |  | 1.2 | 95 % |",
		"| all, due | 180 | 6 |", "| app1 | 60 | 2 | 11 ms",
		"| app2 | 60 | 2 | 110 ms ±", "| 1 s | 6 | 4 | 75.0 % | 500 ms | ≤ 1 s | 75.0 % |",
		"| app3 | 66 | 2.2 | 11", "| 0 | 4 | 75.0 % | – | – | – |",
		"webbench 28 514",
	} {
		if !strings.Contains(main, want) {
			t.Errorf("the table of arm main lacks %q", want)
		}
	}
	if !strings.Contains(control, "| app2 | 20 | 2 | 10.9 ms ±") {
		t.Error("the table of arm control lacks app2, as fast as the others")
	}
	if strings.Contains(md, "sources' figures beside ours") {
		t.Error("the sources' figures stand twice")
	}
	if t.Failed() {
		t.Log(part)
	}
	for _, words := range []string{"99 of 100 tries of one server waited no longer for it", "push delay"} {
		if !strings.Contains(md, words) {
			t.Errorf("nothing explains %q", words)
		}
	}
	if html := page(t, dir, m); !strings.Contains(html, `<section id="nodes">`) || !strings.Contains(html, `<td data-label="requests" class="num">66</td>`) {
		t.Error("the page lacks the table")
	}
}

// TestNodesOfOldEvidence: the report of a run whose tries do not name their server says so,
// and shows the servers' own counts.
func TestNodesOfOldEvidence(t *testing.T) {
	dir, m := copied(t)
	if md := written(t, dir, m); !strings.Contains(md, "the evidence does not name the servers") {
		t.Error("a run without any word of its servers does not say so")
	}
	samples := filepath.Join(dir, "samples.jsonl")
	named := strings.ReplaceAll(slurp(t, samples), `"probe":"server"`, `"probe":"server.metrics"`)
	if err := os.WriteFile(samples, []byte(named), 0o600); err != nil {
		t.Fatal(err)
	}
	md := written(t, dir, m)
	for _, want := range []string{"| server | – | – | – | – | – | – | – |", "This evidence does not say which server received a try"} {
		if !strings.Contains(md, want) {
			t.Errorf("the report lacks %q", want)
		}
	}
}
