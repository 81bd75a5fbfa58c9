package figure

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"oalab/scenarios/account"
	"oalab/scenarios/history"
	"oalab/scenarios/lab"
)

func TestShares(t *testing.T) {
	names := []string{
		"share/app1", "share/app2", "share/app3", "balance_max_min",
		"ejected_after_s/kill-server", "readmitted_after_s/kill-server", "share_in/kill-server", "share_after/kill-server",
	}
	third := [2]float64{1. / 3, 3000}
	for _, tt := range []struct {
		name    string
		without lab.Span
		target  string
		want    map[string][2]float64
	}{
		{"ejected after 0.3 s, back 1 s after it was healed", lab.Span{From: 10.3, To: 16}, "app2", map[string][2]float64{
			"share/app1": third, "share/app2": third, "share/app3": third, "balance_max_min": {1, 3000},
			"ejected_after_s/kill-server": {0.3, 1}, "readmitted_after_s/kill-server": {0.7, 1},
			"share_in/kill-server": {0.02, 1500}, "share_after/kill-server": {0.33, 1260},
		}},
		{"never ejected", lab.Span{}, "app2", map[string][2]float64{
			"share/app1": third, "share/app2": third, "share/app3": third, "balance_max_min": {1, 3000},
			"ejected_after_s/kill-server": {5, 1}, "readmitted_after_s/kill-server": {0, 1},
			"share_in/kill-server": {1. / 3, 1500}, "share_after/kill-server": {1. / 3, 1500},
		}},
		{"never back", lab.Span{From: 10, To: 40}, "app2", map[string][2]float64{
			"share/app1": third, "share/app2": third, "share/app3": third, "balance_max_min": {1, 3000},
			"ejected_after_s/kill-server": {0, 1}, "readmitted_after_s/kill-server": {5, 1},
			"share_in/kill-server": {0, 1500}, "share_after/kill-server": {0, 1500},
		}},
		{"not a fault of a server", lab.Span{}, "mysql", map[string][2]float64{
			"share/app1": {1. / 3, 6000}, "share/app2": {1. / 3, 6000}, "share/app3": {1. / 3, 6000}, "balance_max_min": {1, 6000},
		}},
	} {
		l := lab.New()
		l.Record.Load.DurationS = 20
		l.Record.Windows = append(l.Record.Windows, history.Window{
			Fault: "kill-server", Target: tt.target, PlannedFromS: 10, PlannedToS: 15, FromS: 10, ToS: 15, HealedS: 15,
		})
		l.Upstreams(20, 300, tt.without)
		got := named(All(l.Arm, account.Windows(l.Arm)), names...)
		if d := cmp.Diff(tt.want, got, cmpopts.EquateApprox(0.02, 0.11)); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, d)
		}
	}
}

func TestUnevenShares(t *testing.T) {
	l := lab.New()
	for i := range 100 {
		for name, perS := range map[string]float64{"app1": 200, "app2": 100, "idle": 0} {
			value := perS * float64(i) / 10
			if name == "app1" && i >= 50 {
				value -= 200 * 4.95 // Nginx began again: 10 requests since
			}
			l.Samples = append(l.Samples, history.Sample{AtS: float64(i) / 10, Probe: history.ProbeUpstream, Name: name, Value: value})
		}
	}
	want := map[string][2]float64{"share/app1": {0.66, 2960}, "share/app2": {0.33, 2960}, "share/idle": {0, 2960}, "balance_max_min": {1970, 2960}}
	got := named(All(l.Arm, nil), "share/app1", "share/app2", "share/idle", "balance_max_min")
	if d := cmp.Diff(want, got, cmpopts.EquateApprox(0.01, 0.01)); d != "" {
		t.Errorf("shares (-want +got):\n%s", d)
	}
}
