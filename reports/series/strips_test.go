package series_test

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	wl "oalab/mockwechat/ledger"
	"oalab/reports/series"
	"oalab/scenarios/history"
)

func strip(t *testing.T, l *lab, component string) series.Strip {
	t.Helper()
	all := series.Of(&l.Arm).Strips
	i := slices.IndexFunc(all, func(s series.Strip) bool { return s.Component == component })
	if i < 0 {
		t.Fatalf("no strip of %s among %d", component, len(all))
	}
	s := all[i]
	cursor := 0.0
	for _, p := range s.Spans {
		if math.Abs(p.FromS-cursor) > 1e-9 || p.ToS < p.FromS {
			t.Errorf("strip of %s has a gap or overlap at %g s: %+v", component, cursor, p)
		}
		cursor = p.ToS
	}
	return s
}

func TestReadinessStrip(t *testing.T) {
	l := newLab(2)
	for i := range 20 {
		s := history.Sample{AtS: 0.02 + 0.1*float64(i), Probe: "server.ready", Name: "status", Value: 200}
		switch {
		case i >= 5 && i < 8: // dead
			s.Name, s.Value, s.Error = "", 0, "connection refused"
		case i == 8: // alive, not ready
			s.Value = 503
		case i >= 12 && i < 18: // the probe hangs
			continue
		}
		l.Samples = append(l.Samples, s)
	}
	s := strip(t, l, "server readiness")
	want := []series.Span{
		{FromS: 0, ToS: 0.52, State: series.Up},
		{FromS: 0.52, ToS: 0.92, State: series.Down},
		{FromS: 0.92, ToS: 1.42, State: series.Up},
		{FromS: 1.42, ToS: 1.82, State: series.Unseen},
		{FromS: 1.82, ToS: 2, State: series.Up},
	}
	if d := cmp.Diff(want, s.Spans, near); d != "" {
		t.Errorf("spans (-want +got):\n%s", d)
	}
	if got := s.Availability(); math.Abs(got-1.2/1.6) > 1e-9 || math.Abs(s.Longest(series.Down)-0.4) > 1e-9 {
		t.Errorf("availability %g, longest down %g", got, s.Longest(series.Down))
	}
}

func TestCallbackStrips(t *testing.T) {
	l := newLab(0.5)
	l.push(0.01, 0.01, 0.001)
	l.push(0.11, 0.11, 0.001)
	add := func(s float64, d wl.Delivery) {
		d.At, d.Seq, d.Try = at(s), l.plan(s), 1
		l.try(d)
	}
	add(0.15, wl.Delivery{TimedOut: true})
	add(0.25, wl.Delivery{Refused: true})
	if d := cmp.Diff([]series.Span{
		{FromS: 0, ToS: 0.1, State: series.Up},
		{FromS: 0.1, ToS: 0.2, State: series.Degraded},
		{FromS: 0.2, ToS: 0.3, State: series.Down},
		{FromS: 0.3, ToS: 0.5, State: series.Unseen},
	}, strip(t, l, "callbacks").Spans, near); d != "" {
		t.Errorf("callbacks (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]series.Span{ // a time-out is not the link's
		{FromS: 0, ToS: 0.2, State: series.Up}, {FromS: 0.2, ToS: 0.3, State: series.Down}, {FromS: 0.3, ToS: 0.5, State: series.Unseen},
	}, strip(t, l, "link platform → server").Spans, near); d != "" {
		t.Errorf("link (-want +got):\n%s", d)
	}
}

// TestCarrierStrips: what counts is by how much the counters rose; a restarted server
// counts from zero again.
func TestCarrierStrips(t *testing.T) {
	l := newLab(0.6)
	sample := func(s, calls, refused, timeouts float64) {
		for name, v := range map[string]float64{
			`oalab_carrier_calls_total{op="OrderProduct"}`:                  calls,
			`oalab_carrier_errors_total{class="refused",op="OrderProduct"}`: refused,
			`oalab_carrier_errors_total{class="timeout",op="OrderProduct"}`: timeouts,
		} {
			l.Samples = append(l.Samples, history.Sample{AtS: s, Probe: "server.metrics", Name: name, Value: v})
		}
	}
	sample(0.07, 5, 0, 0)
	sample(0.17, 9, 0, 0)  // good
	sample(0.27, 13, 4, 0) // all refused
	sample(0.37, 17, 4, 2) // two of four timed out
	sample(0.47, 17, 4, 2) // idle
	sample(0.57, 3, 0, 0)  // started again
	if d := cmp.Diff([]series.Span{
		{FromS: 0, ToS: 0.1, State: series.Unseen},
		{FromS: 0.1, ToS: 0.2, State: series.Up},
		{FromS: 0.2, ToS: 0.3, State: series.Down},
		{FromS: 0.3, ToS: 0.4, State: series.Degraded},
		{FromS: 0.4, ToS: 0.5, State: series.Unseen},
		{FromS: 0.5, ToS: 0.6, State: series.Up},
	}, strip(t, l, "carrier").Spans, near); d != "" {
		t.Errorf("carrier (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]series.Span{ // a time-out is not the link's
		{FromS: 0, ToS: 0.1, State: series.Unseen},
		{FromS: 0.1, ToS: 0.2, State: series.Up},
		{FromS: 0.2, ToS: 0.3, State: series.Down},
		{FromS: 0.3, ToS: 0.4, State: series.Up},
		{FromS: 0.4, ToS: 0.5, State: series.Unseen},
		{FromS: 0.5, ToS: 0.6, State: series.Up},
	}, strip(t, l, "link server → carrier").Spans, near); d != "" {
		t.Errorf("link (-want +got):\n%s", d)
	}
}

func TestNothingObserved(t *testing.T) {
	l := newLab(3)
	got := series.Of(&l.Arm)
	if len(got.Strips) != 0 || len(got.Rates) != 12 || got.EndS != 3 {
		t.Errorf("%d strips, %d intervals to %g s", len(got.Strips), len(got.Rates), got.EndS)
	}
	if !math.IsNaN((series.Strip{}).Availability()) {
		t.Error("a component that was not observed has an availability")
	}
}
