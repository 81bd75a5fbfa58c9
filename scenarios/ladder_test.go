package scenarios_test

import (
	"errors"
	"math"
	"path/filepath"
	"testing"

	"oalab/scenarios"
	"oalab/scenarios/check"
	"oalab/scenarios/load/profile"
	"oalab/scenarios/runner"
	"oalab/scenarios/workload"
)

// TestRungs: an open load on containers has a ladder, the rest has one rate.
func TestRungs(t *testing.T) {
	for _, tc := range []struct {
		s    scenarios.Scenario
		want int
	}{
		{scenarios.Smoke(), 1},
		{scenarios.LBFailover(), 3},
		{scenarios.MySQLFailover(), 3},
		{scenarios.AppScaling(), 2},
		{scenarios.RollingDeploy(), 3},
		{scenarios.AppFaults(), 3},
		{scenarios.UsageAnalysis(), 3},
		{scenarios.RedundantStores(), 3},
		{scenarios.SingleVsDistributed(), 1},
		{scenarios.RedpacketStats(), 1},
	} {
		on := ""
		if len(tc.s.Topologies) > 0 {
			on = tc.s.Topologies[0]
		}
		if got := tc.s.Rungs(on, scenarios.Short); got != tc.want {
			t.Errorf("%s on %q has %d rungs, want %d", tc.s.Name, on, got, tc.want)
		}
	}
}

// TestRungThatIsNotThere: a rung that the ladder does not have is refused before anything
// is started.
func TestRungThatIsNotThere(t *testing.T) {
	for _, rung := range []int{-1, 1} {
		_, err := runner.Run(t.Context(), runner.Options{
			Scenario: scenarios.Smoke(), Rung: &rung, Out: filepath.Join(t.TempDir(), "run"), Tools: runner.Tools{Oaserver: bin.oaserver},
		})
		if _, ok := errors.AsType[*runner.UsageError](err); !ok {
			t.Errorf("smoke on rung %d: %v, want a usage error", rung, err)
		}
	}
}

// TestOnRung: on every rung all loads of all scenarios have the share of the rate, as long
// as before, and what is counted in messages has the share too.
func TestOnRung(t *testing.T) {
	for _, s := range append(scenarios.All(), scenarios.RedundantStores()) {
		for rung, share := range []float64{1, 0.5, 0.25} {
			lower := s.OnRung(rung)
			for i, a := range s.Arms {
				if a.Load == nil {
					continue
				}
				claimed, err := a.Load(scenarios.Full)
				if err != nil {
					t.Fatal(err)
				}
				used, err := lower.Arms[i].Load(scenarios.Full)
				if err != nil {
					t.Fatal(err)
				}
				if claimed.Profile == nil {
					continue
				}
				if got, want := used.Profile.Peak(), share*claimed.Profile.Peak(); math.Abs(got-want) > 1e-9*want {
					t.Errorf("%s/%s on rung %d: peak %g/s, want %g", s.Name, a.Name, rung, got, want)
				}
				if used.Profile.Length() != claimed.Profile.Length() {
					t.Errorf("%s/%s on rung %d: %v long, want %v", s.Name, a.Name, rung, used.Profile.Length(), claimed.Profile.Length())
				}
				if scaler := lower.Arms[i].Setup.Layout.Scaler; scaler != nil && scaler.Bands[1].FromPerS != share*a.Setup.Layout.Scaler.Bands[1].FromPerS {
					t.Errorf("%s/%s on rung %d: a band from %g/s", s.Name, a.Name, rung, scaler.Bands[1].FromPerS)
				}
				for j, o := range lower.Arms[i].Objectives {
					if want := int(math.Ceil(share * float64(a.Objectives[j].MinN))); o.MinN != want {
						t.Errorf("%s/%s on rung %d: %s wants %d observations, not %d", s.Name, a.Name, rung, o.Figure, o.MinN, want)
					}
				}
				for j, c := range lower.Arms[i].Checkers {
					if o, ok := c.(check.Orders); ok && o.Min > a.Checkers[j].(check.Orders).Min {
						t.Errorf("%s/%s on rung %d: %d orders", s.Name, a.Name, rung, o.Min)
					}
				}
			}
		}
	}
}

// TestReserveKeepsThePlan: what may follow the planned end changes nothing before it, so
// that equal seeds have equal plans however long the reserve is.
func TestReserveKeepsThePlan(t *testing.T) {
	a := scenarios.LBFailover().OnRung(2).Arms[1]
	load, err := a.Load(scenarios.Short)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := a.WithReserve(load)
	if err != nil {
		t.Fatal(err)
	}
	if whole.Length() <= load.Profile.Length() || whole.Peak() != load.Profile.Peak() {
		t.Fatalf("with its reserve it is %v long at %g/s, without %v at %g/s", whole.Length(), whole.Peak(), load.Profile.Length(), load.Profile.Peak())
	}
	pop := workload.Population{Seed: 7, Size: load.Followers}
	short, err := workload.Plan(7, load.Mix, pop, load.Profile)
	if err != nil {
		t.Fatal(err)
	}
	long, err := workload.Plan(7, load.Mix, pop, whole)
	if err != nil {
		t.Fatal(err)
	}
	if n := profile.Count(load.Profile); uint64(len(short)) != n || len(long) <= len(short) {
		t.Fatalf("%d operations and %d with the reserve, of %d arrivals", len(short), len(long), n)
	}
	for i := range short {
		if short[i] != long[i] {
			t.Fatalf("operation %d is %+v, and %+v with a reserve", i, short[i], long[i])
		}
	}
	control := scenarios.LBFailover().Arms
	last := control[len(control)-1]
	load, err = last.Load(scenarios.Short)
	if err != nil {
		t.Fatal(err)
	}
	if whole, err = last.WithReserve(load); err != nil || whole.Length() != load.Profile.Length() {
		t.Errorf("an arm without faults has a reserve: %v, %v", whole.Length(), err)
	}
}
