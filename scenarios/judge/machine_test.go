package judge

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"oalab/scenarios/account"
	"oalab/scenarios/check"
	"oalab/scenarios/history"
	"oalab/scenarios/lab"
	"oalab/scenarios/predict"
)

func TestMachineOf(t *testing.T) {
	tests := []struct {
		name string
		in   lab.Counters
		full bool
	}{
		{"nothing to do", lab.Counters{Busy: 0.1}, false},
		{"busy, nothing waits", lab.Counters{Busy: 1, Queue: 1, Pressure: 0.2}, false},
		{"busy, tasks wait", lab.Counters{Busy: 1, Queue: 1.5}, true},
		{"busy, and pressure where the queue was short at the moment", lab.Counters{Busy: 0.97, Queue: 0.5, Pressure: 0.6}, true},
		{"tasks wait on one core, another is idle", lab.Counters{Busy: 0.7, Queue: 1.5, Pressure: 0.5}, false},
		{"stolen by other guests", lab.Counters{Busy: 0.5, Queue: 0.5, Stolen: 0.2}, true},
		{"a little stolen", lab.Counters{Busy: 0.5, Queue: 0.5, Stolen: 0.02}, false},
	}
	for _, tt := range tests {
		l := lab.New()
		l.Watch(tt.in, account.Stretch{FromS: 10, ToS: 12}, account.Stretch{FromS: 20, ToS: 21})
		m := account.MachineOf(l.Arm)
		var want []account.Stretch
		if tt.full {
			want = []account.Stretch{{FromS: 10, ToS: 12.5}, {FromS: 20, ToS: 21.5}}
		}
		if d := cmp.Diff(want, m.Full, cmpopts.EquateApprox(0, 1e-9)); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, d)
		}
		if (m.Words() != "") != tt.full || math.Abs(m.WatchedS-60) > 1e-9 {
			t.Errorf("%s: %q, watched for %g s", tt.name, m.Words(), m.WatchedS)
		}
	}
	if m := account.MachineOf(lab.New().Arm); m.Words() != "" || m.FullIn(0, 100) {
		t.Errorf("a machine that was not watched: %+v", m)
	}
}

// TestWouldDo names a rate that leaves the machine time.
func TestWouldDo(t *testing.T) {
	l := lab.New()
	l.Record.UsedRate = 500
	l.Watch(lab.Exhausted, account.Stretch{FromS: 0, ToS: 60})
	m := account.MachineOf(l.Arm)
	if !near(m.WouldDoPerS, 500*0.85/2.5) || !strings.Contains(m.Words(), "it would do about 170/s") {
		t.Errorf("%g: %q", m.WouldDoPerS, m.Words())
	}
}

// TestFullMachine: a full machine decides no objective on time, and excuses no other.
func TestFullMachine(t *testing.T) {
	const p, f, i = history.Pass, history.Fail, history.Inconclusive
	below := []Objective{{Figure: "p99_due_s", Relation: "<", Limit: 1, MinN: 500}}
	// slow is 1000 texts of which those due in [4, 5) take 2 s.
	slow := func() *lab.Lab {
		l := answering(0.01, always(0))
		for n := 400; n < 500; n++ {
			l.Operations[n].LatencyS, l.Deliveries[n].TookS = 2, 2
		}
		return l
	}
	full := func(l *lab.Lab, from, to float64) *lab.Lab {
		l.Watch(lab.Exhausted, account.Stretch{FromS: from, ToS: to})
		return l
	}
	with := func(l *lab.Lab, tries ...int) *lab.Lab {
		for _, n := range tries {
			l.Send(history.KindText, float64(n), lab.RefusedTry(), lab.OKTry("a"))
		}
		return l
	}
	calmRest := full(slow(), 30, 40)
	tests := []struct {
		name   string
		lab    *lab.Lab
		spec   Spec
		want   history.Verdict
		reason string
	}{
		{"missed on a machine with time", full(slow(), 0, 0), Spec{Objectives: below}, f, "p99_due_s is 2 s, limit < 1 s (n 1000)"},
		{"missed on a full machine", full(slow(), 4, 5), Spec{Objectives: below}, i, "the machine was full for 1.0 of 60.0 s, it would do about 3.4/s; p99_due_s is 2 s may be due to that, limit < 1 s"},
		{"missed where it was not full", calmRest, Spec{Objectives: below}, f, "p99_due_s is 2 s, limit < 1 s (n 1000)"},
		{"met on a full machine", full(answering(0.01, always(0)), 0, 60), Spec{Objectives: below}, p, ""},
		{"an invariant is violated on a full machine", full(slow(), 0, 60), Spec{Objectives: below, Checkers: []check.Checker{says("orders", f)}}, f, "checker orders found 1 violations"},
		{"figures of ledgers do not depend on it", full(slow(), 0, 60), Spec{Objectives: []Objective{{Figure: "arrivals_scheduled", Relation: "<", Limit: 10}}}, f, "arrivals_scheduled is 1000"},
		{"tries failed while it was full", full(with(slow(), 20), 20, 21), Spec{Objectives: []Objective{{Figure: "tries_failed", Relation: "==", Limit: 0}}}, i, "may be due to that"},
		{"tries failed then and at another time", full(with(slow(), 20, 50), 20, 21), Spec{Objectives: []Objective{{Figure: "tries_failed", Relation: "==", Limit: 0}}}, f, "tries_failed is 2"},
		{"slow as it is meant to be, but full", full(slow(), 4, 5), Spec{Objectives: []Objective{{Figure: "p99_due_s", Relation: ">=", Limit: 1}}}, i, "may be due to that"},
		{"slow as it is meant to be, with time", calmRest, Spec{Objectives: []Objective{{Figure: "p99_due_s", Relation: ">=", Limit: 1}}}, p, ""},
		{"violated as expected", full(slow(), 0, 60), Spec{Expect: Violate("orders"), Checkers: []check.Checker{says("orders", f)}}, p, "as it was meant to"},
		{"not violated as expected, on a full machine", full(slow(), 0, 60), Spec{Expect: Violate("orders"), Checkers: []check.Checker{says("orders", p)}}, i, "checker orders was meant to fail and passed, but the machine was full"},
		{"not violated as expected, with time", full(slow(), 0, 0), Spec{Expect: Violate("orders"), Checkers: []check.Checker{says("orders", p)}}, f, "meant to fail and passed"},
		{"another violated instead, on a full machine", full(slow(), 0, 60), Spec{Expect: Violate("orders"), Checkers: []check.Checker{says("orders", p), says("replies", f)}}, f, "checker replies found 1 violations"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.spec.Arm = "main"
			got := Arm(tt.spec, tt.lab.Arm)
			if got.Verdict != tt.want || !strings.Contains(got.Reason, tt.reason) {
				t.Errorf("got %s: %s\nwant %s: …%s…", got.Verdict, got.Reason, tt.want, tt.reason)
			}
		})
	}
}

// TestScarceOnAFullMachine: steps are left out while the machine is full, so that it is the
// reason why a figure of them is missing. What a calm machine does not show has another reason.
func TestScarceOnAFullMachine(t *testing.T) {
	for _, tt := range []struct {
		name, figure string
		full         float64 // seconds
		about        history.ReasonKind
	}{
		{"steps, full", "plateau_ratio_1", 10, history.ReasonMachine},
		{"steps, calm", "plateau_ratio_1", 0, history.ReasonUndecided},
		{"ledger, full", "orders_doubled", 10, history.ReasonUndecided},
	} {
		l := answering(0.01, always(0))
		l.Watch(lab.Exhausted, account.Stretch{FromS: 0, ToS: tt.full})
		got := Arm(Spec{Arm: "main", Objectives: []Objective{{Figure: tt.figure, Relation: ">=", Limit: 0.9, MinN: 100}}}, l.Arm)
		if got.Verdict != history.Inconclusive || got.About != tt.about {
			t.Errorf("%s: %s about %q: %s", tt.name, got.Verdict, got.About, got.Reason)
		}
	}
}

// TestLimitsScaleWithTheMachine: limits of time are those of the reference machine.
func TestLimitsScaleWithTheMachine(t *testing.T) {
	for _, tt := range []struct {
		name      string
		factor    float64
		objective Objective
		want      history.Verdict
		limit     float64
		claimed   float64 // 0: none
	}{
		{"not calibrated", 0, Objective{Figure: "p99_due_s", Relation: "<", Limit: 0.4}, history.Fail, 0.4, 0},
		{"as fast", 1, Objective{Figure: "p99_due_s", Relation: "<", Limit: 0.4}, history.Fail, 0.4, 0},
		{"faster", 0.5, Objective{Figure: "p99_due_s", Relation: "<", Limit: 0.7}, history.Pass, 0.7, 0},
		{"half as fast", 2, Objective{Figure: "p99_due_s", Relation: "<", Limit: 0.4}, history.Pass, 0.8, 0.4},
		{"half as fast, missed", 2, Objective{Figure: "p99_due_s", Relation: "<", Limit: 0.2}, history.Fail, 0.4, 0.2},
		{"counts do not scale", 2, Objective{Figure: "arrivals_scheduled", Relation: "<=", Limit: 600}, history.Fail, 600, 0},
	} {
		l := answering(0.5, always(0))
		l.Record.SpeedFactor = tt.factor
		got := Arm(Spec{Arm: "main", Objectives: []Objective{tt.objective}}, l.Arm)
		f := figureOf(got.Figures, tt.objective.Figure)
		claimed := 0.0
		if f.ClaimedLimit != nil {
			claimed = *f.ClaimedLimit
		}
		if got.Verdict != tt.want || *f.Limit != tt.limit || claimed != tt.claimed {
			t.Errorf("%s: %s: %s; limit %g, claimed %g", tt.name, got.Verdict, got.Reason, *f.Limit, claimed)
		}
	}
}

// TestFullMachineAndPredictions: an outage outside of its prediction convicts, save while
// the machine was full.
func TestFullMachineAndPredictions(t *testing.T) {
	for _, tt := range []struct {
		name     string
		from, to float64 // the machine was full
		want     history.Verdict
	}{
		{"with time", 0, 0, history.Fail},
		{"full in the cycle", 2, 3, history.Inconclusive},
		{"full at another time", 8, 9, history.Fail},
	} {
		p := lab.NewPair(12, 20)
		p.Blow(history.FaultKillHost, 2.5, 2, 0.9)
		e, err := predict.Fault(history.FaultKillHost, pairSettings)
		must(t, err)
		p.Record.Predictions = append(p.Record.Predictions, e)
		a := p.End()
		(&lab.Lab{Arm: a}).Watch(lab.Exhausted, account.Stretch{FromS: tt.from, ToS: tt.to})
		if f := check.Ask(check.Predicted{}, a); f.Verdict != tt.want {
			t.Errorf("%s: %s: %s, want %s", tt.name, f.Verdict, f.Detail, tt.want)
		}
	}
}
