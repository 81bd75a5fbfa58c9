package scenarios_test

import (
	"testing"

	"oalab/scenarios"
	"oalab/scenarios/history"
	"oalab/scenarios/runner"
)

// TestCrash kills the server 20 times at random moments (BIZ-5, BIZ-6, MSG-6); make crash does it
// 500 times on each topology, and with a carrier that acts on every call.
func TestCrash(t *testing.T) {
	t.Parallel()
	m := onCalmMachine(t, runner.Options{Scenario: scenarios.Crash(), Seed: 7, Tools: runner.Tools{Oaserver: bin.oaserver}}).Manifest
	if m.Verdict != history.Pass {
		t.Errorf("verdict %s: %s", m.Verdict, m.Reason)
	}
	kills := 0
	for _, f := range m.Faults {
		if f.HealedS > 0 {
			kills++
		}
	}
	if kills != 20 {
		t.Errorf("%d kills were healed, want 20", kills)
	}
	for _, c := range m.Checkers {
		t.Logf("%s: %s, %s", c.Name, c.Verdict, c.Detail)
	}
}
