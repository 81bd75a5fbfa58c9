package series_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	wl "oalab/mockwechat/ledger"
	"oalab/reports/series"
	"oalab/scenarios/account"
	"oalab/scenarios/history"
)

var base = time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)

func at(s float64) time.Time { return base.Add(time.Duration(math.Round(s * 1e9))) }

// lab builds an arm by hand.
type lab struct{ history.Arm }

func newLab(length float64) *lab {
	return &lab{history.Arm{Name: "main", Record: history.ArmRecord{
		Arm: "main", Base: base, Load: history.Load{Model: "open", DurationS: length, MaxWorkers: 10},
	}}}
}

// push plans a message and lets it be sent and answered in one good try.
func (l *lab) push(due, start, took float64) {
	seq := l.plan(due)
	l.Operations = append(l.Operations, history.Operation{Seq: seq, StartS: start, LatencyS: took, Status: 200})
	l.try(wl.Delivery{At: at(start), Seq: seq, Try: 1, TookS: took, Status: 200, OK: true, Reply: "success"})
}

func (l *lab) plan(due float64) uint64 {
	seq := uint64(len(l.Plan))
	l.Plan = append(l.Plan, history.PlannedOp{Seq: seq, DueS: due, Kind: history.KindText, OpenID: "o1"})
	return seq
}

func (l *lab) try(d wl.Delivery) {
	d.Attack, d.OpenID = "main", "o1"
	l.Deliveries = append(l.Deliveries, d)
}

var near = cmpopts.EquateApprox(1e-9, 1e-9)

func TestCut(t *testing.T) {
	for _, c := range []struct {
		end  float64
		want series.Cut
	}{
		{0, series.Cut{StepS: 0.25, N: 1}},
		{1, series.Cut{StepS: 0.25, N: 4}},
		{59.8, series.Cut{StepS: 0.25, N: 240}},
		{100, series.Cut{StepS: 0.5, N: 200}},
		{600, series.Cut{StepS: 1, N: 600}},
		{3600, series.Cut{StepS: 1, N: 3600}},
		{4 * 3600, series.Cut{StepS: 4, N: 3600}},
	} {
		if d := cmp.Diff(c.want, series.CutFor(c.end)); d != "" {
			t.Errorf("CutFor(%g) (-want +got):\n%s", c.end, d)
		}
	}
}

// TestRates: an operation is offered when it is due and completed when it ends.
func TestRates(t *testing.T) {
	l := newLab(1)
	l.push(0, 0, 0.01)
	l.push(0.1, 0.1, 0.5) // ends at 0.6
	l.plan(0.2)           // dropped
	seq := l.plan(0.3)    // refused three times: failed
	l.Operations = append(l.Operations, history.Operation{Seq: seq, StartS: 0.3, LatencyS: 0.2, Status: 503})
	l.try(wl.Delivery{At: at(0.3), Seq: seq, Try: 1, Refused: true})
	got := series.Of(&l.Arm)
	want := []series.Rate{
		{FromS: 0, Offered: 12, Completed: 4, Outcomes: map[account.Outcome]int{account.OutcomeOK: 2, account.OutcomeDropped: 1}},
		{FromS: 0.25, Offered: 4, Outcomes: map[account.Outcome]int{account.OutcomeFailed: 1}},
		{FromS: 0.5, Completed: 4, Outcomes: map[account.Outcome]int{}},
		{FromS: 0.75, Outcomes: map[account.Outcome]int{}},
	}
	if d := cmp.Diff(want, got.Rates, near); d != "" {
		t.Errorf("rates (-want +got):\n%s", d)
	}
	if got.Rates[0].Lost() != 1 || got.Rates[1].Lost() != 1 || got.Rates[2].Lost() != 0 {
		t.Error("lost operations are counted wrongly")
	}
}

// TestLatencyHasNoCoordinatedOmission: a late start counts in due, not in sent.
func TestLatencyHasNoCoordinatedOmission(t *testing.T) {
	l := newLab(1)
	for i := range 99 {
		l.push(float64(i)*0.002, float64(i)*0.002, 0.010)
	}
	l.push(0.2, 0.7, 0.010) // half a second late
	l.push(0.5, 0.5, 0.020)
	got := series.Of(&l.Arm).Latency
	first, firstSent := got.Due[0], got.Sent[0]
	if first.N != 100 || firstSent.N != 100 {
		t.Fatalf("%d and %d observations in the first interval, want 100", first.N, firstSent.N)
	}
	about := func(name string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 0.001*want {
			t.Errorf("%s is %g, want %g to three digits", name, got, want)
		}
	}
	about("p50 due", first.P50, 0.010)
	about("max due", first.Max, 0.510)
	about("max sent", firstSent.Max, 0.010)
	about("p50 of the third interval", got.Due[2].P50, 0.020)
	if got.Due[1].N != 0 || got.Due[3].N != 0 {
		t.Error("an empty interval has observations")
	}
	if got.AllDue.N() != 101 {
		t.Errorf("%d observations in all, want 101", got.AllDue.N())
	}
	about("p99.9 of all", got.AllDue.Quantile(0.999), 0.510)
	about("mean due", got.MeanDue, (99*0.010+0.510+0.020)/101)
	about("mean sent", got.MeanSent, (100*0.010+0.020)/101)
}

func TestDistribution(t *testing.T) {
	d := series.Distributed(0.001, 0.001, 0.002, 4)
	want := []series.Point{{ValueS: 0.001, Share: 0.5}, {ValueS: 0.002, Share: 0.75}, {ValueS: 4, Share: 1}}
	if diff := cmp.Diff(want, d.Points(), cmpopts.EquateApprox(1e-3, 0)); diff != "" {
		t.Errorf("points (-want +got):\n%s", diff)
	}
	var none series.Distribution
	if none.N() != 0 || none.Points() != nil || !math.IsNaN(none.Quantile(0.5)) {
		t.Error("an empty distribution says something")
	}
	if got := series.Distributed(-1, 1e9); got.N() != 2 {
		t.Errorf("values beyond the range are lost: %d of 2", got.N())
	}
}

func TestErrorClasses(t *testing.T) {
	l := newLab(1)
	seq := l.plan(0)
	for i, d := range []wl.Delivery{
		{Refused: true},
		{Status: 0},
		{TimedOut: true},
		{TimedOut: true, Lost: true, Status: 200},
		{Status: 502},
		{Status: 403},
		{Status: 200, Error: "not valid"},
		{Status: 200, OK: true},
	} {
		d.Seq, d.Try, d.At = seq, 1, at(0.1*float64(i))
		l.try(d)
	}
	byHand := wl.Delivery{At: at(0.5), Refused: true} // not of this load
	l.Deliveries = append(l.Deliveries, byHand)
	got := series.Of(&l.Arm).Errors
	want := map[series.Class]int{}
	for _, c := range series.Classes() {
		want[c] = 1
	}
	if d := cmp.Diff(want, got.Total); d != "" {
		t.Errorf("totals (-want +got):\n%s", d)
	}
	if d := cmp.Diff(map[series.Class]int{series.ClassRefused: 1, series.ClassCut: 1, series.ClassTimeout: 1}, got.Over[0]); d != "" {
		t.Errorf("first interval (-want +got):\n%s", d)
	}
	if got.Of != "tries" || math.Abs(got.First[series.ClassServer]-0.4) > 1e-9 || len(got.Seen()) != 7 {
		t.Errorf("of %q, first server error at %g, seen %v", got.Of, got.First[series.ClassServer], got.Seen())
	}
}

func TestErrorClassesOfBareRequests(t *testing.T) {
	l := newLab(1)
	for i, o := range []history.Operation{
		{Status: 200}, {Status: 500}, {Error: "dial tcp: connection refused"}, {Error: "context deadline exceeded"}, {Error: "EOF"}, {Status: 404},
	} {
		l.Plan = append(l.Plan, history.PlannedOp{Seq: uint64(i), DueS: 0.1 * float64(i)})
		o.Seq, o.StartS = uint64(i), 0.1*float64(i)
		l.Operations = append(l.Operations, o)
	}
	got := series.Of(&l.Arm).Errors
	want := map[series.Class]int{
		series.ClassServer: 1, series.ClassRefused: 1, series.ClassTimeout: 1, series.ClassCut: 1, series.ClassClient: 1,
	}
	if d := cmp.Diff(want, got.Total); d != "" || got.Of != "requests" {
		t.Errorf("totals of %s (-want +got):\n%s", got.Of, d)
	}
}
