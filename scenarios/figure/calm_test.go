package figure_test

import (
	"fmt"
	"testing"

	"oalab/scenarios/figure"
	"oalab/scenarios/history"
)

// TestSteady: the latencies of p50_due_s/steady are those of what was due in the steady
// phase before the first fault (PERF-6).
func TestSteady(t *testing.T) {
	arm := func(phases ...history.Phase) *history.Arm {
		a := &history.Arm{Name: "main", Record: history.ArmRecord{Phases: phases}}
		for i := range 40 {
			at := float64(i)
			latency := 1.0 // outside of 10 to 20
			if i >= 10 && i < 20 {
				latency = 0.004
			}
			a.Plan = append(a.Plan, history.PlannedOp{Seq: uint64(i), DueS: at, Kind: history.KindText})
			a.Operations = append(a.Operations, history.Operation{Seq: uint64(i), StartS: at, LatencyS: latency})
		}
		return a
	}
	for _, tt := range []struct {
		name    string
		arm     *history.Arm
		windows []history.Window
		want    string
	}{
		{"a phase", arm(history.Phase{Name: "ramp", ToS: 10}, history.Phase{Name: "steady", FromS: 10, ToS: 20}), nil, "0.004 of 10"},
		{
			"a fault begins in it", arm(history.Phase{Name: "steady", FromS: 10, ToS: 40}),
			[]history.Window{{Fault: "b", FromS: 25, ToS: 26}, {Fault: "a", FromS: 15, ToS: 30}},
			"0.004 of 5",
		},
		{"a fault before it", arm(history.Phase{Name: "steady", FromS: 10, ToS: 20}), []history.Window{{Fault: "a", FromS: 5, ToS: 6}}, ""},
		{"no phase", arm(history.Phase{Name: "faults", FromS: 10, ToS: 20}), nil, ""},
	} {
		got := ""
		for _, f := range figure.All(tt.arm, tt.windows) {
			if f.Name == "p50_due_s/steady" {
				got = fmt.Sprintf("%.3f of %d", f.Value, f.N)
			}
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
