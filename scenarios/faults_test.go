package scenarios_test

import (
	"testing"
	"time"

	"oalab/scenarios"
	"oalab/scenarios/history"
)

// TestFreezeServerShowsItsEffect counts the probes that a frozen server kept waiting. One
// that was asked before the freeze was seen is dated before the window; on a slow machine
// it takes most of the freeze, and the next one is answered after it.
func TestFreezeServerShowsItsEffect(t *testing.T) {
	w := history.Window{BegunS: 1.5, FromS: 1.56, ToS: 2.56}
	for _, tc := range []struct {
		name   string
		sample history.Sample
		want   int
	}{
		{"asked while the freeze began to bite", history.Sample{AtS: 1.55, Error: "deadline"}, 1},
		{"asked in the window", history.Sample{AtS: 2, Error: "deadline"}, 1},
		{"answered in the window", history.Sample{AtS: 2}, 0},
		{"long before", history.Sample{AtS: 0.5, Error: "deadline"}, 0},
		{"after the thaw", history.Sample{AtS: 2.56, Error: "deadline"}, 0},
	} {
		f := scenarios.FreezeServer(1500*time.Millisecond, time.Second)
		if got := f.Effect.Count(&history.Arm{Samples: []history.Sample{tc.sample}}, w); got != tc.want {
			t.Errorf("%s: %d, want %d", tc.name, got, tc.want)
		}
	}
}
