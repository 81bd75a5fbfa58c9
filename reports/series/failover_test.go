package series_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"oalab/reports/series"
	"oalab/scenarios/history"
)

func storedPair(t *testing.T) series.Arm {
	t.Helper()
	a, err := history.LoadArm("../../scenarios/judge/testdata/failover", "main", true)
	if err != nil {
		t.Fatal(err)
	}
	return series.Of(a)
}

func TestFailover(t *testing.T) {
	f := storedPair(t).Failover
	if d := cmp.Diff([]string{"lb1", "lb2"}, f.Hosts); d != "" {
		t.Errorf("hosts (-want +got):\n%s", d)
	}
	var order []string
	byName := map[string]series.FaultCycles{}
	for _, of := range f.Faults {
		order = append(order, of.Fault)
		byName[of.Fault] = of
	}
	if d := cmp.Diff([]string{"kill-host", "kill-nginx", "freeze-host", "kill-server", "fail-back", "rejoin"}, order); d != "" {
		t.Errorf("faults (-want +got):\n%s", d)
	}
	kill := byName["kill-host"]
	if d := cmp.Diff([]float64{0.26, 0.31}, kill.Outages(), near); d != "" {
		t.Errorf("outages of kill-host (-want +got):\n%s", d)
	}
	shown := kill.Shown
	if shown.Number != 1 || shown.Of != 2 || math.Abs(shown.FromS+0.2) > 1e-9 || math.Abs(shown.ToS-0.66) > 1e-9 {
		t.Errorf("cycle %d of %d over %g to %g, want 1 of 2 over -0.2 to 0.66", shown.Number, shown.Of, shown.FromS, shown.ToS)
	}
	type mark struct {
		Name string
		AtMS float64
	}
	var marks []mark
	for _, m := range shown.Marks {
		marks = append(marks, mark{m.Name, math.Round(1000 * m.AtS)})
	}
	if d := cmp.Diff([]mark{{"taken over", 252}, {"answers again", 260}, {"first client served", 269}}, marks); d != "" {
		t.Errorf("moments (-want +got):\n%s", d)
	}
	held := [][]series.HeldSpan{
		{{FromS: -0.2, ToS: 0}, {ToS: 0.15, OutOfReach: true}},
		{{FromS: 0.252, ToS: 0.66}},
	}
	if d := cmp.Diff(held, shown.Holds, near); d != "" {
		t.Errorf("holders of the address (-want +got):\n%s", d)
	}
	states := [][]series.StateSpan{
		{{FromS: -0.2, State: history.VRRPMaster}, {ToS: 0.66, State: series.StateOutOfReach}},
		{{FromS: -0.2, ToS: 0.25, State: history.VRRPBackup}, {FromS: 0.25, ToS: 0.66, State: history.VRRPMaster}},
	}
	if d := cmp.Diff(states, shown.States, near); d != "" {
		t.Errorf("what keepalived said (-want +got):\n%s", d)
	}
	failed, answered := 0, map[int]int{}
	for _, p := range shown.Probes {
		if p.Node == 0 {
			failed++
		}
		answered[p.Node]++
	}
	if failed != 26 || answered[1] < 19 || answered[2] < 38 {
		t.Errorf("probes by node %v", answered)
	}
	tries := 0
	for _, x := range shown.Tries {
		tries += x.OK + x.Failed
	}
	if tries == 0 || shown.TriesOverS != 0.01 {
		t.Errorf("%d tries over %g s", tries, shown.TriesOverS)
	}
	if p := kill.Prediction; p == nil || p.Law != history.LawUniform {
		t.Errorf("prediction of kill-host: %+v", p)
	}
	if byName["kill-server"].Prediction != nil {
		t.Error("kill-server has a prediction")
	}
}

func TestFailoverOfOtherArms(t *testing.T) {
	l := newLab(10)
	l.push(1, 1, 0.1)
	s := series.Of(&l.Arm)
	if len(s.Failover.Faults) > 0 || len(s.Shares.Names) > 0 {
		t.Errorf("an arm without a virtual IP has %+v, %+v", s.Failover, s.Shares)
	}
}

// TestWriting: the failover of a pair of masters is that of the group of tables whose home
// was hit, as its canary saw it.
func TestWriting(t *testing.T) {
	l := newLab(10)
	l.push(1, 1, 0.1)
	for i := range 300 {
		at := float64(i) / 50
		s := history.Sample{AtS: at, Probe: history.ProbeCanary + "." + history.GroupCore}
		if at > 2 && at < 3 {
			s.Error = "invalid connection"
			l.Samples = append(l.Samples, s)
			continue
		}
		s.Name, s.Value = history.SeriesValue, float64(i)
		answer := s
		answer.Name, answer.Value = history.SeriesAnswer, 0.001
		l.Samples = append(l.Samples, s, answer)
	}
	for _, c := range []struct {
		at, value float64
		host      string
	}{{0, 1, "mysql1"}, {0, 0, "mysql2"}, {2.01, 0, "mysql1"}, {2.4, 1, "mysql2"}} {
		l.Samples = append(l.Samples, history.Sample{AtS: c.at, Probe: history.ProbeHolds + "." + history.GroupCore, Name: c.host, Value: c.value})
	}
	l.Record.Windows = []history.Window{{Fault: history.FaultKillMaster, Target: "mysql1", PlannedFromS: 2, BegunS: 2, FromS: 2.2, ToS: 4, HealedS: 5}}
	l.Record.Predictions = []history.Prediction{
		{Fault: history.FaultKillMaster, Probe: history.ProbeLoss}, {Fault: history.FaultKillMaster, Probe: history.ProbeCanary, HighS: 1.5},
	}
	f := series.Of(&l.Arm).Failover
	if !f.Writes || len(f.Faults) != 1 || f.Faults[0].Prediction == nil || f.Faults[0].Prediction.HighS != 1.5 {
		t.Fatalf("failover of masters: %+v", f)
	}
	if d := cmp.Diff([]string{"mysql1", "mysql2"}, f.Hosts); d != "" {
		t.Errorf("hosts (-want +got):\n%s", d)
	}
	shown := f.Faults[0].Shown
	if d := cmp.Diff([]float64{1}, f.Faults[0].Outages(), near); d != "" || shown.States != nil {
		t.Errorf("states %v, outages (-want +got):\n%s", shown.States, d)
	}
	if d := cmp.Diff([]series.Moment{{AtS: 0.399, Name: "taken over"}, {AtS: 1, Name: "acknowledged again"}}, shown.Marks, near); d != "" {
		t.Errorf("moments (-want +got):\n%s", d)
	}
	if d := cmp.Diff([][]series.HeldSpan{
		{{FromS: shown.FromS, ToS: -0.001}, {FromS: -0.001, ToS: 0.009, OutOfReach: true}}, {{FromS: 0.399, ToS: shown.ToS}},
	}, shown.Holds, near); d != "" {
		t.Errorf("holders of the address (-want +got):\n%s", d)
	}
}

func TestShares(t *testing.T) {
	s := storedPair(t).Shares
	if d := cmp.Diff([]string{"app1", "app2", "app3"}, s.Names); d != "" {
		t.Errorf("names (-want +got):\n%s", d)
	}
	at := func(seconds float64) []float64 { return s.Over[int(seconds/s.Cut.StepS)] }
	third := []float64{1. / 3, 1. / 3, 1. / 3}
	for _, tt := range []struct {
		at   float64
		want []float64
	}{{10, third}, {19, []float64{0.5, 0, 0.5}}, {23, third}} {
		if d := cmp.Diff(tt.want, at(tt.at), cmpopts.EquateApprox(0, 0.08)); d != "" {
			t.Errorf("shares at %g s (-want +got):\n%s", tt.at, d)
		}
	}
	if s.Over[len(s.Over)-1] != nil {
		t.Error("there are shares after the load")
	}
}
