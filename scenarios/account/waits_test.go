package account

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"oalab/scenarios/stat"
)

// TestIntervalsOfANode: of 1000 waits that all parts of the run have, the mean's interval
// holds it, and p99's its neighbours; a part without any takes the mean's away.
func TestIntervalsOfANode(t *testing.T) {
	var w waits
	for i := range 1000 {
		w.add(float64(i)/1000, 0.001*float64(i%100+1))
	}
	mean, p99 := w.mean(), w.p99()
	if d := cmp.Diff(stat.Interval{Value: 0.0505, Low: 0.0505, High: 0.0505}, mean, cmpopts.EquateApprox(0, 1e-9)); d != "" {
		t.Errorf("mean of equal parts (-want +got):\n%s", d)
	}
	if p99.Value != 0.099 || !(p99.Low <= 0.099 && p99.High > p99.Low) {
		t.Errorf("p99 %+v, want 0.099 within", p99)
	}
	var gap waits
	gap.add(0, 1)
	gap.add(0.95, 3)
	if m := gap.mean(); m.Value != 2 || !math.IsNaN(m.Low) || !math.IsNaN(gap.p99().Low) {
		t.Errorf("mean of two waits %+v, want 2 without an interval", m)
	}
}
