package judge

import (
	"testing"

	"oalab/scenarios/account"
	"oalab/scenarios/check"
	"oalab/scenarios/history"
	"oalab/scenarios/lab"
)

// TestReasonKinds: what a reason is about stands in the manifest, so that no reader has to
// guess it from the words. Words mislead on purpose here.
func TestReasonKinds(t *testing.T) {
	t.Parallel()
	const p, f, i = history.Pass, history.Fail, history.Inconclusive
	never := func(*lab.Lab) {}
	full := func(l *lab.Lab) { l.Watch(lab.Exhausted, account.Stretch{FromS: 0, ToS: 60}) }
	stopped := func(l *lab.Lab) {
		for n := range l.Operations {
			l.Operations[n].StartS += 0.1
		}
	}
	missed := Objective{Figure: "p99_due_s", Relation: "<", Limit: 0.001, MinN: 1}
	words := judgeOf{"orders", func(*history.Arm) check.Finding {
		return check.Finding{Verdict: i, Detail: "the generator's ledger is on the other machine"}
	}}
	for _, tt := range []struct {
		name string
		spec Spec
		edit func(*lab.Lab)
		want history.ReasonKind
	}{
		{"all held", Spec{Checkers: []check.Checker{says("orders", p)}}, never, ""},
		{"violated as it was meant to be", Spec{Expect: Violate("orders"), Checkers: []check.Checker{says("orders", f)}}, full, ""},
		{"violated", Spec{Checkers: []check.Checker{says("orders", f)}}, full, history.ReasonInvariant},
		{"a limit is missed", Spec{Objectives: []Objective{missed}}, never, history.ReasonObjective},
		{"a limit is missed on a full machine", Spec{Objectives: []Objective{missed}}, full, history.ReasonMachine},
		{"the generator stopped", Spec{Objectives: []Objective{missed}}, stopped, history.ReasonGenerator},
		{"a defect did not show on a full machine", Spec{Expect: Violate("orders"), Checkers: []check.Checker{says("orders", p)}}, full, history.ReasonMachine},
		{"a defect did not show, the generator stopped", Spec{Expect: Violate("orders"), Checkers: []check.Checker{says("orders", p)}}, stopped, history.ReasonGenerator},
		{"too little was seen, on a full machine", Spec{Objectives: []Objective{{Figure: "p99_due_s", Relation: "<", Limit: 1, MinN: 99}}}, full, history.ReasonUndecided},
		{"a checker that cannot decide", Spec{Checkers: []check.Checker{words}}, full, history.ReasonUndecided},
		{"a fault was never injected", Spec{Effects: []Effect{{Fault: "kill-machine", Min: 1}}}, full, history.ReasonUndecided},
		{"a problem of the run", Spec{Checkers: []check.Checker{says("orders", p)}}, func(l *lab.Lab) { l.Record.Problems = []string{"the machine's probe never answered"} }, history.ReasonUndecided},
		{"nothing to judge", Spec{}, full, history.ReasonUndecided},
		{"torn evidence", Spec{Checkers: []check.Checker{says("orders", p)}}, func(l *lab.Lab) { l.Deliveries = l.Deliveries[:1] }, history.ReasonEvidence},
		{"broken off", Spec{Checkers: []check.Checker{says("orders", p)}}, func(l *lab.Lab) { l.Record.Interrupted = true }, history.ReasonInterrupted},
	} {
		l := lab.New()
		l.Record.UsedRate = 500
		for n := range 10 {
			l.Send(history.KindText, float64(n), lab.OKTry("a"))
		}
		tt.edit(l)
		tt.spec.Arm = "main"
		if got := Arm(tt.spec, l.Arm); got.About != tt.want {
			t.Errorf("%s: %s: %s is about %q, want %q", tt.name, got.Verdict, got.Reason, got.About, tt.want)
		}
	}
}

// TestReasonKindOfRun: the manifest has that of the arm that decides, and never what was
// written there before.
func TestReasonKindOfRun(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		edit func(*lab.Lab)
		want history.ReasonKind
	}{
		{"all held", func(*lab.Lab) {}, ""},
		{"an order is lost", func(l *lab.Lab) { without(l, firstOrder(l)) }, history.ReasonInvariant},
		{"broken off", func(l *lab.Lab) { l.Record.Interrupted = true }, history.ReasonInterrupted},
	} {
		dir, m := planted(t, tt.edit)
		m.ReasonKind = history.ReasonMachine
		got, err := Run(dir, m, storedSpecs())
		must(t, err)
		if got.ReasonKind != tt.want {
			t.Errorf("%s: %s is about %q, want %q", tt.name, got.Reason, got.ReasonKind, tt.want)
		}
	}
	m, err := history.ReadManifest(storedRun)
	must(t, err)
	m.Evidence[0].SHA256 = "0"
	if got, err := Run(storedRun, m, storedSpecs()); err != nil || got.ReasonKind != history.ReasonEvidence {
		t.Errorf("changed evidence: %s is about %q, %v", got.Reason, got.ReasonKind, err)
	}
}
