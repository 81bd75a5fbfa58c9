package account

import (
	"math"
	"testing"
)

// TestLuckyStep: one step that was quicker than its neighbours makes no peak.
func TestLuckyStep(t *testing.T) {
	var levels []level
	for i, done := range []int{20, 90, 100, 130, 100, 100, 60} {
		levels = append(levels, level{clients: 10 * (i + 1), batches: []batch{{lengthS: 0.5, done: done / 2}, {lengthS: 0.5, done: done / 2}}})
	}
	same := func(of []batch) []batch { return of }
	perS, clients, knee := top(levels, same)
	if math.Abs(perS-110) > 1e-9 || clients != 40 || math.Abs(knee-(10+10*(0.8*110-20)/70)) > 1e-9 {
		t.Errorf("peak %g at %d clients, knee %g", perS, clients, knee)
	}
	if perS, clients, _ := top(levels[:2], same); math.Abs(perS-55) > 1e-9 || clients != 20 {
		t.Errorf("peak of two levels %g at %d", perS, clients)
	}
}
