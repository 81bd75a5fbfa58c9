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

// TestPlatformRetries: replies that come too late, three tries, four servers and no Redis in
// the middle: one effect and one reply, of every kind (SCN-14, MSG-6).
func TestPlatformRetries(t *testing.T) {
	t.Parallel()
	passes(t, scenarios.PlatformRetries())
}

// TestRedisFaults: what Redis loses, and a Redis that is away or slow, costs no message its
// reply, no order and no follower an answer (SCN-11).
func TestRedisFaults(t *testing.T) {
	t.Parallel()
	passes(t, scenarios.RedisFaults())
}

// passes runs the main arm of a scenario on the embedded topology; it must pass, and pass
// again when it is judged from its evidence.
func passes(t *testing.T, s scenarios.Scenario) {
	t.Helper()
	passesAs(t, runner.Options{Scenario: s})
}

// passesAs is passes with what else a run is asked for. It returns what the run found.
func passesAs(t *testing.T, o runner.Options) history.Manifest {
	t.Helper()
	o.Seed, o.Tools = 7, runner.Tools{Oaserver: bin.oaserver}
	res := onCalmMachine(t, o)
	m := res.Manifest
	for _, c := range m.Checkers {
		t.Logf("%s in arm %s: %s, %s", c.Name, c.Arm, c.Verdict, c.Detail)
	}
	if m.Verdict != history.Pass {
		t.Fatalf("verdict %s: %s\n%s\nreport: %s", m.Verdict, m.Reason, strings.Join(reports.Failures(m), "\n"), filepath.Join(res.Dir, "report.html"))
	}
	judgedAgain(t, res.Dir, m)
	return m
}
