package scenarios_test

import (
	"testing"

	"oalab/scenarios"
	"oalab/scenarios/history"
	"oalab/scenarios/runner"
)

// TestCarrierWithoutDedup: nothing lost, nothing done twice, although the carrier
// acts on every call (MOCKC-4).
func TestCarrierWithoutDedup(t *testing.T) {
	t.Parallel()
	m := onCalmMachine(t, runner.Options{Scenario: scenarios.CarrierWithoutDedup(), Seed: 7, Tools: runner.Tools{Oaserver: bin.oaserver}}).Manifest
	if m.Verdict != history.Pass {
		t.Errorf("verdict %s: %s", m.Verdict, m.Reason)
	}
	if f, ok := figureIn(m, "orders_doubled"); !ok || f.Value != 0 || f.N < 300 {
		t.Errorf("orders_doubled %+v, want 0 of at least 300", f)
	}
	for _, c := range m.Checkers {
		t.Logf("%s: %s, %s", c.Name, c.Verdict, c.Detail)
	}
}
