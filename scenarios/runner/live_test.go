package runner

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"oalab/chaos"
	"oalab/scenarios"
	"oalab/scenarios/history"
	"oalab/scenarios/load/profile"
)

// TestLiveTicks follows one load from its start to an interrupt.
func TestLiveTicks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		steady, err := profile.Constant(200, 40*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		var last Tick
		l := newLive(&arm{
			run: &run{o: Options{Scenario: scenarios.Scenario{Name: "smoke"}, Progress: func(tick Tick) { last = tick }}},
			arm: scenarios.Arm{Name: "main"},
			load: scenarios.Load{
				Profile: steady, Phases: []history.Phase{{Name: "steady", FromS: 0, ToS: 40}},
			},
			faults: []scenarios.Fault{{Name: "late", At: 20 * time.Second}, {Name: "early", At: 2 * time.Second}},
		})
		want := Tick{Scenario: "smoke", Arm: "main", FaultsPlanned: 2}
		see := func(what string, change func(*Tick)) {
			t.Helper()
			change(&want)
			if diff := cmp.Diff(want, last, cmpopts.EquateApprox(0, 0.009)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", what, diff)
			}
		}
		pass := func(d time.Duration) {
			<-time.After(d)
			want.AtS += d.Seconds()
			want.LeftS -= d.Seconds()
			if want.NextInS > 0 {
				want.NextInS -= d.Seconds()
			}
		}

		l.enter("start")
		see("start", func(t *Tick) { t.Phase = "start" })
		stop := make(chan struct{})
		l.begin(time.Now(), stop)
		want.LengthS, want.LeftS, want.PlannedPS, want.Phase, want.Next, want.NextInS = 40, 40, 200, "steady", "early", 2

		for i := range 100 {
			l.finished(10*time.Millisecond, i > 0)
		}
		pass(time.Second)
		l.progress(7)
		see("the first second", func(t *Tick) {
			t.InFlight, t.Done, t.Failed, t.DonePS, t.P50S, t.P99S = 7, 100, 1, 100, 0.010, 0.010
		})

		l.finished(time.Second, true)
		pass(500 * time.Millisecond)
		l.faultActive(chaos.Window{Fault: "early"})
		see("a fault between ticks shows the second before", func(t *Tick) { t.Faults, t.Done = []string{"early"}, 101 })
		pass(500 * time.Millisecond)
		l.progress(3)
		see("the next second", func(t *Tick) {
			t.InFlight, t.DonePS, t.P50S, t.P99S = 3, 1, 1, 1
			t.Next, t.NextInS = "late", 18
		})
		pass(time.Second)
		l.progress(4)
		see("a second without an answer", func(t *Tick) { t.InFlight, t.DonePS, t.P50S, t.P99S = 4, 0, 0, 0 })
		l.faultOver(chaos.Window{Fault: "early", From: 2 * time.Second})
		see("the fault is over", func(t *Tick) { t.Faults, t.FaultsOver = []string{}, 1 })

		close(stop)
		l.faultOver(chaos.Window{Fault: "late"}) // never took effect
		stopped := want.LeftS
		see("stopping", func(t *Tick) { t.Stopped, t.Phase, t.PlannedPS, t.Next, t.NextInS = true, "stopping", 0, "", 0 })
		pass(time.Second)
		l.progress(0)
		see("the bar stands still", func(t *Tick) { t.InFlight, t.LeftS = 0, stopped })
	})
}

func ExampleTick() {
	fmt.Println(Tick{Scenario: "redpacket-stats", Arm: "main", Phase: "examination", AtS: 61})
	load := Tick{
		Scenario: "smoke", Arm: "main", Phase: "steady", AtS: 10, LengthS: 40, LeftS: 30, PlannedPS: 200, DonePS: 198.4,
		P50S: 0.0123, P99S: 1.25, Done: 2000, Failed: 3, InFlight: 12, Next: "server-kill", NextInS: 6,
	}
	fmt.Println(load)
	load.Faults, load.P50S, load.P99S = []string{"carrier-slow"}, 0, 0
	fmt.Println(load)
	// Output:
	// redpacket-stats/main   61.0s examination
	// smoke/main   10.0s steady    rate   198/200 per s  p50 12.3ms  p99 1.25s  in flight 12  failed 3  next server-kill in 6s  left 30s
	// smoke/main   10.0s steady    rate   198/200 per s  p50 -  p99 -  in flight 12  failed 3  fault carrier-slow  left 30s
}
