package account

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"oalab/scenarios/history"
)

// TestObserveAgreesWithTheSlice: what is drawn is what is counted.
func TestObserveAgreesWithTheSlice(t *testing.T) {
	for _, arm := range []struct {
		name string
		main bool
	}{{"main", true}, {"control", false}} {
		a, err := history.LoadArm("../judge/testdata/run", arm.name, arm.main)
		if err != nil {
			t.Fatal(err)
		}
		a.Operations = a.Operations[:len(a.Operations)-1] // one is dropped
		whole, got, due, sent := Whole(a), map[Outcome]int{}, 0, 0
		for _, o := range Observe(a) {
			got[o.Outcome]++
			if v, known := o.DueLatency(); known {
				due++
				if v < 0 || v > whole.Due.Max {
					t.Errorf("arm %s seq %d waited %g s, the longest of all is %g s", arm.name, o.Seq, v, whole.Due.Max)
				}
			}
			if _, known := o.SentLatency(); known {
				sent++
			}
		}
		if d := cmp.Diff(whole.Outcomes, got); d != "" {
			t.Errorf("arm %s outcomes (-slice +observed):\n%s", arm.name, d)
		}
		if due != whole.Due.N || sent != whole.Sent.N {
			t.Errorf("arm %s: %d due and %d sent latencies, the slice has %d and %d", arm.name, due, sent, whole.Due.N, whole.Sent.N)
		}
	}
}
