package scenarios_test

import (
	"testing"

	"oalab/scenarios"
	"oalab/scenarios/history"
)

// TestMastersArePredicted: every arm that loses writes or has an outage has a prediction
// for it.
func TestMastersArePredicted(t *testing.T) {
	want := map[string]map[string]bool{ // arm → whether loss is predicted to be more than none
		"semisync-cut-kill": {history.ProbeLoss: false}, "async-cut-kill": {history.ProbeLoss: true}, "semisync-fallback": {history.ProbeLoss: true},
	}
	for _, a := range scenarios.MySQLFailover().Arms {
		if a.Faults == nil {
			continue
		}
		for _, f := range a.Faults(scenarios.Short) {
			if f.Predict == nil {
				continue
			}
			list, err := f.Predict(a.Setup.Layout)
			if err != nil || len(list) == 0 {
				t.Errorf("arm %s, fault %s: %v, %v", a.Name, f.Name, list, err)
			}
			for _, p := range list {
				if loses, known := want[a.Name][p.Probe]; known && (p.LowS > 0) != loses || !known && p.Probe == history.ProbeLoss {
					t.Errorf("arm %s: %s predicted from %g to %g", a.Name, p.What, p.LowS, p.HighS)
				}
			}
		}
	}
}
