package scenarios_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"oalab/internal/jsonl"
	"oalab/reports"
	"oalab/scenarios"
	"oalab/scenarios/fairness"
	"oalab/scenarios/history"
	"oalab/scenarios/runner"
)

// TestRedpacketStats examines the allocators, judges the stored run again, and finds
// what is planted into the stored packets (SCN-6, REP-6, CAM-3).
func TestRedpacketStats(t *testing.T) {
	dir := filepath.Join(outDir(t), "redpacket-stats")
	m := mustRun(t, runner.Options{Scenario: scenarios.RedpacketStats(), Out: dir, Seed: 7}).Manifest
	if m.Verdict != history.Pass {
		t.Fatalf("verdict %s: %s\n%s", m.Verdict, m.Reason, strings.Join(reports.Failures(m), "\n"))
	}
	for _, name := range []string{"thesis", "doublemean", "simplex"} {
		for _, prefix := range []string{"mean_min_", "mean_max_", "zero_share_", "split_ns_"} {
			if _, ok := figureIn(m, prefix+name); !ok {
				t.Errorf("run.json has no figure %s%s", prefix, name)
			}
		}
	}
	judgedAgain(t, dir, m)
	for _, file := range []string{"report.html", "report.md", "junit.xml", "plots/figure-5-11.svg", "plots/figure-5-11.png"} {
		if info, err := os.Stat(filepath.Join(dir, file)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", file, err)
		}
	}
	for name, tc := range map[string]struct {
		plant func([]fairness.Packet)
		want  history.Verdict
		about history.ReasonKind
	}{
		"a unit lost":      {func(p []fairness.Packet) { p[3].Shares[0]-- }, history.Fail, history.ReasonInvariant},
		"an empty share":   {func(p []fairness.Packet) { last := p[len(p)-1].Shares; last[1] += last[0]; last[0] = 0 }, history.Fail, history.ReasonInvariant},
		"shares exchanged": {func(p []fairness.Packet) { exchange(p) }, history.Inconclusive, history.ReasonEvidence}, // the packets contradict the examination
	} {
		t.Run(name, func(t *testing.T) {
			if got := judgedWith(t, dir, m, tc.plant); got.Verdict != tc.want || got.ReasonKind != tc.about {
				t.Errorf("verdict %s (%s, about %q), want %s", got.Verdict, got.Reason, got.ReasonKind, tc.want)
			}
		})
	}
}

// exchange gives the first position the largest share of every packet.
func exchange(packets []fairness.Packet) {
	for _, p := range packets {
		for i := range p.Shares {
			if p.Shares[i] > p.Shares[0] {
				p.Shares[0], p.Shares[i] = p.Shares[i], p.Shares[0]
			}
		}
	}
}

// judgedWith changes the packets of a stored run, seals it again, and has it judged.
func judgedWith(t *testing.T, dir string, m history.Manifest, plant func([]fairness.Packet)) history.Manifest {
	t.Helper()
	packets, err := jsonl.Read[fairness.Packet](filepath.Join(dir, scenarios.FileSplits))
	if err != nil {
		t.Fatal(err)
	}
	plant(packets)
	folder, err := history.CreateFolder(filepath.Join(t.TempDir(), "run"))
	if err != nil {
		t.Fatal(err)
	}
	w, err := jsonl.Create(folder.Path(scenarios.FileSplits))
	if err != nil {
		t.Fatal(err)
	}
	for i := range packets {
		if err := w.Write(&packets[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, scenarios.FileExamination))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(folder.Path(scenarios.FileExamination), raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if m.Evidence, err = folder.SealFiles([]string{scenarios.FileExamination, scenarios.FileSplits}); err != nil {
		t.Fatal(err)
	}
	if err := folder.WriteManifest(m); err != nil {
		t.Fatal(err)
	}
	got, err := runner.Check(folder.Dir())
	if err != nil {
		t.Fatal(err)
	}
	return got
}
