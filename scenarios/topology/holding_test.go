package topology

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"oalab/scenarios/history"
	"oalab/scenarios/topology/container"
)

// TestHolding reads what a host's kernel tells: the state first, then each change at
// its own time, and the end of the host.
func TestHolding(t *testing.T) {
	base := time.Date(2026, 11, 24, 11, 0, 0, 0, time.UTC)
	var got []history.Sample
	h := &holding{
		host: new(container.Host), probe: history.ProbeAddress, address: "198.18.0.100", base: base,
		record: func(s history.Sample) error { got = append(got, s); return nil },
	}
	at := func(s float64) time.Time { return base.Add(time.Duration(s * float64(time.Second))) }
	for _, line := range []container.Line{
		{At: at(0.1), Text: "STATE 1: lo inet 127.0.0.1/8 scope host lo 2: eth0 inet 198.18.0.11/24 scope global eth0"},
		{At: at(9), Text: "[2026-11-24T11:00:01.250000] 2: eth0    inet 198.18.0.100/24 scope global secondary eth0"},
		{At: at(9), Text: "       valid_lft forever preferred_lft forever"},
		{At: at(9), Text: "[2026-11-24T11:00:01.300000] 2: eth0    inet 198.18.0.10/24 scope global secondary eth0"},
		{At: at(9), Text: "[2026-11-24T11:00:02.500000] Deleted 2: eth0    inet 198.18.0.100/24 scope global secondary eth0"},
		{At: at(9), Text: "[2026-11-24T11:00:03.000000] 2: eth0    inet 198.18.0.100/24 scope global secondary eth0"},
		{At: at(4), Text: "lb1 is down", End: true},
		{At: at(6), Text: "STATE 2: eth0 inet 198.18.0.11/24 scope global eth0"},
	} {
		if err := h.line(line); err != nil {
			t.Fatal(err)
		}
	}
	var want []history.Sample
	for _, c := range []struct{ at, value float64 }{{0.1, 0}, {1.25, 1}, {2.5, 0}, {3, 1}, {4, 0}} {
		want = append(want, history.Sample{AtS: c.at, Probe: history.ProbeAddress, Value: c.value})
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-9)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := h.line(container.Line{Text: "[yesterday] 2: eth0    inet 198.18.0.100/24 scope"}); err == nil {
		t.Error("an event without a time is taken")
	}
}
