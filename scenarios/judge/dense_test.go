package judge

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"oalab/scenarios/history"
)

// TestDenseLimit: the limit of a dense load holds from 500 messages a second on each server
// on, and the wider one below; a limit that is tighter by itself stays (PERF-2).
func TestDenseLimit(t *testing.T) {
	objectives := []Objective{
		{Figure: "statements_per_message", Relation: "<=", Limit: 2.2, MinN: 1},
		{Figure: "statements_per_message", Relation: "<=", Limit: 0.9, MinN: 1},
		{Figure: "p99_due_s", Relation: "<=", Limit: 2.2, MinN: 1},
	}
	for _, tt := range []struct {
		nodes, scheduled int
		want             float64
	}{
		{1, 4999, 2.2}, {1, 5000, 1.2}, {2, 5000, 2.2}, {2, 10_000, 1.2}, {0, 5000, 1.2}, {1, 0, 2.2},
	} {
		a := &history.Arm{Record: history.ArmRecord{Load: history.Load{Scheduled: tt.scheduled, DurationS: 10}}}
		for i := range tt.nodes {
			a.Record.Nodes = append(a.Record.Nodes, history.Node{Name: fmt.Sprint("app", i)})
		}
		var got []float64
		for _, o := range dense(a, objectives) {
			got = append(got, o.Limit)
		}
		if diff := cmp.Diff([]float64{tt.want, 0.9, 2.2}, got); diff != "" {
			t.Errorf("%+v: %s", tt, diff)
		}
	}
}
