package figure

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"oalab/scenarios/account"
	"oalab/scenarios/history"
	"oalab/scenarios/lab"
)

// approx compares seconds to the microsecond; NaN equals NaN.
var approx = cmp.Options{cmpopts.EquateApprox(0, 1e-6), cmpopts.EquateNaNs()}

// named are the figures with these names, as value and n.
func named(all []history.Figure, names ...string) map[string][2]float64 {
	out := map[string][2]float64{}
	for _, f := range all {
		if slices.Contains(names, f.Name) {
			out[f.Name] = [2]float64{f.Value, float64(f.N)}
		}
	}
	return out
}

func TestFailoverFigures(t *testing.T) {
	p := lab.NewPair(60, 50)
	for i, outage := range []float64{0.21, 0.25, 0.30, 0.23, 0.27, 0.22, 0.29} {
		p.Blow(history.FaultKillHost, 3+8*float64(i), 3, outage)
	}
	arm := p.End()
	all := All(arm, account.Windows(arm))
	// Tries that began in an outage and were answered after it make the outage of the
	// clients shorter than that of the probe, which gives up after 200 ms.
	want := map[string][2]float64{
		"cycles/kill-host": {7, 7}, "cycles/fail-back": {7, 7},
		"outage_probe_s/kill-host": {0.30, 7}, "outage_probe_s/fail-back": {0, 7},
		"outage_median_s/kill-host": {0.25, 7}, "outage_median_s/fail-back": {0, 7},
		"outage_p95_s/kill-host": {0.30, 7},
		"outage_due_s/kill-host": {0.32, 7}, "outage_due_s/fail-back": {0, 7},
		"outage_s/kill-host": {0.16, 1032}, "outage_s/fail-back": {0, 126},
		"detect_s/kill-host": {0.242, 7}, "take_over_s/kill-host": {0.008, 7},
		"reconnect_s/kill-host": {0.02, 7}, "replay_s/kill-host": {4.966, 7},
	}
	got := named(all, "detect_s/fail-back")
	for name := range want {
		maps.Copy(got, named(all, name))
	}
	if d := cmp.Diff(want, got, approx); d != "" {
		t.Errorf("figures (-want +got):\n%s", d)
	}
	for _, f := range all {
		switch f.Name {
		case "outage_median_s/kill-host":
			if f.CILow == nil || *f.CILow < 0.2 || f.CIHigh == nil || *f.CIHigh > 0.31 || *f.CILow >= *f.CIHigh {
				t.Errorf("interval of the median of 7: %v to %v", f.CILow, f.CIHigh)
			}
		case "outage_p95_s/kill-host", "outage_probe_s/kill-host":
			if f.CILow != nil || f.CIHigh != nil {
				t.Errorf("%s has an interval over 7 cycles", f.Name)
			}
		}
	}
}
