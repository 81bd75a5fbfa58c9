package scenarios_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/reports"
	"oalab/reports/redpackets"
	"oalab/scenarios"
	"oalab/scenarios/history"
	"oalab/scenarios/runner"
)

// TestSmoke runs both arms of the main job and holds its figures against what the
// project promises for it (SCN-9, SCN-14, BIZ-6, MSG-5, MSG-6).
func TestSmoke(t *testing.T) {
	res := onCalmMachine(t, runner.Options{Scenario: scenarios.Smoke(), AllArms: true, Seed: 7, Tools: runner.Tools{Oaserver: bin.oaserver}})
	dir, m := res.Dir, res.Manifest
	if m.Verdict != history.Pass {
		t.Fatalf("verdict %s: %s\n%s\nreport: %s", m.Verdict, m.Reason, strings.Join(reports.Failures(m), "\n"), filepath.Join(dir, "report.html"))
	}
	for _, want := range []struct {
		figure   string
		min, max float64
	}{
		{"orders_acknowledged", 500, math.Inf(1)},
		{"orders_acknowledged/carrier-slow", 20, math.Inf(1)},
		{"orders_acknowledged/carrier-down", 20, math.Inf(1)},
		{"orders_acknowledged/answer-lost", 20, math.Inf(1)},
		{"orders_acknowledged/reply-lost", 20, math.Inf(1)},
		{"orders_acknowledged/kill-server", 20, math.Inf(1)},
		{"orders_acknowledged/redis-cut", 20, math.Inf(1)},
		{"orders_acknowledged/platform-reset", 20, math.Inf(1)},
		{"orders_lost", 0, 0},
		{"orders_doubled", 0, 0},
		{"messages_retried", 200, math.Inf(1)},
		{"orders_retried", 30, math.Inf(1)},
		{"replies_inconsistent", 0, 0},
		{"failed_requests", 0, 0},
		{"p99_due_s/carrier-slow", 0, 1},
		{"p99_due_s/carrier-down", 0, 1},
		{"outage_s/control", 0, 0},
	} {
		f, ok := figureIn(m, want.figure)
		if !ok {
			t.Errorf("run.json has no figure %s", want.figure)
			continue
		}
		most := want.max
		if f.Unit == "s" { // on a machine as fast as the reference
			most *= m.SpeedFactor
		}
		if f.Value < want.min || f.Value > most {
			t.Errorf("%s = %g %s, want %g to %g", f.Name, f.Value, f.Unit, want.min, most)
		}
	}
	if m.DurationS > 140*m.SpeedFactor {
		t.Errorf("both arms took %.0f s", m.DurationS)
	}
	t.Run("judged again", func(t *testing.T) { judgedAgain(t, dir, m) })
	t.Run("evidence", func(t *testing.T) { damagedEvidence(t, dir) })
}

// judgedAgain: the stored folder gives the same verdict, figures and findings.
func judgedAgain(t *testing.T, dir string, want history.Manifest) {
	t.Helper()
	got, err := runner.Check(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got.Verdict != want.Verdict || got.Reason != want.Reason {
		t.Errorf("judged again: %s (%s), at first: %s (%s)", got.Verdict, got.Reason, want.Verdict, want.Reason)
	}
	if d := differently(want, got); d != "" {
		t.Errorf("judged again (-at first +again):\n%s", d)
	}
}

// differently is what two judgements of one folder do not have in common.
func differently(first, again history.Manifest) string {
	return cmp.Diff(first.Figures, again.Figures) + cmp.Diff(first.Checkers, again.Checkers) + cmp.Diff(first.Faults, again.Faults)
}

// TestJudgedAgainComparesValues: another value of one figure does not go unnoticed.
func TestJudgedAgainComparesValues(t *testing.T) {
	of := func(value float64) history.Manifest {
		return history.Manifest{Figures: []history.Figure{{Name: "p99_due_s", Value: value, N: 7}, {Name: "orders_lost"}}}
	}
	if d := differently(of(1), of(1)); d != "" {
		t.Errorf("the same judgement differs:\n%s", d)
	}
	if differently(of(1), of(1.25)) == "" {
		t.Error("another value of a figure is taken for the same")
	}
}

// damagedEvidence: a torn or missing file makes the run inconclusive, never a pass.
func damagedEvidence(t *testing.T, dir string) {
	t.Helper()
	for _, tc := range []struct {
		name   string
		damage func(dir string) error
	}{
		{"deliveries cut short", func(dir string) error {
			path := filepath.Join(dir, history.FileDeliveries)
			info, err := os.Stat(path)
			if err != nil {
				return err
			}
			return os.Truncate(path, info.Size()*2/3)
		}},
		{"carrier's ledger missing", func(dir string) error { return os.Remove(filepath.Join(dir, "ledgers", "carrier.jsonl")) }},
		{"platform's ledger missing", func(dir string) error { return os.Remove(filepath.Join(dir, "ledgers", "wechat.jsonl")) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			copied := filepath.Join(t.TempDir(), "run")
			if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
				t.Fatal(err)
			}
			if err := tc.damage(copied); err != nil {
				t.Fatal(err)
			}
			m, err := runner.Check(copied)
			if err != nil {
				t.Fatal(err)
			}
			if m.Verdict != history.Inconclusive {
				t.Errorf("verdict %s (%s), want inconclusive", m.Verdict, m.Reason)
			}
		})
	}
}

// figure finds a figure by name.
func figureIn(m history.Manifest, name string) (history.Figure, bool) {
	for _, f := range m.Figures {
		if f.Name == name {
			return f, true
		}
	}
	return history.Figure{}, false
}

func run(t *testing.T, o runner.Options) runner.Result {
	t.Helper()
	res, err := tryRun(t, o)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func tryRun(t *testing.T, o runner.Options) (runner.Result, error) {
	t.Helper()
	o.Progress = progress(t)
	o.Report = redpackets.Write
	o.Ceiling = &ceiling
	ctx, cancel := beforeTheLimit(t)
	defer cancel()
	res, err := runner.Run(ctx, o)
	if err != nil {
		return res, fmt.Errorf("run %s: %w", o.Scenario.Name, err)
	}
	return res, nil
}

// ceiling is calibrated once for all tests.
var ceiling runner.Ceiling

// healing is what a run gets to heal its faults and stop its processes before the
// test binary is killed at its time limit.
const healing = 25 * time.Second

// beforeTheLimit is a context that ends a run while there is time left to heal.
func beforeTheLimit(t *testing.T) (context.Context, context.CancelFunc) {
	t.Helper()
	if at, ok := t.Deadline(); ok {
		return context.WithDeadline(t.Context(), at.Add(-healing))
	}
	return context.WithCancel(t.Context())
}

// outDir is where a test leaves its run folders: kept when OALAB_OUT names a
// place, so that a failed run can be read.
func outDir(t *testing.T) string {
	t.Helper()
	if dir := os.Getenv("OALAB_OUT"); dir != "" {
		return filepath.Join(dir, strings.ReplaceAll(t.Name(), "/", "_"))
	}
	return t.TempDir()
}
