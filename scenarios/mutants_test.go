package scenarios_test

import (
	"path/filepath"
	"slices"
	"testing"

	"oalab/scenarios"
	"oalab/scenarios/history"
	"oalab/scenarios/judge"
	"oalab/scenarios/runner"
)

// TestMutants plants one defect after the other into the server: the checker named
// for it must fail under its fault, and pass without the fault (CHA-7).
func TestMutants(t *testing.T) {
	t.Parallel()
	for _, s := range scenarios.Mutants() {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			drill(t, s)
		})
	}
}

// drill runs a scenario with the server that has defects: every arm must end as it expects.
func drill(t *testing.T, s scenarios.Scenario) {
	t.Helper()
	o := runner.Options{Scenario: s, AllArms: true, Seed: 7, Tools: runner.Tools{Oaserver: bin.defective}}
	m := calmest(t, o).Manifest
	// The drills beside this one may slow a server down until the platform tries again, which
	// brings a defect to light without the fault of the drill. Alone, that is no excuse.
	if v := violated(m); len(v) > 0 && !slices.ContainsFunc(v, func(c history.CheckerResult) bool { return c.Arm != "control" }) {
		t.Logf("once more, alone: checker %s in arm control: %s", v[0].Name, v[0].Detail)
		o.Out = filepath.Join(outDir(t), s.Name+"-alone")
		m = alone(t, o).Manifest
	}
	proved(t, m)
	for _, c := range m.Checkers {
		t.Logf("%s in arm %s: expected %s, got %s, %d violations of %d: %s", c.Name, c.Arm, c.Expected, c.Verdict, c.Violations, c.Checked, c.Detail)
	}
	if m.Verdict != history.Pass {
		t.Errorf("verdict %s: %s", m.Verdict, m.Reason)
	}
}

// TestMutantsAreTheServersFault runs the drills with the product as it is shipped:
// what convicts a mutant must acquit the server without the defect, under the very
// same faults.
func TestMutantsAreTheServersFault(t *testing.T) {
	t.Parallel()
	for _, s := range scenarios.Mutants() {
		for i := range s.Arms {
			s.Arms[i].Setup.Defects = nil
			s.Arms[i].Expect = judge.Expectation{} // a pass
		}
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			m := onCalmMachine(t, runner.Options{Scenario: s, Seed: 7, Tools: runner.Tools{Oaserver: bin.oaserver}}).Manifest
			for _, c := range m.Checkers {
				if c.Verdict != history.Pass {
					t.Errorf("%s without the defect: %s, %d violations of %d: %s", c.Name, c.Verdict, c.Violations, c.Checked, c.Detail)
				}
			}
		})
	}
}
