package check

import (
	"strings"
	"testing"

	"oalab/scenarios/account"
	"oalab/scenarios/history"
	"oalab/scenarios/lab"
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

func TestBrokenCheckersAcquitNothing(t *testing.T) {
	for name, c := range map[string]Checker{
		"panics":     judgeOf{"orders", func(*history.Arm) Finding { panic("no such luck") }},
		"no verdict": judgeOf{"orders", func(*history.Arm) Finding { return Finding{} }},
	} {
		if got := Ask(c, nil); got.Verdict != history.Inconclusive || !strings.Contains(got.Detail, "checker orders") {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestOutcomes(t *testing.T) {
	l := lab.New()
	tests := []struct {
		name string
		seq  uint64
		want account.Outcome
	}{
		{"answered", l.Send(history.KindText, 1, lab.OKTry("hello")), account.OutcomeOK},
		{"answered at the third try", l.Send(history.KindText, 1, lab.RefusedTry(), lab.TimedOutTry(), lab.OKTry("")), account.OutcomeOK},
		{"taken over", l.Send(history.KindQuery, 1, lab.OKTry("success")), account.OutcomeOK},
		{"order acknowledged", l.Send(history.KindOrder, 1, lab.OKTry(lab.Acknowledgement(lab.SerialOf(1)))), account.OutcomeOK},
		{"order turned down", l.Send(history.KindOrder, 1, lab.OKTry("not bound")), account.OutcomeRejected},
		{"order taken over", l.Send(history.KindOrder, 1, lab.OKTry("success")), account.OutcomeOK},
		{"every try refused", l.Send(history.KindText, 1, lab.RefusedTry(), lab.RefusedTry(), lab.RefusedTry()), account.OutcomeFailed},
		{"one try may have reached the server", l.Send(history.KindText, 1, lab.RefusedTry(), lab.TimedOutTry(), lab.RefusedTry()), account.OutcomeUnknown},
		{"answers lost", l.Send(history.KindText, 1, lab.LostTry("a"), lab.LostTry("a"), lab.LostTry("a")), account.OutcomeUnknown},
		{"server errors", l.Send(history.KindText, 1, lab.StatusTry(500), lab.StatusTry(500), lab.StatusTry(500)), account.OutcomeUnknown},
		{"never started", l.Send(history.KindText, 1), account.OutcomeDropped},
	}
	all := account.Messages(l.Arm)
	for _, tt := range tests {
		if got := all[tt.seq].Outcome(); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

// TestDoubledTry: a fault delivers one try twice; what the platform got last counts,
// and both answers must be the same.
func TestDoubledTry(t *testing.T) {
	l := lab.New()
	l.Send(history.KindText, 1, lab.OKTry("a"), lab.LostTry("b"))
	l.Deliveries[1].Try = 1
	m := &account.Messages(l.Arm)[0]
	if got := m.Outcome(); got != account.OutcomeUnknown || m.Retried() {
		t.Errorf("outcome %s, retried %v; want unknown, after one try", got, m.Retried())
	}
	if got := (Replies{}).Check(l.Arm); got.Violations != 1 {
		t.Errorf("two answers to one try that differ: %+v", got)
	}
	l.Deliveries[0], l.Deliveries[1] = l.Deliveries[1], l.Deliveries[0]
	if got := account.Messages(l.Arm)[0].Outcome(); got != account.OutcomeOK {
		t.Errorf("outcome %s, want ok: the second answer came through", got)
	}
}

func TestOutcomesOfBareRequests(t *testing.T) {
	tests := []struct {
		op   history.Operation
		want account.Outcome
	}{
		{history.Operation{Status: 200}, account.OutcomeOK},
		{history.Operation{Status: 204}, account.OutcomeOK},
		{history.Operation{Status: 500}, account.OutcomeUnknown},
		{history.Operation{Error: "dial tcp: connection refused"}, account.OutcomeFailed},
		{history.Operation{Error: "EOF"}, account.OutcomeUnknown},
	}
	for _, tt := range tests {
		a := &history.Arm{Plan: []history.PlannedOp{{}}, Operations: []history.Operation{tt.op}}
		if got := account.Messages(a)[0].Outcome(); got != tt.want {
			t.Errorf("%+v: %s, want %s", tt.op, got, tt.want)
		}
	}
}
