package scenarios_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"oalab/scenarios"
	"oalab/scenarios/check"
	"oalab/scenarios/figure"
	"oalab/scenarios/history"
	"oalab/scenarios/judge"
	"oalab/scenarios/workload"
)

// TestAppScaling lets the load rise through the bands and fall, and pools follow (SCN-2,
// DIS-2): minutes in which rates must not be another's doing.
func TestAppScaling(t *testing.T) {
	measured(t)
	res := onContainers(t, scenarios.AppScaling())
	text, err := os.ReadFile(filepath.Join(res.Dir, "report.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"## Pools of app servers", "from 500/s 5 servers", "main-bands.png", "take-over-pools.png", "27 419", "The load was in 5 of 5 bands", "unscaled-bands.png", "the source's edges as they are"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the report lacks %q", want)
		}
	}
}

// unscaled is the arm at the source's own rates.
func unscaled(t *testing.T) scenarios.Arm {
	t.Helper()
	return only(scenarios.AppScaling(), "unscaled").Arms[0]
}

// climbed is evidence of a load of the arm's shape: every request was answered at once,
// and the pools followed it as they should, each second and after a hold of three.
func climbed(t *testing.T) *history.Arm {
	t.Helper()
	l, err := unscaled(t).Load(scenarios.Short)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := workload.Gets(l.Profile)
	if err != nil {
		t.Fatal(err)
	}
	scaling := unscaled(t).Sized(scenarios.Short).Layout.Scaler
	a := &history.Arm{Name: "unscaled", Plan: plan, Record: history.ArmRecord{
		Arm: "unscaled", Scaling: scaling, Phases: l.Phases, Load: history.Load{
			Model: "open", Page: l.Page, Scheduled: len(plan), Started: len(plan), MaxWorkers: l.MaxWorkers,
			DurationS: l.Profile.Length().Seconds(), PeakPerS: l.Profile.Peak(), CeilingPerS: 30_000,
		},
	}}
	for _, p := range plan {
		a.Operations = append(a.Operations, history.Operation{Seq: p.Seq, StartS: p.DueS, LatencyS: 0.001, Status: 200})
	}
	add := func(at float64, probe, name string, value float64) {
		a.Samples = append(a.Samples, history.Sample{AtS: at, Probe: probe, Name: name, Value: value})
	}
	add(0, history.ProbeAddress, "lb1", 1)
	add(0, history.ProbeAddress, "lb2", 0)
	servers := func(at time.Duration) int {
		return scaling.Bands[scaling.At(l.Profile.Arrivals(at)-l.Profile.Arrivals(max(0, at-time.Second)))].Servers
	}
	for at := time.Duration(0); at <= l.Profile.Length(); at += 500 * time.Millisecond {
		pool := 0
		for back := range 5 { // what was asked for in the hold
			pool = max(pool, servers(max(0, at-time.Duration(back)*time.Second)))
		}
		for host, requests := range map[string]float64{"lb1": l.Profile.Arrivals(at), "lb2": at.Seconds()} {
			add(at.Seconds(), history.ProbeNginx(host), history.SeriesRequests, requests)
			add(at.Seconds(), history.ProbeNginx(host), history.SeriesAccepts, requests)
			add(at.Seconds(), history.ProbeNginx(host), history.SeriesHandled, requests)
			add(at.Seconds(), history.ProbeNginx(host), history.SeriesAppServers, float64(pool))
		}
	}
	return a
}

// TestUnscaledIsJudged holds evidence of the arm against what it must prove, and each way
// to miss it (SCN-2, DIS-2).
func TestUnscaledIsJudged(t *testing.T) {
	pools := func(change func(int) int) func(*history.Arm) {
		return func(a *history.Arm) {
			for i := range a.Samples {
				if s := &a.Samples[i]; s.Name == history.SeriesAppServers {
					s.Value = float64(change(int(s.Value)))
				}
			}
		}
	}
	for _, tc := range []struct {
		name  string
		spoil func(*history.Arm)
		want  history.Verdict
		says  string
	}{
		{"all held", func(*history.Arm) {}, history.Pass, "1 checkers and 4 objectives held"},
		{"the fifth band is not served", pools(func(n int) int { return min(n, 4) }), history.Fail, "uses 4 app servers, the rate has asked for 5"},
		{"the pool never shrinks", func(a *history.Arm) {
			most := 0
			pools(func(n int) int { most = max(most, n); return most })(a)
		}, history.Fail, "checker bands"},
		{"a request fails", func(a *history.Arm) { a.Operations[100_000].Status = 502 }, history.Fail, "failed_requests"},
		{"a request is never sent", func(a *history.Arm) {
			a.Operations = a.Operations[:len(a.Operations)-1]
			a.Record.Load.Started--
		}, history.Fail, "error_ratio"},
		{"the requests come nowhere", func(a *history.Arm) {
			for i := range a.Samples {
				if s := &a.Samples[i]; s.Name == history.SeriesRequests {
					s.Value /= 2
				}
			}
			pools(func(int) int { return 1 })(a)
		}, history.Fail, "checker bands"},
		{"the generator was at its limit, which can turn nothing here", func(a *history.Arm) { a.Record.Load.CeilingPerS = 12_000 }, history.Pass, "4 objectives held"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := climbed(t)
			tc.spoil(a)
			j := judge.Arm(unscaled(t).Spec(scenarios.Short), a)
			if j.Verdict != tc.want || !strings.Contains(j.Reason, tc.says) {
				t.Errorf("%s: %s; want %s because of %q", j.Verdict, j.Reason, tc.want, tc.says)
			}
		})
	}
}

// TestCheckersOfMessagesOnRequests: without messages, a checker of messages has nothing to
// check and convicts no run. It is inconclusive if it demands a least number.
func TestCheckersOfMessagesOnRequests(t *testing.T) {
	a := climbed(t)
	for want, checkers := range map[history.Verdict][]check.Checker{
		history.Pass:         {check.Replies{}},
		history.Inconclusive: {check.Replies{Min: 1}, check.Orders{Min: 30}, check.Tokens{Calls: 1}, check.ReadYourWrites{}},
	} {
		for _, c := range checkers {
			if f := check.Ask(c, a); f.Verdict != want || f.Checked != 0 || f.Violations != 0 || strings.Contains(f.Detail, "panicked") {
				t.Errorf("%s: %+v, want %s and nothing checked", c.Name(), f, want)
			}
		}
	}
	for _, f := range figure.All(a, nil) {
		if strings.HasPrefix(f.Name, "orders_") || strings.HasPrefix(f.Name, "messages_") || strings.HasPrefix(f.Name, "tries_") || f.Name == "statements_per_message" {
			t.Errorf("requests that are no messages have figure %+v", f)
		}
	}
}

// TestScalerMutants plants the scaler's defects on the load balancers: the checker that it
// names must convict each under its condition, and acquit it without (CHA-7).
func TestScalerMutants(t *testing.T) {
	measured(t)
	needDocker(t)
	for _, s := range scenarios.ScalerMutants() {
		t.Run(s.Name, func(t *testing.T) { drill(t, s) })
	}
}
