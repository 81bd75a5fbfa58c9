package check

import (
	"math"
	"strings"
	"testing"

	"oalab/scenarios/history"
)

func TestJoin(t *testing.T) {
	const p, f, i = history.Pass, history.Fail, history.Inconclusive
	tests := []struct {
		in   []history.Verdict
		want history.Verdict
	}{
		{nil, i},
		{[]history.Verdict{p}, p},
		{[]history.Verdict{p, i}, i},
		{[]history.Verdict{i, p}, i},
		{[]history.Verdict{p, f, i}, f},
		{[]history.Verdict{i, f}, f},
		{[]history.Verdict{p, p}, p},
		{[]history.Verdict{p, "so-so"}, i},
	}
	for _, tt := range tests {
		if got := Join(tt.in...); got != tt.want {
			t.Errorf("Join(%v) = %s, want %s", tt.in, got, tt.want)
		}
	}
}

// judgeOf is a checker made of a function.
type judgeOf struct {
	name  string
	check func(*history.Arm) Finding
}

func (j judgeOf) Name() string                 { return j.name }
func (j judgeOf) Check(a *history.Arm) Finding { return j.check(a) }

// says is a checker that always says the same.
func says(name string, v history.Verdict) Checker {
	return judgeOf{name, func(*history.Arm) Finding {
		f := Finding{Verdict: v, Checked: 1, Detail: "first offender of " + name}
		if v == history.Fail {
			f.Violations = 1
		}
		return f
	}}
}

func TestBrokenCheckersAcquitNobody(t *testing.T) {
	for name, c := range map[string]Checker{
		"panics":     judgeOf{"orders", func(*history.Arm) Finding { panic("no such luck") }},
		"no verdict": judgeOf{"orders", func(*history.Arm) Finding { return Finding{} }},
	} {
		if got := Ask(c, nil); got.Verdict != history.Inconclusive || !strings.Contains(got.Detail, "checker orders") {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestQuantileIsAnObservation(t *testing.T) {
	thousand := make([]float64, 1000)
	for i := range thousand {
		thousand[i] = float64(i + 1)
	}
	tests := []struct {
		in   []float64
		q    float64
		want float64
	}{
		{[]float64{7}, 0.5, 7},
		{[]float64{7}, 0.999, 7},
		{[]float64{1, 2}, 0.5, 1},
		{[]float64{1, 2, 3}, 0.5, 2},
		{[]float64{1, 2, 3, 4}, 0.75, 3},
		{[]float64{1, 2, 3, 4}, 0, 1},
		{[]float64{1, 2, 3, 4}, 1, 4},
		{thousand, 0.5, 500},
		{thousand, 0.95, 950},
		{thousand, 0.99, 990},
		{thousand, 0.999, 999},
		{thousand[:999], 0.999, 999},
	}
	for _, tt := range tests {
		if got := Quantile(tt.in, tt.q); got != tt.want {
			t.Errorf("Quantile(%d observations, %g) = %g, want %g", len(tt.in), tt.q, got, tt.want)
		}
	}
	if got := Quantile(nil, 0.5); !math.IsNaN(got) {
		t.Errorf("Quantile of nothing = %g, want NaN", got)
	}
}

func TestOutcomes(t *testing.T) {
	l := newLab()
	tests := []struct {
		name string
		seq  uint64
		want Outcome
	}{
		{"answered", l.send(history.KindText, 1, okTry("hello")), OutcomeOK},
		{"answered at the third try", l.send(history.KindText, 1, refusedTry(), timedOutTry(), okTry("")), OutcomeOK},
		{"taken over", l.send(history.KindQuery, 1, okTry("success")), OutcomeOK},
		{"order acknowledged", l.send(history.KindOrder, 1, okTry(acknowledgement(serialOf(1)))), OutcomeOK},
		{"order turned down", l.send(history.KindOrder, 1, okTry("not bound")), OutcomeRejected},
		{"order taken over", l.send(history.KindOrder, 1, okTry("success")), OutcomeOK},
		{"every try refused", l.send(history.KindText, 1, refusedTry(), refusedTry(), refusedTry()), OutcomeFailed},
		{"one try may have reached the server", l.send(history.KindText, 1, refusedTry(), timedOutTry(), refusedTry()), OutcomeUnknown},
		{"answers lost", l.send(history.KindText, 1, lostTry("a"), lostTry("a"), lostTry("a")), OutcomeUnknown},
		{"server errors", l.send(history.KindText, 1, statusTry(500), statusTry(500), statusTry(500)), OutcomeUnknown},
		{"never started", l.send(history.KindText, 1), OutcomeDropped},
	}
	all := messages(l.Arm)
	for _, tt := range tests {
		if got := all[tt.seq].outcome(); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

// TestDoubledTry: a fault delivers one try twice; what the platform got last counts,
// and both answers must be the same.
func TestDoubledTry(t *testing.T) {
	l := newLab()
	l.send(history.KindText, 1, okTry("a"), lostTry("b"))
	l.Deliveries[1].Try = 1
	m := &messages(l.Arm)[0]
	if got := m.outcome(); got != OutcomeUnknown || m.retried() {
		t.Errorf("outcome %s, retried %v; want unknown, after one try", got, m.retried())
	}
	if got := (Replies{}).Check(l.Arm); got.Violations != 1 {
		t.Errorf("two answers to one try that differ: %+v", got)
	}
	l.Deliveries[0], l.Deliveries[1] = l.Deliveries[1], l.Deliveries[0]
	if got := messages(l.Arm)[0].outcome(); got != OutcomeOK {
		t.Errorf("outcome %s, want ok: the second answer came through", got)
	}
}

func TestOutcomesOfBareRequests(t *testing.T) {
	tests := []struct {
		op   history.Operation
		want Outcome
	}{
		{history.Operation{Status: 200}, OutcomeOK},
		{history.Operation{Status: 204}, OutcomeOK},
		{history.Operation{Status: 500}, OutcomeUnknown},
		{history.Operation{Error: "dial tcp: connection refused"}, OutcomeFailed},
		{history.Operation{Error: "EOF"}, OutcomeUnknown},
	}
	for _, tt := range tests {
		a := &history.Arm{Plan: []history.PlannedOp{{}}, Operations: []history.Operation{tt.op}}
		if got := messages(a)[0].outcome(); got != tt.want {
			t.Errorf("%+v: %s, want %s", tt.op, got, tt.want)
		}
	}
}
