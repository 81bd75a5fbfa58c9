package scenarios_test

import (
	"path/filepath"
	"strings"
	"testing"

	"oalab/reports"
	"oalab/scenarios"
	"oalab/scenarios/history"
	"oalab/scenarios/runner"
)

// TestOverload offers one server up to four times what it can answer, with the platform's
// retries, and more clients than it can serve (SCN-25). Its drill, with the planted defect
// queue-without-deadline, is among TestMutants.
func TestOverload(t *testing.T) {
	res := onCalmMachine(t, runner.Options{Scenario: scenarios.Overload(), AllArms: true, Seed: 7, Tools: runner.Tools{Oaserver: bin.oaserver}})
	m := res.Manifest
	if m.Verdict != history.Pass {
		t.Fatalf("verdict %s: %s\n%s\nreport: %s", m.Verdict, m.Reason, strings.Join(reports.Failures(m), "\n"), filepath.Join(res.Dir, "report.html"))
	}
	plotted(t, res.Dir, "main-goodput")
	t.Run("judged again", func(t *testing.T) { judgedAgain(t, res.Dir, m) })
}
