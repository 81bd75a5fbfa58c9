package check

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"oalab/scenarios/account"
	"oalab/scenarios/history"
	"oalab/scenarios/lab"
)

// approx compares seconds to the microsecond; NaN equals NaN.
var approx = cmp.Options{cmpopts.EquateApprox(0, 1e-6), cmpopts.EquateNaNs()}

func TestCycles(t *testing.T) {
	p := lab.NewPair(30, 50)
	p.Blow(history.FaultKillHost, 3.004, 3, 0.25)
	p.Blow(history.FaultFreezeHost, 10, 3, 0.29)
	p.Blow(history.FaultStopHost, 17, 3, 0)
	p.Blow(history.FaultKillNginx, 24, 3, 0.16)
	type row struct {
		Fault                               string
		Begin, End, Probe, Due              float64
		Failed                              int
		Detect, TakeOver, Reconnect, Replay float64
	}
	nan := math.NaN()
	var got []row
	for _, c := range account.Cycles(p.End()) {
		got = append(got, row{c.Fault, c.BeginS, c.EndS, c.ProbeS, c.DueS, c.Probe.Failed, c.DetectS, c.TakeOverS, c.ReconnectS, c.ReplayS})
		if c.TriesFailed > 0 != (c.ClientsS > 0) {
			t.Errorf("%s: %d tries failed, outage of clients %g s", c.Fault, c.TriesFailed, c.ClientsS)
		}
	}
	want := []row{
		{"kill-host", 2.754, 6.004, 0.25, 0.28, 25, 0.236, 0.014, 0.010, 4.946},
		{"fail-back", 6.004, 7.354, 0, 0, 0, nan, nan, nan, nan},
		{"freeze-host", 9.75, 13, 0.29, 0.32, 29, 0.282, 0.008, 0.020, 4.986},
		{"rejoin", 13, 14.04, 0, 0, 0, nan, nan, nan, nan},
		{"stop-host", 16.75, 20, 0, 0, 0, nan, nan, nan, nan},
		{"fail-back", 20, 21.35, 0, 0, 0, nan, nan, nan, nan},
		{"kill-nginx", 23.75, 27, 0.16, 0.18, 16, 0.152, 0.008, 0.010, 4.966},
		{"fail-back", 27, 28.35, 0, 0, 0, nan, nan, nan, nan},
	}
	if d := cmp.Diff(want, got, approx); d != "" {
		t.Errorf("cycles (-want +got):\n%s", d)
	}
}

// A fault that had to wait for the one before begins when it was injected, not when it was
// planned: what was felt in between was not its doing.
func TestCycleOfALateFault(t *testing.T) {
	p := lab.NewPair(30, 50)
	p.Blow(history.FaultKillHost, 3.004, 3, 0.25)
	p.Blow(history.FaultFreezeHost, 10, 3, 0.29)
	a := p.End()
	late := &a.Record.Windows[1]
	late.BegunS, late.PlannedFromS = late.PlannedFromS, 7
	cycles := account.Cycles(a)
	if c := cycles[2]; c.Fault != history.FaultFreezeHost || c.BeginS != 10-account.LeadS {
		t.Errorf("%s begins at %g s, want freeze-host at %g s", c.Fault, c.BeginS, 10-account.LeadS)
	}
}

func TestCyclesWithoutProbe(t *testing.T) {
	l := lab.New()
	l.Send(history.KindText, 1, lab.OKTry("a"))
	l.Window(history.FaultKillHost, 1, 2)
	if got := account.Cycles(l.Arm); got != nil {
		t.Errorf("cycles without a probe: %v", got)
	}
	p := lab.NewPair(20, 20)
	p.Blow(history.FaultKillHost, 5, 3, 0.3)
	arm := p.End()
	kept := arm.Samples[:0]
	for i, s := range arm.Samples {
		if s.Probe != history.ProbeVIP || i%3 == 0 {
			kept = append(kept, s)
		}
	}
	arm.Samples = kept
	arm.Record.Windows = append(arm.Record.Windows, history.Window{Fault: history.FaultCutHost, ToS: 15, HealedS: 15, Error: "no effect was seen"})
	if n := len(account.Cycles(arm)); n != 2 {
		t.Errorf("%d cycles, want the fault and the way back", n)
	}
	if got := account.Cycles(arm)[0]; !math.IsNaN(got.ProbeS) || got.Asked == 0 || got.ClientsS == 0 {
		t.Errorf("a probe that asked at a third of its pace knows an outage of %g s", got.ProbeS)
	}
}

// TestUnexplainedTries: what breaks when the address moves is what was open; what
// fails without a reason must be seen.
func TestUnexplainedTries(t *testing.T) {
	for _, tt := range []struct {
		name      string
		open      float64 // connections, NaN: they are not counted
		fail      int     // tries that fail after the outage
		want, way float64 // of the fault and of its fail-back
	}{
		{"all are explained", 40, 0, 0, 0},
		{"as many as were open", 5, 5, 0, 0},
		{"one more than were open", 5, 6, 1, 0},
		{"nothing was open", 0, 3, 3, 0},
		{"not counted", math.NaN(), 3, math.NaN(), math.NaN()},
	} {
		p := lab.NewPair(12, 50)
		p.Blow(history.FaultKillHost, 3, 3, 0.25)
		for i := range 120 {
			if !math.IsNaN(tt.open) {
				p.Word(history.ProbeGenerator, history.SeriesConnections, float64(i)/10, tt.open)
			}
		}
		for i := range tt.fail {
			p.Send(history.KindText, 4+float64(i)/10, lab.TimedOutTry(), lab.OKTry("<xml>a</xml>"))
		}
		cycles := account.Cycles(p.End())
		got := []float64{cycles[0].TriesUnexplained, cycles[1].TriesUnexplained}
		if d := cmp.Diff([]float64{tt.want, tt.way}, got, approx); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, d)
		}
	}
}

func TestFailBacks(t *testing.T) {
	build := func(change func(*lab.Pair)) *history.Arm {
		p := lab.NewPair(20, 10)
		p.Blow(history.FaultKillHost, 5, 3, 0.3)
		change(p)
		return p.End()
	}
	drop := func(p *lab.Pair, host string, value float64) {
		kept := p.Samples[:0]
		for _, s := range p.Samples {
			if s.Probe != history.ProbeAddress || s.Name != host || s.AtS < 8 || s.Value != value {
				kept = append(kept, s)
			}
		}
		p.Samples = kept
	}
	for _, tt := range []struct {
		name   string
		change func(*lab.Pair)
		want   []float64 // from, to
	}{
		{"home 0.35 s after the window", func(*lab.Pair) {}, []float64{8, 8.35}},
		{"it stays where it is", func(p *lab.Pair) { drop(p, "lb1", 1); drop(p, "lb2", 0) }, nil},
		{"both keep it", func(p *lab.Pair) { drop(p, "lb2", 0) }, nil},
		{"the next blow comes first", func(p *lab.Pair) { p.Window(history.FaultCutHost, 8.2, 9) }, nil},
		{"recorded by the runner", func(p *lab.Pair) { p.Window(history.FaultFailBack, 8, 9) }, nil},
		{"never in effect", func(p *lab.Pair) {
			p.Record.Windows[0].FromS, p.Record.Windows[0].Error = 0, "no effect was seen"
		}, nil},
		{"not a fault of a host", func(p *lab.Pair) { p.Record.Windows[0].Target = "mysql" }, nil},
	} {
		var got []float64
		for _, w := range account.FailBacks(build(tt.change)) {
			got = append(got, w.FromS, w.ToS)
			if w.Target != "lb1" || w.Arm != "main" || w.PlannedFromS != 8 {
				t.Errorf("%s: %+v", tt.name, w)
			}
		}
		if d := cmp.Diff(tt.want, got, approx); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, d)
		}
	}
}
