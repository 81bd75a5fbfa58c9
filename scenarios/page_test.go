package scenarios_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/scenarios"
	"oalab/scenarios/check"
	"oalab/scenarios/history"
	"oalab/scenarios/judge"
	"oalab/scenarios/load/profile"
	"oalab/scenarios/runner"
)

// requestsFor is a load of plain requests for a page of the service.
func requestsFor(page string) scenarios.Scenario {
	return scenarios.Scenario{
		Name: "page", Title: "Every request gets its page", Topologies: []string{scenarios.Embedded},
		Arms: []scenarios.Arm{{
			Name: "main",
			Load: func(scenarios.Size) (scenarios.Load, error) {
				p, err := profile.Constant(200, 2*time.Second)
				return scenarios.Load{
					Followers: 10, Page: page, Profile: p, Drain: 10 * time.Second,
					Phases: []history.Phase{{Name: "steady", FromS: 0, ToS: 2}},
				}, err
			},
			Checkers:   []check.Checker{check.Replies{}},
			Objectives: []judge.Objective{{Figure: "failed_requests", Relation: "==", Limit: 0, MinN: 400}},
		}},
	}
}

// TestPage loads a page of the service in place of the callback: what the runner records
// of it, and that it is judged from that alone (SCN-2).
func TestPage(t *testing.T) {
	s := requestsFor("/readyz")
	res := onCalmMachine(t, runner.Options{Scenario: s, Seed: 7, Tools: runner.Tools{Oaserver: bin.oaserver}})
	m := res.Manifest
	if m.Verdict != history.Pass {
		t.Fatalf("verdict %s: %s", m.Verdict, m.Reason)
	}
	again, err := runner.CheckAs(res.Dir, m, s)
	if diff := cmp.Diff(m.Figures, again.Figures); diff != "" || err != nil || again.Verdict != m.Verdict {
		t.Errorf("judged again: %s, %v; figures (-run +again):\n%s", again.Verdict, err, diff)
	}
	a, err := history.LoadArm(res.Dir, "main", true)
	if err != nil {
		t.Fatal(err)
	}
	if l := a.Record.Load; l.Page != "/readyz" || l.Model != "open" || l.MaxWorkers != 1000 || l.CeilingPerS <= 0 {
		t.Errorf("load %+v, want an open one of the page with 5 s of workers", l)
	}
	if len(a.Operations) != 400 || len(a.Deliveries) != 0 {
		t.Errorf("%d operations and %d deliveries, want 400 and none", len(a.Operations), len(a.Deliveries))
	}
}

// TestPageThatIsMissing: an answer is not enough, it must be the page.
func TestPageThatIsMissing(t *testing.T) {
	m := mustRun(t, runner.Options{
		Scenario: requestsFor("/no-such-page"), Out: filepath.Join(outDir(t), "page"), Seed: 7, Tools: runner.Tools{Oaserver: bin.oaserver},
	}).Manifest
	if f, ok := figureIn(m, "failed_requests"); !ok || f.Value != 400 {
		t.Errorf("failed_requests is %+v (found: %t), want all 400", f, ok)
	}
	if m.Verdict == history.Pass {
		t.Errorf("verdict %s: %s", m.Verdict, m.Reason)
	}
}
