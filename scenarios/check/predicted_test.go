package check

import (
	"math/rand/v2"
	"strings"
	"testing"

	"oalab/scenarios/history"
	"oalab/scenarios/lab"
	"oalab/scenarios/predict"
)

// TestPredicted plants settings that differ from those of the prediction.
func TestPredicted(t *testing.T) {
	tenth := predict.Settings{AdvertS: 0.1, Master: 254, Backup: 253, Check: predict.Check{IntervalS: 0.1, Fall: 2}}
	second := predict.Settings{AdvertS: 1, Master: 254, Backup: 253, Check: predict.Check{IntervalS: 1, Fall: 2}}
	rng := rand.New(rand.NewPCG(3, 4))
	draw := func(low, high float64) func() float64 {
		return func() float64 { return low + (high-low)*rng.Float64() + 0.015 }
	}
	for _, tt := range []struct {
		name     string
		settings predict.Settings
		faults   []string
		outage   func() float64
		cycles   int
		c        Predicted
		want     history.Verdict
		detail   string
	}{
		{"as it should be", tenth, []string{history.FaultKillHost, history.FaultFailBack}, draw(0.202, 0.302), 3, Predicted{}, history.Pass, "6 cycles of 2 faults are within their predictions"},
		{"the backup has priority 1", second, []string{history.FaultKillHost}, func() float64 { return 2 + 0.996 + 0.5 }, 3, Predicted{}, history.Fail, "outage 3.500 s, predicted 2.002 to 3.102 s"},
		{"adverts of a second", tenth, []string{history.FaultKillHost}, draw(2.01, 3.01), 3, Predicted{}, history.Fail, "kill-host at"},
		{"too short to be true", second, []string{history.FaultKillHost}, draw(0.202, 0.302), 3, Predicted{}, history.Fail, "predicted 2.002"},
		{"the law holds", second, []string{history.FaultKillHost}, draw(2.0117, 3.0117), 24, Predicted{MinCycles: 20}, history.Pass, "law of kill-host: distance"},
		{"always in one phase", second, []string{history.FaultKillHost}, func() float64 { return 2.5 }, 24, Predicted{}, history.Fail, "kill-host does not follow the predicted law"},
		{"too few cycles", tenth, []string{history.FaultKillHost}, draw(0.202, 0.302), 3, Predicted{MinCycles: 4}, history.Inconclusive, "3 cycles of kill-host are known, 4 wanted"},
		{"a prediction without cycles", tenth, []string{history.FaultKillHost, history.FaultStopHost}, draw(0.202, 0.302), 3, Predicted{}, history.Inconclusive, "0 cycles of stop-host"},
		{"nothing predicted", tenth, nil, draw(0.202, 0.302), 3, Predicted{}, history.Inconclusive, "nothing was predicted"},
		{"another fault is not judged", tenth, []string{history.FaultFailBack}, draw(2, 2), 2, Predicted{}, history.Pass, "2 cycles of 1 faults"},
	} {
		p := lab.NewPair(6*float64(tt.cycles)+8, 4)
		for i := range tt.cycles {
			p.Blow(history.FaultKillHost, 3+6*float64(i)+rng.Float64()/2, 4, tt.outage())
		}
		for _, fault := range tt.faults {
			e, err := predict.Fault(fault, tt.settings)
			if err != nil {
				t.Fatal(err)
			}
			p.Record.Predictions = append(p.Record.Predictions, e)
		}
		f := Ask(tt.c, p.End())
		if f.Verdict != tt.want || !strings.Contains(f.Detail, tt.detail) {
			t.Errorf("%s: %s %q, want %s with %q", tt.name, f.Verdict, f.Detail, tt.want, tt.detail)
		}
		if (f.Violations > 0) != (tt.want == history.Fail) {
			t.Errorf("%s: %d violations and %s", tt.name, f.Violations, f.Verdict)
		}
	}
}

func TestHolm(t *testing.T) {
	var faults []predicted
	for _, p := range []float64{0.004, 0.03, 0.006} {
		faults = append(faults, predicted{fit: predict.Fit{P: p}, tested: true})
	}
	faults = append(faults, predicted{})
	want := []float64{0.012, 0.03, 0.012, 1}
	for i, got := range corrected(faults) {
		if got < want[i]-1e-12 || got > want[i]+1e-12 {
			t.Errorf("p %d: %g, want %g", i, got, want[i])
		}
	}
}
