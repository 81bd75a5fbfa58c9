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

// TestOAuthCrowd: in a flash crowd of logins sessions save the platform's calls, and a killed
// login server costs no follower a session or an error (SCN-13, OAU-3).
func TestOAuthCrowd(t *testing.T) {
	t.Parallel()
	res := onCalmMachine(t, runner.Options{Scenario: scenarios.OAuthCrowd(), AllArms: true, Seed: 7, Tools: runner.Tools{Oaserver: bin.oaserver}})
	dir, m := res.Dir, res.Manifest
	for _, c := range m.Checkers {
		t.Logf("%s in arm %s: %s, %s", c.Name, c.Arm, c.Verdict, c.Detail)
	}
	if m.Verdict != history.Pass {
		t.Fatalf("verdict %s: %s\n%s\nreport: %s", m.Verdict, m.Reason, strings.Join(reports.Failures(m), "\n"), filepath.Join(dir, "report.html"))
	}
	if f, ok := figureIn(m, "requests_passed_on"); !ok || f.Value == 0 {
		t.Errorf("requests_passed_on %+v, want some", f)
	}
	judgedAgain(t, dir, m)
}
