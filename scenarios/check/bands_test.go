package check

import (
	"strings"
	"testing"

	"oalab/scenarios/figure"
	"oalab/scenarios/history"
)

// scene writes the samples of a pair: what each load balancer gets per second, the pools,
// and the holder of the address, second by second with two readings in each.
type scene struct {
	arm      *history.Arm
	requests map[string]float64
	now      float64
	holder   string
}

func newScene(path []history.ScalingBand) *scene {
	s := &scene{arm: &history.Arm{}, requests: map[string]float64{"lb1": 100_000, "lb2": 5}}
	s.arm.Record.Scaling = &history.Scaling{Bands: path, EveryS: 1, HoldS: 6, Margin: 0.1}
	return s
}

// hold moves the address.
func (s *scene) hold(host string) {
	for _, h := range []string{"lb1", "lb2"} {
		value := 0.0
		if h == host {
			value = 1
		}
		s.arm.Samples = append(s.arm.Samples, history.Sample{AtS: s.now, Probe: history.ProbeAddress, Name: h, Value: value})
	}
	s.holder = host
}

// run lets time pass with a rate at the holder and the pools of both; a pool of 0 is a
// host that does not answer.
func (s *scene) run(seconds int, perS float64, pool1, pool2 int) *scene {
	if s.holder == "" {
		s.hold("lb1")
	}
	for range 2 * seconds {
		for host, pool := range map[string]int{"lb1": pool1, "lb2": pool2} {
			add := 3.0
			if host == s.holder {
				add = perS / 2
			}
			s.requests[host] += add
			if pool == 0 {
				s.arm.Samples = append(s.arm.Samples, history.Sample{AtS: s.now, Probe: host + ".nginx", Error: "no answer"})
				continue
			}
			for name, v := range map[string]float64{history.SeriesRequests: s.requests[host], history.SeriesAccepts: s.requests[host], history.SeriesHandled: s.requests[host], history.SeriesAppServers: float64(pool)} {
				s.arm.Samples = append(s.arm.Samples, history.Sample{AtS: s.now, Probe: host + ".nginx", Name: name, Value: v})
			}
		}
		s.now += 0.5
	}
	s.arm.Record.Load.DurationS = s.now
	return s
}

func TestBands(t *testing.T) {
	t.Parallel()
	bands := []history.ScalingBand{{FromPerS: 0, Servers: 1}, {FromPerS: 100, Servers: 2}, {FromPerS: 200, Servers: 3}}
	begin := func() *scene { return newScene(bands) }
	for _, tc := range []struct {
		name  string
		scene *scene
		check Bands
		want  history.Verdict
		says  string
	}{
		{
			"up and down", begin().run(10, 50, 1, 1).run(1, 150, 1, 1).run(9, 150, 2, 2).run(1, 250, 2, 2).run(9, 250, 3, 3).
				run(7, 150, 3, 3).run(5, 150, 2, 2).run(7, 50, 2, 2).run(5, 50, 1, 1),
			Bands{Path: []int{1, 2, 3, 2, 1}},
			history.Pass, "pools of [1 2 3 2 1] servers",
		},
		{
			"not grown", begin().run(10, 50, 1, 1).run(10, 150, 1, 1),
			Bands{},
			history.Fail,
			"lb1 uses 1 app servers, the rate has asked for 2",
		},
		{
			"the pool of the backup is not that of the holder", begin().run(10, 50, 1, 1).run(1, 150, 1, 1).run(10, 150, 2, 1), Bands{}, history.Pass, "",
		},
		{
			"not shrunk", begin().run(10, 150, 2, 2).run(20, 50, 2, 2),
			Bands{},
			history.Fail,
			"uses 2 app servers, the rate has asked for 1 at most",
		},
		{
			"within the margin it may stay", begin().run(10, 150, 2, 2).run(20, 95, 2, 2), Bands{}, history.Pass, "",
		},
		{
			"while a partner is silent it may stay", begin().run(10, 150, 2, 2).run(20, 50, 2, 0), Bands{}, history.Pass, "",
		},
		{
			"shrunk at once", begin().run(10, 150, 2, 2).run(2, 50, 2, 2).run(10, 50, 1, 1),
			Bands{},
			history.Fail,
			"goes down to 1 app servers, the rate asked for 2 within the hold",
		},
		{
			"flapping", begin().run(10, 150, 2, 2).run(8, 50, 2, 2).run(3, 50, 1, 1).run(1, 150, 1, 1).run(5, 150, 2, 2),
			Bands{Path: []int{2, 1}},
			history.Fail, "the pool had [2 1 2] servers in turn, wanted [2 1]",
		},
		{
			"a take-over onto a small pool", func() *scene {
				s := begin().run(10, 150, 2, 1)
				s.hold("lb2")
				return s.run(1, 150, 0, 1).run(10, 150, 0, 2)
			}(), Bands{TakeOvers: 1}, history.Fail, "lb2 took the address over at 10.0 s with 1 app servers, lb1 had used 2",
		},
		{
			"a take-over onto the same pool", func() *scene {
				s := begin().run(10, 150, 2, 2)
				s.hold("lb2")
				return s.run(11, 150, 0, 2)
			}(), Bands{TakeOvers: 1}, history.Pass, "1 take-overs",
		},
		{"no take-over", begin().run(20, 150, 2, 2), Bands{TakeOvers: 1}, history.Inconclusive, "moved 0 times, 1 wanted"},
		{"too few readings", begin().run(5, 150, 2, 2), Bands{}, history.Inconclusive, "10 readings"},
		{
			"a counter that begins anew", func() *scene {
				s := begin().run(15, 150, 2, 2)
				s.requests["lb1"] = 0
				return s.run(15, 150, 2, 2)
			}(), Bands{Path: []int{2}}, history.Pass, "",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := tc.check.Check(tc.scene.arm)
			if f.Verdict != tc.want || !strings.Contains(f.Detail, tc.says) || f.Verdict == history.Fail && f.Violations == 0 {
				t.Errorf("%s with %d violations of %d: %s; want %s, %q", f.Verdict, f.Violations, f.Checked, f.Detail, tc.want, tc.says)
			}
		})
	}
	for name, a := range map[string]*history.Arm{
		"without scaling":  {},
		"without readings": {Record: history.ArmRecord{Scaling: &history.Scaling{Bands: bands}}},
	} {
		if f := (Bands{}).Check(a); f.Verdict != history.Inconclusive {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

// TestScalingFigures: what the load was to the scalers.
func TestScalingFigures(t *testing.T) {
	t.Parallel()
	bands := []history.ScalingBand{{FromPerS: 0, Servers: 1}, {FromPerS: 100, Servers: 2}, {FromPerS: 200, Servers: 3}}
	figures := func(s *scene) map[string]history.Figure {
		out := map[string]history.Figure{}
		for _, f := range figure.All(s.arm, nil) {
			out[f.Name] = f
		}
		return out
	}
	s := newScene(bands).run(10, 50, 1, 1).run(10, 230, 3, 3)
	load := s.arm.Record.Load
	load.DurationS -= 0.5 // the last look belongs to what follows
	s.run(5, 900, 3, 3)   // after the load
	s.arm.Record.Load = load
	got := figures(s)
	if f := got["lb_peak_per_s"]; f.Value != 230 || f.Unit != "1/s" || f.N < 70 {
		t.Errorf("lb_peak_per_s %+v, want 230 of the looks while the load lasted", f)
	}
	// The average over a second passes through the band between: 50, 140, 230.
	if f := got["bands_entered"]; f.Value != 3 || f.N < 70 {
		t.Errorf("bands_entered %+v, want all 3", f)
	}
	if f := figures(newScene(bands).run(10, 50, 1, 1))["bands_entered"]; f.Value != 1 {
		t.Errorf("bands_entered of a low load %+v, want 1", f)
	}
	if f, told := figures(&scene{arm: &history.Arm{}})["lb_peak_per_s"]; told {
		t.Errorf("an arm whose pools are not sized has %+v", f)
	}
}
