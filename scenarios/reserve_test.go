package scenarios_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"oalab/chaos"
	"oalab/scenarios"
	"oalab/scenarios/check"
	"oalab/scenarios/history"
	"oalab/scenarios/judge"
	"oalab/scenarios/load/profile"
	"oalab/scenarios/runner"
	"oalab/scenarios/topology"
	"oalab/scenarios/workload"
)

// healsLate is a fault that does nothing and is healed so much later than it is asked to.
type healsLate struct {
	chaos.Noop
	late time.Duration
}

func (f healsLate) AwaitHealed(ctx context.Context) error {
	select {
	case <-time.After(f.late):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// TestFaultsThatHealLate: on a machine where a fault heals after the load's planned end,
// the next one is still injected and healed, under load, and the plan's hash is that of a
// machine where it heals at once.
func TestFaultsThatHealLate(t *testing.T) {
	run := func(late time.Duration) (runner.Result, *history.Arm) {
		fault := func(name string, at, late time.Duration) scenarios.Fault {
			return scenarios.Fault{
				Name: name, At: at, For: 300 * time.Millisecond, Target: "server",
				Make: func(topology.System) (chaos.Fault, error) {
					return healsLate{chaos.Noop{As: name, On: "server"}, late}, nil
				},
				Effect: judge.Effect{Fault: name, What: "sightings", Count: judge.Seen},
			}
		}
		length := 3 * time.Second
		s := scenarios.Scenario{
			Name: "heals-late", Title: "every fault comes", Source: "CHA-3", Topologies: []string{scenarios.Embedded},
			Arms: []scenarios.Arm{{
				Name: "main", Setup: scenarios.Setup{OneByOne: true},
				Load: func(scenarios.Size) (scenarios.Load, error) {
					p, err := profile.Constant(40, length)
					return scenarios.Load{
						Followers: 50, Mix: workload.Mix{Text: 1}, Profile: p, Drain: 10 * time.Second,
						Phases: []history.Phase{{Name: "steady", FromS: 0, ToS: length.Seconds()}},
					}, err
				},
				Faults: func(scenarios.Size) []scenarios.Fault {
					return []scenarios.Fault{fault("first", 500*time.Millisecond, late), fault("second", 1500*time.Millisecond, 0)}
				},
				Checkers: []check.Checker{check.Replies{}},
			}},
		}
		res := mustRun(t, runner.Options{
			Scenario: s, Out: filepath.Join(t.TempDir(), "run"), Seed: 7, Tools: runner.Tools{Oaserver: bin.oaserver},
		})
		a, err := history.LoadArm(res.Dir, "main", true)
		if err != nil {
			t.Fatal(err)
		}
		return res, a
	}
	inTime, _ := run(0)
	late, a := run(3500 * time.Millisecond)
	if inTime.Manifest.PlanSHA256 != late.Manifest.PlanSHA256 {
		t.Errorf("the plan is %s where the first fault heals at once, %s where it heals late", inTime.Manifest.PlanSHA256, late.Manifest.PlanSHA256)
	}
	for _, w := range a.Record.Windows {
		if w.Error != "" || w.FromS == 0 || w.HealedS == 0 {
			t.Errorf("%s was not injected and healed: %+v", w.Fault, w)
		}
	}
	second := a.Record.Windows[1]
	under := 0
	for _, op := range a.Operations {
		if op.StartS >= second.FromS && op.StartS < second.ToS {
			under++
		}
	}
	if second.FromS < 4 || under < 5 {
		t.Errorf("the second fault began after %.1f s and met %d operations, want more than 5 after 4 s", second.FromS, under)
	}
	if len(a.Plan) != len(a.Operations) || len(a.Plan) <= 120 || a.Record.Load.Scheduled != len(a.Plan) {
		t.Errorf("%d operations planned, %d scheduled, %d started; want the same, above the 120 of the plan", len(a.Plan), a.Record.Load.Scheduled, len(a.Operations))
	}
	busy := 0
	for _, s := range a.Samples {
		if s.Probe == history.ProbeMachine && s.Name == history.SeriesMachineBusy && s.Error == "" {
			busy++
		}
	}
	if want := int(5 * a.Record.Load.DurationS); busy < want {
		t.Errorf("%d samples of the machine in %.1f s, want %d", busy, a.Record.Load.DurationS, want)
	}
	if a.Record.SpeedFactor < 1 || a.Record.UsedRate != 40 || a.Record.ClaimedRate != 40 {
		t.Errorf("recorded as %+v", a.Record.Pace)
	}
}
