package topology

import (
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/scenarios/history"
	"oalab/scenarios/predict"
)

// TestKeepalivedSettings: the hosts are started with the settings that the predictions are
// computed from, except for planted ones (REP-9).
func TestKeepalivedSettings(t *testing.T) {
	thesis := predict.Settings{
		AdvertS: 1, Master: 101, Backup: 100, NoPreempt: true,
		Check: predict.Check{IntervalS: 2, Fall: 1, Rise: 1, RestartThenYield: true, GraceS: 2},
	}
	for name, tc := range map[string]struct {
		layout Layout
		lb1    map[string]string
		lb2    map[string]string // what differs
	}{
		"the product's own": {
			layout: Layout{},
			lb1: map[string]string{
				"VRRPV": "3", "ADVERT": "0.1", "PRIO": "254", "STATE": "MASTER", "CHK_INTERVAL": "0.1", "CHK_TIMEOUT": "1",
				"CHK_FALL": "2", "CHK_RISE": "2", "CHK_WEIGHT": "0",
			},
			lb2: map[string]string{"PRIO": "253", "STATE": "BACKUP"},
		},
		"the source's, without preemption": {
			layout: Layout{VRRP: thesis},
			lb1: map[string]string{
				"VRRPV": "3", "ADVERT": "1", "PRIO": "101", "STATE": "BACKUP", "PREEMPT": "no", "CHECK": "thesis", "CHK_INTERVAL": "2",
				"CHK_FALL": "1", "CHK_RISE": "1", "CHK_WEIGHT": "0",
			},
			lb2: map[string]string{"PRIO": "100"},
		},
		"a wrong priority planted": {
			layout: Layout{PlantedBackup: 1},
			lb1: map[string]string{
				"VRRPV": "3", "ADVERT": "0.1", "PRIO": "254", "STATE": "MASTER", "CHK_INTERVAL": "0.1", "CHK_TIMEOUT": "1",
				"CHK_FALL": "2", "CHK_RISE": "2", "CHK_WEIGHT": "0",
			},
			lb2: map[string]string{"PRIO": "1", "STATE": "BACKUP"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := tc.layout.withDefaults()
			if diff := cmp.Diff(tc.lb1, l.keepalived(HostLB1)); diff != "" {
				t.Errorf("lb1 (-want +got):\n%s", diff)
			}
			want := maps.Clone(tc.lb1)
			maps.Copy(want, tc.lb2)
			if diff := cmp.Diff(want, l.keepalived(HostLB2)); diff != "" {
				t.Errorf("lb2 (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNginxSettings(t *testing.T) {
	if got := (Layout{}).nginx(); len(got) != 0 {
		t.Errorf("the zero layout sets %v", got)
	}
	want := map[string]string{"METHOD": "least_conn", "TRY_TIMEOUT": "1500ms", "FAIL_TIMEOUT": "3s", "ACCESS_LOG": "on", "KEEPALIVE": "500"}
	got := Layout{Method: "least_conn", TryTimeout: 1500 * time.Millisecond, OutFor: 3 * time.Second, AccessLog: true, KeepAlive: 500}.nginx()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestScalerConfig: what the checkers judge by is what the scalers are started with
// (DIS-2).
func TestScalerConfig(t *testing.T) {
	for name, tc := range map[string]struct {
		scaling history.Scaling
		want    scalerConfig
	}{
		"the source's": {
			history.Scaling{Bands: []history.ScalingBand{{FromPerS: 0, Servers: 1}, {FromPerS: 500, Servers: 2}, {FromPerS: 10000, Servers: 5}}, EveryS: 5, HoldS: 15, Margin: 0.1},
			scalerConfig{Every: "5s", Hold: "15s", Margin: 10, Bands: "0:1 500:2 10000:5"},
		},
		"short": {
			history.Scaling{Bands: []history.ScalingBand{{FromPerS: 0, Servers: 1}, {FromPerS: 12.5, Servers: 2}}, EveryS: 0.5, HoldS: 1.5, Margin: 0.29},
			scalerConfig{Every: "500ms", Hold: "1.5s", Margin: 29, Bands: "0:1 12.5:2"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, scalerSettings(tc.scaling)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
