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

// TestHotRedpacket: 2 000 followers grab one packet of 500 shares at full speed, and then many
// packets at once: exact winners, exact sums, no unit lost or made (SCN-15, CAM-5, CAM-6).
func TestHotRedpacket(t *testing.T) {
	t.Parallel()
	res := onCalmMachine(t, runner.Options{Scenario: scenarios.HotRedpacket(), Seed: 7, Tools: runner.Tools{Oaserver: bin.oaserver}})
	dir, m := res.Dir, res.Manifest
	for _, c := range m.Checkers {
		t.Logf("%s in arm %s: %s, %s", c.Name, c.Arm, c.Verdict, c.Detail)
	}
	if m.Verdict != history.Pass {
		t.Fatalf("verdict %s: %s\n%s\nreport: %s", m.Verdict, m.Reason, strings.Join(reports.Failures(m), "\n"), filepath.Join(dir, "report.html"))
	}
	judgedAgain(t, dir, m)
}
