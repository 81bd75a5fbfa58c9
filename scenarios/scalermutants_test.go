package scenarios_test

import (
	"slices"
	"testing"
	"time"

	wl "oalab/mockwechat/ledger"
	"oalab/scenarios"
	"oalab/scenarios/history"
	"oalab/scenarios/judge"
)

// TestBlindScalerIsJudged holds evidence of the drill of scaler-blind against what it must
// prove: messages fail for as long as the dead server is the pool, and only then is the
// defect found (CHA-7, DIS-2).
func TestBlindScalerIsJudged(t *testing.T) {
	all := scenarios.ScalerMutants()
	i := slices.IndexFunc(all, func(s scenarios.Scenario) bool { return s.Name == "mutant-scaler-blind" })
	if i < 0 {
		t.Fatal("there is no drill of scaler-blind")
	}
	drill := all[i].Arms[0]
	shape, err := drill.Load(scenarios.Short)
	if err != nil {
		t.Fatal(err)
	}
	faults := drill.Faults(scenarios.Short)
	begin := faults[0].At.Seconds()
	end := begin + faults[0].For.Seconds()
	base := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	// failing is a run in which the first tries between two moments fail.
	failing := func(from, to float64) *history.Arm {
		a := &history.Arm{Name: "main", Record: history.ArmRecord{
			Arm: "main", Base: base, Phases: shape.Phases,
			Windows: []history.Window{{Fault: faults[0].Name, Arm: "main", Target: string(faults[0].Target), PlannedFromS: begin, PlannedToS: end, BegunS: begin, FromS: begin + 0.2, ToS: end, HealedS: end + 1}},
			Load:    history.Load{Model: "open", MaxWorkers: 1000, DurationS: shape.Profile.Length().Seconds(), PeakPerS: shape.Profile.Peak(), CeilingPerS: 5000},
		}}
		for seq := uint64(0); ; seq++ {
			due := float64(seq) / shape.Profile.Peak()
			if due >= a.Record.Load.DurationS {
				break
			}
			took, tries := 0.01, []wl.Delivery{{Attack: "main", Seq: seq, At: base.Add(time.Duration(due * 1e9)), Try: 1, TookS: 0.01, Status: 200, OK: true, Upstream: "app1"}}
			if due >= from && due < to {
				tries[0].OK, tries[0].Status = false, 502
				again := tries[0]
				again.At, again.Try, again.OK, again.Status = again.At.Add(5*time.Second), 2, due+5 < from || due+5 >= to, 200
				if !again.OK {
					again.Status = 502
				}
				tries, took = append(tries, again), 5.01
			}
			a.Plan = append(a.Plan, history.PlannedOp{Seq: seq, DueS: due, Kind: history.KindText})
			a.Operations = append(a.Operations, history.Operation{Seq: seq, StartS: due, LatencyS: took, Status: tries[len(tries)-1].Status})
			a.Deliveries = append(a.Deliveries, tries...)
		}
		a.Record.Load.Scheduled, a.Record.Load.Started = len(a.Plan), len(a.Plan)
		for at := begin + 0.3; at < end; at++ {
			a.Samples = append(a.Samples, history.Sample{AtS: at, Probe: string(faults[0].Target) + ".ready", Error: "no answer"})
		}
		return a
	}
	for _, tt := range []struct {
		name     string
		from, to float64
		want     history.Verdict
	}{
		{"the dead server stays in the pool", begin, end, history.Pass},
		{"another one takes its place", begin, begin + 2, history.Fail},
		{"nothing fails at all", 0, 0, history.Fail},
	} {
		if j := judge.Arm(drill.Spec(scenarios.Short), failing(tt.from, tt.to)); j.Verdict != tt.want {
			t.Errorf("%s: %s: %s, want %s", tt.name, j.Verdict, j.Reason, tt.want)
		}
	}
}
