package scenarios_test

import (
	"os"
	"path/filepath"
	"testing"

	"oalab/scenarios"
)

// TestSingleVsDistributed compares one server with several behind Nginx (SCN-5).
func TestSingleVsDistributed(t *testing.T) {
	measured(t)
	res := onContainers(t, scenarios.SingleVsDistributed())
	for _, name := range []string{"peak_ratio_2", "peak_ratio_4", "knee_ratio_2", "knee_ratio_4"} {
		if f, ok := figureIn(res.Manifest, name); !ok || f.CILow == nil || f.CIHigh == nil || *f.CILow > f.Value || *f.CIHigh < f.Value {
			t.Errorf("%s is %+v (found: %t), want a ratio within its interval", name, f, ok)
		}
	}
	plotted(t, res.Dir, "main-steps-rate", "main-steps-response")
}

// TestOverloadOnContainers offers one, two and four servers behind Nginx several times what
// they can answer (SCN-25).
func TestOverloadOnContainers(t *testing.T) {
	measured(t)
	res := onContainers(t, scenarios.Overload())
	plotted(t, res.Dir, "4-servers-goodput")
}

// plotted holds that a run has these plots.
func plotted(t *testing.T, dir string, names ...string) {
	t.Helper()
	for _, plot := range names {
		if info, err := os.Stat(filepath.Join(dir, "plots", plot+".png")); err != nil || info.Size() == 0 {
			t.Errorf("plot %s: %v", plot, err)
		}
	}
}

// TestNetworkBaseline measures the network between two hosts (SCN-4).
func TestNetworkBaseline(t *testing.T) {
	measured(t)
	onContainers(t, scenarios.NetworkBaseline())
}

// TestUsageAnalysis finds in the user log what followers clicked (SCN-7).
func TestUsageAnalysis(t *testing.T) {
	measured(t)
	res := onContainers(t, scenarios.UsageAnalysis())
	for key, want := range map[string]float64{"q_fee": 0.2991, "q_plan": 0.0265, "q_points": 0.0475} {
		if f, ok := figureIn(res.Manifest, "menu_share_"+key); !ok || f.CILow == nil || *f.CILow > want || *f.CIHigh < want {
			t.Errorf("share of %s is %+v (found: %t), want the planted %g within its interval", key, f, ok, want)
		}
	}
}
