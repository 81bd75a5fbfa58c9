package scenarios_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"oalab/reports"
	"oalab/scenarios"
	"oalab/scenarios/history"
	"oalab/scenarios/runner"
)

// TestInvariants holds the scenarios of the masters, the scaler, the redundant stores and of
// app servers without their database against what must hold on any machine: nothing
// acknowledged is lost, both masters are equal in the end, bands come in order, texts are
// answered from memory where nothing better is known (SCN-2, SCN-3, DIS-6, STO-7). A violation fails. A run
// that proves nothing for the machine's or the generator's sake is told in a loud line, and
// so is one that was only slow: how fast a machine is, is no invariant.
func TestInvariants(t *testing.T) {
	if os.Getenv("OALAB_INVARIANTS") == "" {
		t.Skip("SKIPPED: it takes minutes. Remedy: make invariants")
	}
	needDocker(t)
	var red []string
	for _, s := range []scenarios.Scenario{
		only(scenarios.MySQLFailover(), "main", "semisync-cut-kill", "fenced"),
		only(scenarios.AppScaling(), "main"),
		scenarios.RedundantStores(),
		only(scenarios.AppFaults(), "database-away"),
	} {
		t.Run(s.Name, func(t *testing.T) {
			res, err := tryRun(t, runner.Options{
				Scenario: s, AllArms: len(s.Arms) > 1, Seed: 7, Out: filepath.Join(outDir(t), s.Name),
				Tools: runner.Tools{Oaserver: bin.oaserver, Oalab: bin.oalab},
			})
			if err != nil {
				red = append(red, err.Error())
				t.Fatal(err)
			}
			for _, c := range res.Manifest.Checkers {
				t.Logf("%s in arm %s: expected %s, got %s, %d violations of %d: %s", c.Name, c.Arm, c.Expected, c.Verdict, c.Violations, c.Checked, c.Detail)
			}
			loud, err := concluded(res.Manifest)
			if loud != "" {
				tellLoudly(loud)
			}
			if err != nil {
				why := fmt.Sprintf("%v\n%s", err, strings.Join(reports.Failures(res.Manifest), "\n"))
				red = append(red, why)
				t.Errorf("%s\nreport: %s", why, filepath.Join(res.Dir, "report.html"))
			}
			judgedAgain(t, res.Dir, res.Manifest)
		})
	}
	// Once more at the end: a build machine often shows no more than the last lines.
	for _, why := range red {
		t.Error(why)
	}
}

// concluded is what a run in which invariants count comes to: an error for a violation,
// and for an inconclusive run that neither machine nor generator explains; loud lines for
// one that they do explain, and for one that missed nothing but limits of time.
func concluded(m history.Manifest) (loud string, err error) {
	for _, c := range violated(m) {
		return "", fmt.Errorf("%s: checker %s in arm %s: %s", m.Scenario, c.Name, c.Arm, c.Detail)
	}
	switch m.Verdict {
	case history.Pass:
		return "", nil
	case history.Inconclusive:
		if disturbed(m) {
			return m.Scenario + ": " + m.Reason, nil
		}
		return "", fmt.Errorf("%s is inconclusive, and not for the machine's sake: %s", m.Scenario, m.Reason)
	case history.Fail:
		missed, slow := 0, 0
		for _, f := range m.Figures {
			if f.OK != nil && !*f.OK {
				missed++
				if f.Unit == "s" {
					slow++
				}
			}
		}
		if missed > 0 && slow == missed {
			return m.Scenario + " was slow: " + m.Reason, nil
		}
	}
	return "", fmt.Errorf("%s: verdict %s: %s", m.Scenario, m.Verdict, m.Reason)
}

// TestConcluded: what is red, what is loud.
func TestConcluded(t *testing.T) {
	violated := []history.CheckerResult{{Name: "converge", Arm: "main", Expected: history.Pass, Verdict: history.Fail, Detail: "3 rows lost"}}
	figures := func(units ...string) (all []history.Figure) {
		for _, unit := range units {
			all = append(all, history.Figure{Unit: unit, OK: new(bool)})
		}
		return all
	}
	planted := []history.CheckerResult{{Name: "converge", Arm: "planted", Expected: history.Fail, Verdict: history.Fail}}
	for _, tc := range []struct {
		name      string
		m         history.Manifest
		loud, red bool
	}{
		{"pass", history.Manifest{Verdict: history.Pass}, false, false},
		{"violated", history.Manifest{Verdict: history.Fail, Reason: "checker converge", Checkers: violated}, false, true},
		{"a limit of time is missed", history.Manifest{Verdict: history.Fail, Reason: "p99_due_s is 4 s", Figures: figures("s", "s")}, true, false},
		{"writes are lost", history.Manifest{Verdict: history.Fail, Reason: "lost_acknowledged_writes is 3", Figures: figures("s", "writes")}, false, true},
		{"an arm did not end as expected", history.Manifest{Verdict: history.Fail, Reason: "arm planted passed"}, false, true},
		{"late generator", history.Manifest{Verdict: history.Inconclusive, Reason: "arm main: generator-bound: pacing error", ReasonKind: history.ReasonGenerator}, true, false},
		{"late generator, and a planted defect was found", history.Manifest{Verdict: history.Inconclusive, Reason: "generator-bound", ReasonKind: history.ReasonGenerator, Checkers: planted}, true, false},
		{"full machine", history.Manifest{Verdict: history.Inconclusive, Reason: "arm main: the machine was full", ReasonKind: history.ReasonMachine}, true, false},
		{"late generator, and violated", history.Manifest{Verdict: history.Inconclusive, Reason: "generator-bound", ReasonKind: history.ReasonGenerator, Checkers: violated}, false, true},
		{"a fault was never injected", history.Manifest{Verdict: history.Inconclusive, Reason: "kill-master was not injected", ReasonKind: history.ReasonUndecided}, false, true},
		{"words of the machine, and another reason", history.Manifest{Verdict: history.Inconclusive, Reason: "the user log of machine mysql1 was not read by the generator", ReasonKind: history.ReasonUndecided}, false, true},
		{"no verdict", history.Manifest{}, false, true},
	} {
		loud, err := concluded(tc.m)
		if (loud != "") != tc.loud || (err != nil) != tc.red {
			t.Errorf("%s: loud %q, red %v", tc.name, loud, err)
		}
	}
}
