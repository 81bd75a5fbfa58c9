package workload_test

import (
	"math"
	"testing"

	"oalab/scenarios/history"
	"oalab/scenarios/workload"
)

// TestMenuShares: clicks follow the shares of the menu's items (SCN-7).
func TestMenuShares(t *testing.T) {
	const n = 20_000
	mix := workload.Mix{Event: 1, Menu: [workload.MenuItems]float64{0.5, 0, 0.3, 0.15, 0.05, 0}}
	plan, err := workload.PlanClosed(7, mix, workload.Population{Seed: 7, Size: 1000}, n)
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, op := range plan {
		if op.Kind != history.KindEvent || op.Event != workload.EventClick || op.MsgID != "" || op.DueS != 0 {
			t.Fatalf("%+v, want a click that is due at no time", op)
		}
		counts[op.Key]++
	}
	for i, key := range workload.MenuKeys() {
		want := mix.Menu[i]
		if got := float64(counts[key]) / n; math.Abs(got-want) > 4*math.Sqrt(want*(1-want)/n) {
			t.Errorf("%s has a share of %g, want %g", key, got, want)
		}
		delete(counts, key)
	}
	if len(counts) > 0 {
		t.Errorf("clicks on %v, which are not in the menu", counts)
	}
	mix.Menu[1] = -1
	if _, err := workload.PlanClosed(7, mix, workload.Population{Seed: 7, Size: 1000}, n); err == nil {
		t.Error("a negative share is accepted")
	}
}
