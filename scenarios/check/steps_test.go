package check

import (
	"math"
	"strings"
	"testing"

	"oalab/scenarios/account"
	"oalab/scenarios/figure"
	"oalab/scenarios/history"
	"oalab/scenarios/lab"
	"oalab/scenarios/stat"
)

// closedLoad makes the record of a closed load by simulation: servers that answer perS
// messages a second each, none in less than quickest, and clients that think between an
// answer and their next request.
type closedLoad struct {
	perS, quickest, thinkS float64
	// speed is how much faster that many nodes are than one server, nil: as many times.
	speed func(nodes int) float64
	// late is added to the time at which every third answer was written down.
	late float64
	// stalled is when nodes answer nothing, nil: never.
	stalled func(at float64) bool
}

func (c closedLoad) arm(steps ...history.Step) *history.Arm {
	l := lab.New()
	l.Record.Load.Model = account.ModelClosed
	clock, seq := 0.0, uint64(0)
	for _, s := range steps {
		s.FirstSeq = seq
		l.Record.Steps = append(l.Record.Steps, s)
		rate := c.perS * float64(max(s.Nodes, 1))
		if c.speed != nil {
			rate = c.perS * c.speed(s.Nodes)
		}
		ready := make([]float64, s.Clients) // when each client sends next
		for i := range ready {
			ready[i] = clock
		}
		free := clock // when the server has time for one more
		for range s.Requests {
			next := 0
			for i, at := range ready {
				if at < ready[next] {
					next = i
				}
			}
			start := ready[next]
			// The next takes a little more or less time than the one before.
			free = max(free, start) + (0.9+0.2*math.Abs(math.Sin(float64(seq))))/rate
			for s.Nodes > 0 && c.stalled != nil && c.stalled(free) {
				free += 0.01
			}
			end := max(start+c.quickest, free)
			ready[next] = end + c.thinkS
			op := history.Operation{Seq: seq, StartS: start, LatencyS: end - start, Status: 200}
			if seq%3 == 0 {
				op.LatencyS += c.late
			}
			l.Operations = append(l.Operations, op)
			l.Plan = append(l.Plan, history.PlannedOp{Seq: seq, Kind: history.KindText})
			clock = max(clock, end)
			seq++
		}
	}
	return l.Arm
}

// comparison is the steps of a small comparison of one server with two nodes.
func comparison() []history.Step {
	var steps []history.Step
	for _, clients := range []int{1, 2, 3, 4, 6, 8, 20, 50} {
		for _, nodes := range []int{0, 2} {
			steps = append(steps, history.Step{Nodes: nodes, Clients: clients, Requests: 600})
		}
	}
	return steps
}

func TestLittle(t *testing.T) {
	honest := closedLoad{perS: 200, quickest: 0.02}
	for name, tc := range map[string]struct {
		arm  *history.Arm
		want history.Verdict
		says string
	}{
		"clients that only wait":     {honest.arm(comparison()...), history.Pass, "all 16 steps"},
		"clients that think":         {closedLoad{perS: 200, quickest: 0.02, thinkS: 0.003}.arm(comparison()...), history.Fail, "clients are 1"},
		"answers written down late":  {closedLoad{perS: 200, quickest: 0.02, late: 0.02}.arm(comparison()...), history.Fail, "X·R"},
		"a step too short to judge":  {honest.arm(history.Step{Clients: 20, Requests: 50}), history.Inconclusive, "50 wanted"},
		"a step that was broken off": {broken(honest.arm(comparison()...)), history.Inconclusive, "0 operations ended"},
		"no steps":                   {lab.New().Arm, history.Inconclusive, "no steps"},
	} {
		if got := (Little{}).Check(tc.arm); got.Verdict != tc.want || !strings.Contains(got.Detail, tc.says) {
			t.Errorf("%s: %+v, want %s with %q", name, got, tc.want, tc.says)
		}
	}
}

// broken loses the end of the last step.
func broken(a *history.Arm) *history.Arm {
	a.Operations = a.Operations[:len(a.Operations)-100]
	return a
}

func TestScaleOut(t *testing.T) {
	for name, tc := range map[string]struct {
		load closedLoad
		want history.Verdict
	}{
		"in proportion":   {closedLoad{perS: 200, quickest: 0.02}, history.Pass},
		"no faster":       {closedLoad{perS: 200, quickest: 0.02, speed: func(int) float64 { return 1 }}, history.Fail},
		"slower":          {closedLoad{perS: 200, quickest: 0.02, speed: func(n int) float64 { return 1 / (1 + float64(n)) }}, history.Fail},
		"a tenth quicker": {closedLoad{perS: 200, quickest: 0.02, speed: func(n int) float64 { return 1 + float64(n)/20 }}, history.Pass},
	} {
		if got := (ScaleOut{Nodes: []int{2}}).Check(tc.load.arm(comparison()...)); got.Verdict != tc.want {
			t.Errorf("%s: %+v, want %s", name, got, tc.want)
		}
	}
	alone := closedLoad{perS: 200, quickest: 0.02}.arm(history.Step{Clients: 5, Requests: 600})
	if got := (ScaleOut{Nodes: []int{2}}).Check(alone); got.Verdict != history.Inconclusive {
		t.Errorf("without steps of two nodes: %+v, want inconclusive", got)
	}
}

// TestPeaks holds peaks and knees against the closed form: one server answers 200/s from
// 0.8·200·0.02 = 3.2 clients on.
func TestPeaks(t *testing.T) {
	a := closedLoad{perS: 200, quickest: 0.02}.arm(comparison()...)
	peaks := account.Peaks(a)
	if len(peaks) != 2 || peaks[0].Nodes != 0 || peaks[1].Nodes != 2 {
		t.Fatalf("%+v, want one server and two nodes", peaks)
	}
	near := func(name string, got stat.Interval, want float64) {
		t.Helper()
		if math.Abs(got.Value-want) > 0.06*want || got.Low > got.Value || got.High < got.Value || got.High-got.Low > 0.2*want {
			t.Errorf("%s is %+v, want about %g", name, got, want)
		}
	}
	mean := 0.9 + 0.2*2/math.Pi // of what the simulation takes for a message
	near("peak of one", peaks[0].PerS, 200/mean)
	near("peak of two", peaks[1].PerS, 400/mean)
	near("ratio", peaks[1].RateRatio, 2)
	near("knee of one", peaks[0].Knee, 0.8*200/mean*0.02)
	near("knee of two", peaks[1].Knee, 0.8*400/mean*0.02)
	near("ratio of knees", peaks[1].KneeRatio, 2)
	if peaks[0].RateRatio != (stat.Interval{}) || peaks[0].Done < 2000 {
		t.Errorf("%+v", peaks[0])
	}
	figures := figure.All(a, nil)
	for name, want := range map[string]float64{"peak_ratio_2": 2, "peak_per_s_1": 200 / mean, "knee_ratio_2": 2} {
		f := figureOf(figures, name)
		if f.CILow == nil || f.CIHigh == nil || math.Abs(f.Value-want) > 0.06*want || f.N < 2000 {
			t.Errorf("figure %s is %+v , want about %g with an interval", name, f, want)
		}
	}
	for _, l := range account.Levels(a) {
		if want := float64(l.Clients) / l.PerS.Value; math.Abs(l.MeanS.Value-want) > 0.05*want || l.MeanS.Low > l.MeanS.Value || l.MeanS.High < l.MeanS.Value {
			t.Errorf("level %+v: mean response time, want N/X = %g", l, want)
		}
	}
}

func figureOf(figures []history.Figure, name string) history.Figure {
	for _, f := range figures {
		if f.Name == name {
			return f
		}
	}
	return history.Figure{}
}

// TestCountersOfSteps reads what the kernel counted while a step was steady.
func TestCountersOfSteps(t *testing.T) {
	a := closedLoad{perS: 200, quickest: 0.02}.arm(history.Step{Clients: 10, Requests: 1000})
	for i := range 60 {
		at := float64(i) / 10
		for series, value := range map[string]float64{
			"machine.busy_s": 1.5 * at, "machine.time_s": 2 * at, "app1.cpu_s": at / 10, "app2.cpu_s": 0,
			"app1.periods": 50 * at, "app1.throttled": 20 * at, "app2.periods": at, "app2.throttled": at, "mysql.cpu_s": at,
		} {
			a.Samples = append(a.Samples, history.Sample{AtS: at, Probe: history.ProbeHost, Name: series, Value: value})
		}
	}
	s := account.Steps(a)[0]
	if math.Abs(s.Busy-0.75) > 1e-9 || math.Abs(s.Throttled-0.4) > 1e-9 {
		t.Errorf("busy %g and throttled %g, want 0.75 and 0.4", s.Busy, s.Throttled)
	}
	if f := figureOf(figure.All(a, nil), "machine_busy_max"); math.Abs(f.Value-0.75) > 1e-9 {
		t.Errorf("machine_busy_max is %+v, want 0.75", f)
	}
	if got := (Headroom{}).Check(a); got.Verdict != history.Pass || got.Checked != 1 || len(account.Peaks(a)) != 1 {
		t.Errorf("headroom of a machine that is busy to 75 %%: %+v, peaks %+v", got, account.Peaks(a))
	}
	for i := range a.Samples {
		if s := &a.Samples[i]; s.Name == "machine.busy_s" {
			s.Value = 1.8 * s.AtS
		}
	}
	if got := (Headroom{}).Check(a); got.Verdict != history.Inconclusive || len(account.Peaks(a)) != 0 {
		t.Errorf("headroom of a machine that is busy to 90 %%: %+v, peaks %+v; want it left out", got, account.Peaks(a))
	}
	for i, total := range []float64{100, 250, 400} {
		for outcome, share := range map[string]float64{"reply": 0.8, "default": 0.2} {
			a.Samples = append(a.Samples, history.Sample{
				AtS: float64(i + 1), Probe: "app1.metrics", Name: `oalab_callback_messages_total{outcome="` + outcome + `",type="text"}`, Value: share * total,
			})
		}
	}
	if got := account.Answered(a, 0, 2.5); len(got) != 1 || math.Abs(got["app1"]-150) > 1e-9 {
		t.Errorf("answered a second: %v, want 150 of app1", got)
	}
	a.Samples = nil
	if got := (Headroom{}).Check(a); got.Verdict != history.Inconclusive {
		t.Errorf("headroom of a machine that was not watched: %+v", got)
	}
	if s := account.Steps(a)[0]; !math.IsNaN(s.Busy) || !math.IsNaN(s.Throttled) {
		t.Errorf("without counters: busy %g and throttled %g, want none", s.Busy, s.Throttled)
	}
}
