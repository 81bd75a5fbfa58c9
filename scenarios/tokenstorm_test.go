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

// TestTokenStorm: the tokens of many accounts end together while a control node dies in a
// refresh, the platform is away, and Redis is cut off and flushed: no read fails or gets a dead
// token (SCN-12, CTL-6, CTL-8).
func TestTokenStorm(t *testing.T) {
	t.Parallel()
	res := onCalmMachine(t, runner.Options{Scenario: scenarios.TokenStorm(), AllArms: true, Seed: 7, Tools: runner.Tools{Oaserver: bin.oaserver}})
	dir, m := res.Dir, res.Manifest
	for _, c := range m.Checkers {
		t.Logf("%s in arm %s: %s, %s", c.Name, c.Arm, c.Verdict, c.Detail)
	}
	if m.Verdict != history.Pass {
		t.Fatalf("verdict %s: %s\n%s\nreport: %s", m.Verdict, m.Reason, strings.Join(reports.Failures(m), "\n"), filepath.Join(dir, "report.html"))
	}
	if f, ok := figureIn(m, "tokens_given_again"); !ok || f.Value == 0 {
		t.Errorf("tokens_given_again %+v, want some: the node died in no refresh", f)
	}
	judgedAgain(t, dir, m)
}
