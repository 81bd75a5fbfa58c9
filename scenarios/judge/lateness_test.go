package judge

import (
	"math"
	"strings"
	"testing"

	"oalab/scenarios/check"
	"oalab/scenarios/figure"
	"oalab/scenarios/history"
	"oalab/scenarios/lab"
)

// answering is an arm of 1000 texts, 100 a second, each answered so many seconds after
// it was sent, and sent so many seconds after it was due, with workers free.
func answering(tookS float64, late func(i int) float64) *lab.Lab {
	l := lab.New()
	for i := range 1000 {
		l.Send(history.KindText, float64(i)/100, lab.OKTry("a"))
		l.Deliveries[i].TookS = tookS
		l.Operations[i].LatencyS = tookS
		l.Operations[i].StartS += late(i)
		l.Deliveries[i].At = lab.At(l.Operations[i].StartS)
	}
	l.Record.Load.MaxWorkers = 5000
	return l
}

func always(s float64) func(int) float64 { return func(int) float64 { return s } }

// TestLateGenerator: what a late generator leaves open is decided figure by figure.
func TestLateGenerator(t *testing.T) {
	const p, f, i = history.Pass, history.Fail, history.Inconclusive
	below := func(limit float64) []Objective {
		return []Objective{{Figure: "p99_due_s", Relation: "<", Limit: limit, MinN: 500}}
	}
	tests := []struct {
		name       string
		lab        *lab.Lab
		objectives []Objective
		checkers   []check.Checker
		want       history.Verdict
		reason     string
	}{
		{"late, wide margin", answering(0.706, always(0.034)), below(1), nil, p, ""},
		{"late, wide margin on the other side", answering(1.706, always(0.034)), below(1), nil, f, "p99_due_s is 1.74 s, by the generator's own lateness between 1.706 s and 1.774 s, limit < 1 s (n 1000)"},
		{"late, narrow margin", answering(0.956, always(0.034)), below(1), nil, i, "p99_due_s is 0.99 s, by the generator's own lateness between 0.956 s and 1.024 s, and the limit < 1 s lies within that"},
		{"late, narrowly missed", answering(0.976, always(0.034)), below(1), nil, i, "lies within"},
		{"late at arrivals that the quantile does not feel", answering(0.99, func(n int) float64 { return map[bool]float64{true: 0.3}[n%200 == 0] }), below(1), nil, p, ""},
		{"punctual, narrow margin", answering(0.99, always(0)), below(1), nil, p, ""},
		{"punctual, narrowly missed", answering(1.01, always(0)), below(1), nil, f, "p99_due_s is 1.01 s, limit < 1 s (n 1000)"},
		{"stopped for 100 of each 200 ms, wide margin", answering(0.01, func(n int) float64 { return max(0, 0.1-math.Mod(float64(n)/100, 0.2)) }), below(1), nil, i, "generator-bound: pacing_error_p99_s is 0.1"},
		{"stopped, and nothing that arrivals enter is judged", answering(0.01, always(0.1)), []Objective{{Figure: "orders_doubled", Relation: "==", Limit: 0}}, []check.Checker{says("orders", p)}, i, "orders_doubled rests on 0"},
		{"stopped, checkers alone", answering(0.01, always(0.1)), nil, []check.Checker{says("orders", p)}, p, ""},
		{"stopped, violated", answering(0.01, always(0.1)), below(1), []check.Checker{says("orders", f)}, f, "checker orders found 1 violations"},
		{"late, violated", answering(0.956, always(0.034)), below(1), []check.Checker{says("orders", f)}, f, "checker orders found 1 violations"},
		{"another figure is missed without doubt", answering(0.956, always(0.034)), append(below(1), Objective{Figure: "p50_sent_s", Relation: "<", Limit: 0.5}), nil, i, "lies within"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Arm(Spec{Arm: "main", Objectives: tt.objectives, Checkers: tt.checkers}, tt.lab.Arm)
			if got.Verdict != tt.want || !strings.Contains(got.Reason, tt.reason) {
				t.Errorf("got %s: %s\nwant %s: …%s…", got.Verdict, got.Reason, tt.want, tt.reason)
			}
		})
	}
}

// TestLateByTheSystemWidensNothing: behind busy workers the lateness is the system's.
func TestLateByTheSystemWidensNothing(t *testing.T) {
	l := lab.New()
	l.Record.Load.MaxWorkers = 1
	for i := range 100 {
		l.Send(history.KindText, float64(i)/100, lab.OKTry("a"))
		l.Operations[i].StartS, l.Operations[i].LatencyS = float64(i)/50, 0.02
	}
	f := figureOf(figure.All(l.Arm, nil), "p99_due_s")
	if f.Widened || f.CILow != nil || f.Value < 0.9 {
		t.Errorf("%+v, want 1 s without an interval", f)
	}
}

// TestLatenessTurnsFailures: a failure counts in doubt only where the system was not
// failing all along between the due time and the start.
func TestLatenessTurnsFailures(t *testing.T) {
	none := []Objective{{Figure: "tries_failed", Relation: "==", Limit: 0}}
	tests := []struct {
		name   string
		build  func(*lab.Lab)
		figure string
		low    float64
		high   float64
		want   history.Verdict
	}{
		{"a punctual try failed", func(l *lab.Lab) { l.Send(history.KindText, 10, lab.StatusTry(503), lab.OKTry("a")) }, "tries_failed", 1, 1, history.Fail},
		{"a late try failed between successes", func(l *lab.Lab) {
			l.Send(history.KindText, 10, lab.StatusTry(503), lab.OKTry("a"))
			l.Shift(0.03)
		}, "tries_failed", 0, 1, history.Inconclusive},
		{"a late try failed while all did", func(l *lab.Lab) {
			l.Send(history.KindText, 10, lab.StatusTry(503), lab.OKTry("a"))
			l.Send(history.KindText, 10.01, lab.StatusTry(503), lab.OKTry("a"))
			l.Shift(0.005) // punctual enough
			l.Send(history.KindText, 10.02, lab.StatusTry(503), lab.OKTry("a"))
			l.Shift(0.03)
		}, "tries_failed", 3, 3, history.Fail},
		{"the answer came just in time for a late one", func(l *lab.Lab) {
			l.Send(history.KindText, 10, lab.OKTry("a"))
			l.Deliveries[len(l.Deliveries)-1].TookS = 4.98
			l.Operations[len(l.Operations)-1].LatencyS = 4.98
			l.Shift(0.03)
		}, "tries_failed", 0, 1, history.Inconclusive},
		{"timed out while the generator stood still", func(l *lab.Lab) {
			l.Send(history.KindText, 10, lab.TimedOutTry(), lab.OKTry("a"))
			l.Send(history.KindText, 14.98, lab.OKTry("a"))
			l.Shift(0.05)
		}, "tries_failed", 0, 1, history.Inconclusive},
		{"never sent with workers free", func(l *lab.Lab) { l.Send(history.KindText, 9); l.Send(history.KindText, 10, lab.OKTry("a")) }, "arrivals_dropped", 0, 1, history.Pass},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := lab.New()
			for i := range 100 {
				l.Send(history.KindText, 0.05+float64(i)/20, lab.OKTry("a"))
			}
			tt.build(l)
			got := Arm(Spec{Arm: "main", Objectives: none}, l.Arm)
			f := figureOf(got.Figures, tt.figure)
			low, high := f.Value, f.Value
			if f.CILow != nil {
				low, high = *f.CILow, *f.CIHigh
			}
			if low != tt.low || high != tt.high || got.Verdict != tt.want {
				t.Errorf("%s between %g and %g, want %g and %g; %s: %s, want %s", tt.figure, low, high, tt.low, tt.high, got.Verdict, got.Reason, tt.want)
			}
		})
	}
}

// TestLatenessAtTheEdgeOfAWindow: a message that was due in a window and sent after it,
// or before it and sent in it, may belong to it or not.
func TestLatenessAtTheEdgeOfAWindow(t *testing.T) {
	build := func(slowDue float64) *lab.Lab {
		l := lab.New()
		for i := range 50 {
			l.Send(history.KindText, 10+float64(i)/50, lab.OKTry("a"))
		}
		l.Send(history.KindText, slowDue, lab.OKTry("a"))
		l.Deliveries[50].TookS, l.Operations[50].LatencyS = 3, 3
		l.Shift(0.04)
		l.Window("carrier-slow", 10, 11)
		return l
	}
	for _, tt := range []struct {
		name      string
		due       float64
		value     float64
		low, high float64
	}{
		{"due in it, sent after it", 10.98, 3.04, 0.01, 3.08},
		{"due before it, sent in it", 9.98, 0.01, 0.01, 3.08},
		{"all in it", 10.5, 3.04, 3, 3.08},
		{"all outside", 11.5, 0.01, 0.01, 0.01},
	} {
		l := build(tt.due)
		f := figureOf(figure.All(l.Arm, l.Record.Windows), "p999_due_s/carrier-slow")
		low, high := f.Value, f.Value
		if f.CILow != nil {
			low, high = *f.CILow, *f.CIHigh
		}
		if !near(f.Value, tt.value) || !near(low, tt.low) || !near(high, tt.high) {
			t.Errorf("%s: %g between %g and %g, want %g between %g and %g", tt.name, f.Value, low, high, tt.value, tt.low, tt.high)
		}
	}
}

func near(a, b float64) bool { return math.Abs(a-b) < 1e-6 }

// TestLatenessBoundsAnOutage: the success that ended an outage could have come sooner.
func TestLatenessBoundsAnOutage(t *testing.T) {
	l := lab.New()
	l.Send(history.KindText, 1, lab.OKTry("a"))
	l.Shift(0.03)
	l.Send(history.KindText, 1.5, lab.RefusedTry(), lab.OKTry("a"))
	l.Send(history.KindText, 2, lab.OKTry("a"))
	l.Shift(0.05)
	f := figureOf(figure.All(l.Arm, nil), "outage_s")
	if !near(f.Value, 2.05-1.03) || f.CILow == nil || !near(*f.CILow, 2-1.03) || !near(*f.CIHigh, 2.05-1) {
		t.Errorf("%+v, want 1.02 between 0.97 and 1.05", f)
	}
}

// TestNearTheCeiling: a generator above 70 % of its ceiling fails no objective, and meets
// where the limit is out of reach of what it may have added.
func TestNearTheCeiling(t *testing.T) {
	for _, tt := range []struct {
		name  string
		limit float64
		want  history.Verdict
	}{
		{"limit out of reach", 1, history.Pass},
		{"limit in reach", 0.02, history.Inconclusive},
		{"missed", 0.005, history.Inconclusive},
	} {
		l := answering(0.01, always(0))
		l.Record.Load.PeakPerS = 800
		got := Arm(Spec{Arm: "main", Objectives: []Objective{{Figure: "p99_due_s", Relation: "<", Limit: tt.limit}}}, l.Arm)
		if got.Verdict != tt.want || tt.want != history.Pass && !strings.Contains(got.Reason, "generator_share is 0.800") {
			t.Errorf("%s: %s: %s, want %s", tt.name, got.Verdict, got.Reason, tt.want)
		}
	}
}

// TestNothingAnsweredNeverPasses: neither latency nor anything else is met where no operation
// was answered.
func TestNothingAnsweredNeverPasses(t *testing.T) {
	kept := func(figure string) []Objective {
		return []Objective{{Figure: figure, Relation: "<=", Limit: 1000, MinN: 1}}
	}
	for _, tt := range []struct {
		name, figure string
		in           string // what becomes of the messages in the window
		want         history.Verdict
		reason       string
	}{
		{"latency of a dead window", "p99_due_s/cut", "refused", history.Inconclusive, "p99_due_s/cut cannot be had: none of 5 operations was answered while cut was in effect"},
		{"failures of a dead window", "tries_failed/cut", "refused", history.Inconclusive, "tries_failed/cut says nothing: none of 5 operations was answered while cut was in effect"},
		{"outage of a dead window", "outage_s/cut", "refused", history.Inconclusive, "says nothing"},
		{"latency of a window that lives", "p99_due_s/cut", "ok", history.Pass, ""},
		{"latency of the whole arm", "p99_due_s", "refused", history.Pass, ""},
	} {
		l := lab.New()
		l.Send(history.KindText, 1, lab.OKTry("a"))
		for i := range 5 {
			if tt.in == "ok" {
				l.Send(history.KindText, 10+float64(i)/10, lab.OKTry("a"))
			} else {
				l.Send(history.KindText, 10+float64(i)/10, lab.RefusedTry(), lab.RefusedTry(), lab.RefusedTry())
			}
		}
		l.Window("cut", 10, 11)
		got := Arm(Spec{Arm: "main", Objectives: kept(tt.figure), Effects: []Effect{{Fault: "cut", Count: TriesFailed}}}, l.Arm)
		if got.Verdict != tt.want || !strings.Contains(got.Reason, tt.reason) {
			t.Errorf("%s: %s: %s, want %s: %s", tt.name, got.Verdict, got.Reason, tt.want, tt.reason)
		}
	}
	dead := &history.Arm{Name: "main", Plan: []history.PlannedOp{{Seq: 0}, {Seq: 1, DueS: 1}}, Record: history.ArmRecord{Load: history.Load{CeilingPerS: 1000}}}
	for i := range 2 {
		dead.Operations = append(dead.Operations, history.Operation{Seq: uint64(i), StartS: float64(i), LatencyS: 0.001, Error: "connection refused"})
	}
	got := Arm(Spec{Arm: "main", Objectives: kept("p99_due_s")}, dead)
	if got.Verdict != history.Inconclusive || !strings.Contains(got.Reason, "none of 2 operations was answered") {
		t.Errorf("a dead target: %s: %s", got.Verdict, got.Reason)
	}
}
