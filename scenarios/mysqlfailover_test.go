package scenarios_test

import (
	"path/filepath"
	"slices"
	"testing"

	"oalab/scenarios"
	"oalab/scenarios/check"
	"oalab/scenarios/history"
	"oalab/scenarios/runner"
)

// TestMySQLFailover breaks one of two MySQL masters in every way (SCN-3, REP-9).
func TestMySQLFailover(t *testing.T) {
	measured(t)
	onContainers(t, scenarios.MySQLFailover())
}

// TestMastersLoseNothing kills a master whose partner has not got its last writes, on
// whatever machine: nothing that was acknowledged is lost, and both hold the same in
// the end (SCN-3, DIS-3, STO-3).
func TestMastersLoseNothing(t *testing.T) {
	measured(t)
	needDocker(t)
	s := scenarios.MySQLFailover()
	s.Arms = slices.DeleteFunc(s.Arms, func(a scenarios.Arm) bool { return a.Name != "semisync-cut-kill" })
	if len(s.Arms) != 1 {
		t.Fatalf("%d arms, want 1", len(s.Arms))
	}
	s.Arms[0].Objectives = nil // what is measured against the clock is TestMySQLFailover's
	s.Arms[0].Checkers = slices.DeleteFunc(s.Arms[0].Checkers, func(c check.Checker) bool { return c.Name() == "prediction" })
	res := mustRun(t, runner.Options{Scenario: s, Out: filepath.Join(outDir(t), "masters"), Seed: 7, Tools: runner.Tools{Oaserver: bin.oaserver}})
	m := res.Manifest
	for _, c := range m.Checkers {
		t.Logf("%s: %s, %d violations of %d: %s", c.Name, c.Verdict, c.Violations, c.Checked, c.Detail)
	}
	if m.Verdict != history.Pass {
		t.Errorf("verdict %s: %s", m.Verdict, m.Reason)
	}
	if f, ok := figure(m, "lost_acknowledged_writes"); !ok || f.Value != 0 || f.N == 0 {
		t.Errorf("lost_acknowledged_writes is %+v (found: %t), want 0 of some", f, ok)
	}
}
