package machine

import (
	"testing"

	"oalab/scenarios/history"
)

// TestSpeed holds what is timed against this machine: every part takes some time, and
// the rounds are told apart.
func TestSpeed(t *testing.T) {
	dir := t.TempDir()
	parts, err := Speed(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(parts) < 3 {
		t.Errorf("%d parts", len(parts))
	}
	for _, p := range parts {
		t.Logf("%-22s %.3g s (%.3g to %.3g), %.2f times the reference", p.Name, p.MedianS, p.LeastS, p.MostS, p.Factor())
		if !(p.LeastS > 0) || p.MedianS < p.LeastS || p.MostS < p.MedianS || p.ReferenceS <= 0 || p.Rounds != rounds {
			t.Errorf("%+v", p)
		}
	}
}

func TestFactor(t *testing.T) {
	part := func(of float64) history.SpeedPart { return history.SpeedPart{ReferenceS: 2, MedianS: 2 * of} }
	for _, tc := range []struct {
		name  string
		parts []history.SpeedPart
		want  float64
	}{
		{"as fast as the reference", []history.SpeedPart{part(1), part(1)}, 1},
		{"faster", []history.SpeedPart{part(0.5), part(0.7)}, 1},
		{"one part is slow", []history.SpeedPart{part(0.8), part(2.5), part(1)}, 2.5},
		{"stuck", []history.SpeedPart{part(400)}, MostFactor},
		{"a disk that is nine times slower", []history.SpeedPart{{ReferenceS: 1, MedianS: 9, Weight: 0.5}, part(1.5)}, 3},
		{"nothing measured", nil, 1},
	} {
		if got := Factor(tc.parts); got != tc.want {
			t.Errorf("%s: %g, want %g", tc.name, got, tc.want)
		}
	}
}

func TestRung(t *testing.T) {
	for _, tc := range []struct {
		name        string
		factor      float64
		rungs, want int
	}{
		{"the reference machine", 1, Rungs, 0},
		{"a little slower", 1.3, Rungs, 0},
		{"half as fast", 2, Rungs, 1},
		{"a quarter as fast", 4, Rungs, 2},
		{"slower than the ladder is long", 12, Rungs, 2},
		{"one rung", 12, 1, 0},
	} {
		if got := Rung(tc.factor, tc.rungs); got != tc.want {
			t.Errorf("%s: rung %d, want %d", tc.name, got, tc.want)
		}
	}
}
