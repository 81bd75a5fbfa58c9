package account

import (
	"testing"
)

func TestMatches(t *testing.T) {
	tests := []struct {
		series, metric string
		want           bool
	}{
		{"oalab_outbox_rows", "oalab_outbox_rows", true},
		{`oalab_queue_depth{queue="orders"}`, "oalab_queue_depth", true},
		{"oalab_queue_depth_max", "oalab_queue_depth", false},
		{`errors{class="timeout",op="OrderProduct"}`, `errors{op="OrderProduct"}`, true},
		{`errors{class="timeout",op="OrderProduct"}`, `errors{op="OrderProduct",class="timeout"}`, true},
		{`errors{class="timeout",op="OrderProduct"}`, `errors{op="QueryUsage"}`, false},
		{`errors{class="a,b\"c",op="x"}`, `errors{class="a,b\"c"}`, true},
		{`errors{class="a,b",op="x"}`, `errors{op="x"}`, true},
		{`errors`, `errors{op="x"}`, false},
	}
	for _, tt := range tests {
		if got := SeriesMatches(tt.series, tt.metric); got != tt.want {
			t.Errorf("matches(%s, %s) = %v, want %v", tt.series, tt.metric, got, tt.want)
		}
	}
}
