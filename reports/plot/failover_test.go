package plot

import (
	"math"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"

	"oalab/reports/series"
	"oalab/scenarios/account"
	"oalab/scenarios/history"
)

// failovers is an arm with one fault inside of its prediction, one outside, and one of
// which nothing is known.
func failovers() series.Failover {
	cycle := func(fault string, outage float64) account.Cycle {
		return account.Cycle{Window: history.Window{Fault: fault, Target: "lb<1>"}, Probe: account.Stretch{ToS: outage, Failed: int(100 * outage)}, ProbeS: outage}
	}
	line := series.Timeline{
		Number: 1, Of: 2, Zero: "the first request without an answer", FromS: -0.2, ToS: 0.7, Fault: series.Span{FromS: 0.1, ToS: 0.7},
		Holds: [][]series.HeldSpan{
			{{FromS: -0.2, ToS: 0}, {ToS: 0.1, OutOfReach: true}, {FromS: 0.5, ToS: 0.7}},
			{{FromS: 0.25, ToS: 0.6}},
		},
		States: [][]series.StateSpan{
			{{FromS: -0.2, State: history.VRRPMaster}, {ToS: 0.7, State: series.StateOutOfReach}},
			{{FromS: -0.2, ToS: 0.24, State: history.VRRPBackup}, {FromS: 0.24, ToS: 0.5, State: history.VRRPMaster}, {FromS: 0.5, ToS: 0.6, State: history.VRRPFault}, {FromS: 0.6, ToS: 0.7, State: history.VRRPStopped}},
		},
		Probes:     []series.Probe{{AtS: -0.1, Node: 1}, {AtS: 0}, {AtS: 0.001}, {AtS: 0.26, Node: 2}},
		Tries:      []series.Tries{{FromS: -0.1, OK: 2}, {FromS: 0.1, Failed: 3}},
		TriesOverS: 0.01,
		Marks:      []series.Moment{{AtS: 0.25, Name: "taken over"}, {AtS: 0.69, Name: "answers again"}},
	}
	line.Cycle = cycle("kill-host", 0.26)
	unknown := cycle("cut-host", math.NaN())
	unknown.Probe = account.Stretch{}
	return series.Failover{Hosts: []string{"lb<1>", "lb2"}, Faults: []series.FaultCycles{
		{
			Fault: "kill-host", Cycles: []account.Cycle{line.Cycle, cycle("kill-host", 0.9)}, Shown: line,
			Prediction: &history.Prediction{Fault: "kill-host", Law: history.LawUniform, LowS: 0.19, HighS: 0.39, LawLowS: 0.2, LawHighS: 0.3},
		},
		{Fault: "stop-host", Cycles: []account.Cycle{cycle("stop-host", 0)}, Shown: line, Prediction: &history.Prediction{HighS: 0.1, LawLowS: 0.01, LawHighS: 0.01}},
		{Fault: "cut-host", Cycles: []account.Cycle{unknown}, Shown: series.Timeline{Cycle: unknown, FromS: -0.2, ToS: 0.4, Holds: make([][]series.HeldSpan, 2), States: make([][]series.StateSpan, 2)}},
	}}
}

// TestFailoverFigures: the figures are drawn, wide and narrow, with much, little and
// nothing to show, and name what they show.
func TestFailoverFigures(t *testing.T) {
	limits := []OutageLimit{{Fault: "kill-host", Name: "outage_probe_s ≤ 0.4 s", Value: 0.4}, {Fault: "stop-host", Name: "far away", Value: 50}}
	for _, width := range []vg.Length{Wide, Narrow} {
		for name, tt := range map[string]struct {
			d    Drawing
			want []string
		}{
			"time line": {Failover(failovers(), width), []string{
				">kill-host, cycle 1 of 2: out for 260 ms<", ">lb&lt;1&gt; has address<", ">lb2 keepalived<", ">probe<", ">out of reach<",
				">taken over +250 ms<", ">answers again +690 ms<", ">cut-host, cycle 0 of 0: no request failed<",
			}},
			"outages": {Outages(failovers(), limits, width), []string{
				">kill-host (2)<", ">cut-host (0)<", ">outage_probe_s ≤ 0.4 s<", ">outage by the probe of the virtual IP, seconds<",
				">cross: outside of what was predicted<", ">closed form of the settings<",
			}},
			"writing": {Failover(written(), width), []string{
				">Writing from near<", ">kill-host, cycle 1 of 2: nothing acknowledged for 260 ms<", ">canary<", ">cut-host, cycle 0 of 0: no write was missed<",
			}},
			"outages of writing": {Outages(written(), limits, width), []string{
				">longest time without an acknowledged write, seconds<", ">far away →<",
			}},
			"no failover": {Failover(series.Failover{}, width), []string{">Failover from near<"}},
			"no outages":  {Outages(series.Failover{}, nil, width), []string{">Outages of each fault<"}},
			"shares": {Shares(series.Arm{EndS: 1, Shares: series.Shares{
				Names: []string{"app1", "app<2>"}, Cut: series.CutFor(1), Over: [][]float64{{0.5, 0.5}, nil, {1, 0}, nil},
			}}, Lanes{}, width), []string{">app1<", ">app&lt;2&gt;<", ">share of requests, %<"}},
			"bands": {Bands(scaled(), Lanes{}, width), []string{">requests/s of lb1<", ">open connections of lb2<", ">250<", ">10000<"}},
			"pools": {PoolSizes(scaled(), Lanes{}, width), []string{">app servers in use<", ">lb1<", ">5<"}},
		} {
			doc, err := SVG(tt.d)
			if err != nil {
				t.Errorf("%s at %g: %v", name, width, err)
				continue
			}
			s := string(doc)
			for _, want := range tt.want {
				if !strings.Contains(s, want) {
					t.Errorf("%s at %g lacks %q", name, width, want)
				}
			}
			if strings.Contains(s, "NaN") || strings.Contains(s, "Inf") {
				t.Errorf("%s at %g holds a number that is none", name, width)
			}
		}
	}
}

// written is the same for masters, without states of Keepalived.
func written() series.Failover {
	f := failovers()
	f.Writes = true
	for i := range f.Faults {
		f.Faults[i].Shown.States = nil
	}
	return f
}

// scaled is a pair that sized its pools, with rates that are not known and a silence.
func scaled() series.Arm {
	look := func(at, perS float64, pool int) account.PoolLook {
		return account.PoolLook{AtS: at, PerS: perS, Values: map[string]float64{history.SeriesAppServers: float64(pool), history.SeriesActive: 3}}
	}
	return series.Arm{EndS: 9, Pools: series.Pools{
		Hosts: []series.PoolOver{
			{Host: "lb1", Looks: []account.PoolLook{look(0, math.NaN(), 1), look(1, 0, 1), look(2, 12_000, 5), look(8, math.NaN(), 5)}},
			{Host: "lb2", Looks: []account.PoolLook{look(0, math.NaN(), 1)}},
		},
		Scaling: history.Scaling{Bands: []history.ScalingBand{{FromPerS: 0, Servers: 1}, {FromPerS: 250, Servers: 2}, {FromPerS: 10_000, Servers: 5}}},
	}}
}

// TestManyProbesAreFewBoxes: a long outage does not make a large file.
func TestManyProbesAreFewBoxes(t *testing.T) {
	f := failovers()
	line := &f.Faults[0].Shown
	line.ToS, line.Probes = 10, nil
	for i := range 1000 {
		line.Probes = append(line.Probes, series.Probe{AtS: float64(i) / 100})
	}
	doc, err := SVG(Failover(f, Wide))
	if err != nil {
		t.Fatal(err)
	}
	if len(doc) > 60_000 {
		t.Errorf("%d bytes for a thousand requests that all failed", len(doc))
	}
}
