package topology

import (
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/scenarios/predict"
)

// TestMastersEnv: what the hosts are started with is what predictions are made from.
func TestMastersEnv(t *testing.T) {
	product := map[string]string{
		"INCREMENT": "2", "SEMI": "1", "SEMI_TIMEOUT": "10000", "ADVERT": "0.1", "VRRPV": "3", "PRIO": "254", "BACKUP": "253", "FENCE": "on",
	}
	with := func(changes map[string]string) map[string]string {
		env := maps.Clone(product)
		maps.Copy(env, changes)
		return env
	}
	for _, tt := range []struct {
		name  string
		m     Masters
		quick bool
		want  map[string]string
	}{
		{"the product", Masters{}, false, product},
		{"commits outlive the process only", Masters{}, true, with(map[string]string{"DURABLE": "2"})},
		{"asynchronous", Masters{Async: true}, false, with(map[string]string{"SEMI": "0"})},
		{"a short wait", Masters{AckTimeout: 50 * time.Millisecond}, false, with(map[string]string{"SEMI_TIMEOUT": "50"})},
		{
			"the source's",
			Masters{Async: true, SameOffset: true, NoFence: true, VRRP: predict.Settings{AdvertS: 1, Master: 101, Backup: 100}},
			false,
			with(map[string]string{"SEMI": "0", "OFFSET": "1", "FENCE": "off", "ADVERT": "1", "PRIO": "101", "BACKUP": "100"}),
		},
	} {
		if diff := cmp.Diff(tt.want, tt.m.WithDefaults().env(tt.quick)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}
