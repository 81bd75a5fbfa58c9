package scenarios_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/scenarios"
	"oalab/scenarios/check"
	"oalab/scenarios/history"
	"oalab/scenarios/judge"
	"oalab/scenarios/runner"
	"oalab/scenarios/workload"
)

// TestClosedSteps runs a closed load in steps against a server without containers: what
// the runner records of it, and that N = X·R holds at each step (SCN-5). Few clients: with
// the server on the same two cores, more of them would wait for a processor between two
// operations, which is in no response time.
func TestClosedSteps(t *testing.T) {
	s := scenarios.Scenario{
		Name: "steps", Title: "Clients that wait for their answers", Topologies: []string{scenarios.Embedded},
		Arms: []scenarios.Arm{{
			Name: "main",
			Load: func(scenarios.Size) (scenarios.Load, error) {
				return scenarios.Load{
					Followers: 100, Mix: workload.Mix{Text: 1}, Drain: 10 * time.Second,
					Steps: []scenarios.Step{{Clients: 3, Requests: 300}, {Clients: 1, Requests: 80}, {Clients: 5, Requests: 900}},
				}, nil
			},
			Checkers:   []check.Checker{check.Little{}},
			Objectives: []judge.Objective{{Figure: "failed_requests", Relation: "==", Limit: 0, MinN: 1280}},
		}},
	}
	res := onCalmMachine(t, runner.Options{Scenario: s, Seed: 7, Tools: runner.Tools{Oaserver: bin.oaserver}})
	dir, m := res.Dir, res.Manifest
	if m.Verdict != history.Pass {
		t.Fatalf("verdict %s: %s", m.Verdict, m.Reason)
	}
	again, err := runner.CheckAs(dir, m, s)
	if diff := cmp.Diff(m.Figures, again.Figures); diff != "" || err != nil || again.Verdict != m.Verdict {
		t.Errorf("judged again: %s, %v; figures (-run +again):\n%s", again.Verdict, err, diff)
	}
	a, err := history.LoadArm(dir, "main", true)
	if err != nil {
		t.Fatal(err)
	}
	want := []history.Step{{Clients: 3, Requests: 300}, {Clients: 1, Requests: 80, FirstSeq: 300}, {Clients: 5, Requests: 900, FirstSeq: 380}}
	if diff := cmp.Diff(want, a.Record.Steps); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	if a.Record.Load.Model != "closed" || a.Record.Load.MaxWorkers != 5 || a.Record.Load.PeakPerS <= 0 || len(a.Operations) != 1280 {
		t.Errorf("%d operations, load %+v; want 1280 of a closed load", len(a.Operations), a.Record.Load)
	}
	var phases []string
	for i, p := range a.Record.Phases {
		phases = append(phases, p.Name)
		first, last := a.Operations[want[i].FirstSeq], a.Operations[int(want[i].FirstSeq)+want[i].Requests-1]
		if first.StartS < p.FromS || last.EndS() > p.ToS {
			t.Errorf("phase %+v does not hold its operations, %g to %g s", p, first.StartS, last.EndS())
		}
	}
	if diff := cmp.Diff([]string{"single, 3 clients", "single, 1 clients", "single, 5 clients"}, phases); diff != "" {
		t.Errorf("phases (-want +got):\n%s", diff)
	}
}
