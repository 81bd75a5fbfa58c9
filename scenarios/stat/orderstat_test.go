package stat

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestQuantileInterval(t *testing.T) {
	ranks := func(n int) []float64 {
		out := make([]float64, n)
		for i := range out {
			out[i] = float64(i + 1)
		}
		return out
	}
	for _, tt := range []struct {
		n    int
		q    float64
		want []float64
	}{
		{5, 0.5, nil},
		{6, 0.5, []float64{1, 6}}, // tables of the sign test
		{9, 0.5, []float64{2, 8}},
		{20, 0.5, []float64{6, 15}},
		{71, 0.95, nil},
		{72, 0.95, []float64{64, 72}},
		{0, 0.5, nil},
	} {
		var got []float64
		if low, high, ok := QuantileInterval(ranks(tt.n), tt.q); ok {
			got = []float64{low, high}
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("n %d, q %g (-want +got):\n%s", tt.n, tt.q, d)
		}
	}
}
