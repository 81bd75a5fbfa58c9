package figure_test

import (
	"slices"
	"strings"
	"testing"

	"oalab/scenarios/figure"
	"oalab/scenarios/history"
)

// TestEffort: the counters of two lives of the server are added up. Without a counter
// there is no figure; where nothing was looked up, that is a figure (PERF-1).
func TestEffort(t *testing.T) {
	sample := func(at float64, name string, value float64) history.Sample {
		return history.Sample{AtS: at, Probe: "server.metrics", Name: name, Value: value}
	}
	a := &history.Arm{
		Name:       "main",
		Plan:       []history.PlannedOp{{Seq: 0, Kind: history.KindOrder}, {Seq: 1, Kind: history.KindText}},
		Operations: []history.Operation{{Seq: 0, StartS: 0, LatencyS: 1}, {Seq: 1, StartS: 1, LatencyS: 4}},
		Samples: []history.Sample{
			sample(0.1, "oalab_db_statements_total", 10), sample(2, "oalab_db_statements_total", 14),
			sample(3, "oalab_db_statements_total", 2),  // restarted
			sample(9, "oalab_db_statements_total", 99), // after the last operation
			sample(0.1, `oalab_db_statements_total{of="orders"}`, 0), sample(2, `oalab_db_statements_total{of="orders"}`, 7),
			sample(0.1, `oalab_cache_requests_total{cache="replies",result="hit"}`, 0), sample(2, `oalab_cache_requests_total{cache="replies",result="hit"}`, 3),
			sample(0.1, `oalab_cache_requests_total{cache="replies",result="miss"}`, 0), sample(2, `oalab_cache_requests_total{cache="replies",result="miss"}`, 1),
			sample(2, `oalab_cache_requests_total{cache="replies",result="done"}`, 50),
		},
	}
	got := map[string]history.Figure{}
	for _, f := range figure.All(a, nil) {
		got[f.Name] = f
	}
	if f := got["statements_per_message"]; f.Value != 3 || f.N != 2 {
		t.Errorf("statements_per_message %+v, want 3 of 2 messages", f)
	}
	if f := got["statements_per_order"]; f.Value != 7 || f.N != 1 {
		t.Errorf("statements_per_order %+v, want 7 of 1 order", f)
	}
	if f := got["cache_hit_ratio"]; f.Value != 0.75 || f.N != 4 {
		t.Errorf("cache_hit_ratio %+v, want 0.75 of 4 requests", f)
	}
	if f := got["cache_lookups"]; f.Value != 4 || f.N != 2 {
		t.Errorf("cache_lookups %+v, want 4 of 2 messages", f)
	}
	a.Samples = slices.DeleteFunc(a.Samples, func(s history.Sample) bool {
		return s.AtS > 1 && strings.HasPrefix(s.Name, "oalab_cache") // the counters are there and stand still
	})
	clear(got)
	for _, f := range figure.All(a, nil) {
		got[f.Name] = f
	}
	if f, ok := got["cache_lookups"]; !ok || f.Value != 0 || f.N != 2 {
		t.Errorf("cache_lookups %+v, %t; want 0 of 2 messages", f, ok)
	}
	if f, ok := got["cache_hit_ratio"]; ok {
		t.Errorf("a ratio of nothing: %+v", f)
	}
	a.Samples = nil
	for _, f := range figure.All(a, nil) {
		if slices.Contains([]string{"statements_per_message", "cache_hit_ratio", "cache_lookups"}, f.Name) {
			t.Errorf("%s without any sample: %+v", f.Name, f)
		}
	}
}
