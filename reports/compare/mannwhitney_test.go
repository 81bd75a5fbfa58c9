package compare

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"testing"
)

// TestMannWhitneyKnown holds the test against published values: the example of R's
// wilcox.test, that of SciPy's mannwhitneyu, and what follows from counting.
func TestMannWhitneyKnown(t *testing.T) {
	for name, tt := range map[string]struct {
		a, b []float64
		u, p float64
	}{
		"R": {
			a: []float64{1.15, 0.88, 0.90, 0.74, 1.21},
			b: []float64{0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46}, u: 35, p: 0.2544,
		},
		"SciPy":         {a: []float64{20, 11, 17, 12}, b: []float64{19, 22, 16, 29, 24}, u: 17, p: 0.1111},
		"apart, 3 by 3": {a: []float64{1, 2, 3}, b: []float64{4, 5, 6}, u: 9, p: 2.0 / 20},
		"apart, 5 by 5": {a: []float64{6, 7, 8, 9, 10}, b: []float64{1, 2, 3, 4, 5}, u: 0, p: 2.0 / 252},
		"one each":      {a: []float64{1}, b: []float64{2}, u: 1, p: 1},
		"all the same":  {a: []float64{3, 3}, b: []float64{3, 3, 3}, u: 3, p: 1},
		// Of the 6 ways to deal 0 0 0 1 by two, all have the one on some side.
		"three of four the same": {a: []float64{0, 0}, b: []float64{0, 1}, u: 3, p: 1},
	} {
		got := mannWhitney(tt.a, tt.b)
		if got.u != tt.u || math.Abs(got.p-tt.p) > 5e-5 || !got.exact {
			t.Errorf("%s: U %g, p %.5f, exact %v; want U %g, p %.5f, exact", name, got.u, got.p, got.exact, tt.u, tt.p)
		}
	}
}

// TestMannWhitneyCounts deals the values in all ways and counts pairs, which shares
// no step with the ranks of the test. Few distinct values make many ties.
func TestMannWhitneyCounts(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		m, n := 1+random.IntN(5), 1+random.IntN(5)
		all := make([]float64, m+n)
		for i := range all {
			all[i] = float64(random.IntN(6))
		}
		observed := away(all, func(i int) bool { return i >= m })
		total, far := 0, 0
		for set := range uint(1 << len(all)) {
			if bits.OnesCount(set) != n {
				continue
			}
			total++
			if away(all, func(i int) bool { return set>>i&1 == 1 }) >= observed {
				far++
			}
		}
		want := float64(far) / float64(total)
		if got := mannWhitney(all[:m], all[m:]); math.Abs(got.p-want) > 1e-12 {
			t.Fatalf("%v against %v: p %g, counted %g", all[:m], all[m:], got.p, want)
		}
	}
}

// away is how far U of those in the second group is from its mean.
func away(all []float64, second func(int) bool) float64 {
	u, pairs := 0.0, 0.0
	for i, x := range all {
		for j, y := range all {
			if second(i) || !second(j) {
				continue
			}
			pairs++
			switch {
			case y > x:
				u++
			case y == x:
				u += 0.5
			}
		}
	}
	return math.Abs(u - pairs/2)
}

// TestMannWhitneyApproximation holds the approximation of large groups against the
// exact test just below the change.
func TestMannWhitneyApproximation(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 20 {
		draw := func(n int, by float64) []float64 {
			out := make([]float64, n)
			for i := range out {
				out[i] = math.Round(10 * (random.NormFloat64() + by))
			}
			return out
		}
		a, b := draw(25, 0), draw(25, 0.4)
		exact := mannWhitney(a, b)
		ranks, ties := doubledRanks(a, b)
		if approx := normal(exact.u, 25, 25, ties); !exact.exact || math.Abs(approx-exact.p) > 0.01 {
			t.Errorf("exact %g, approximation %g, %d ranks", exact.p, approx, len(ranks))
		}
		if mannWhitney(draw(25, 0), draw(26, 0)).exact {
			t.Error("51 runs were counted out")
		}
	}
}

func TestSmallest(t *testing.T) {
	for _, tt := range []struct {
		m, n int
		want float64
	}{{1, 1, 1}, {1, 3, 0.5}, {3, 3, 0.1}, {4, 4, 2.0 / 70}, {5, 5, 2.0 / 252}, {10, 10, 2.0 / 184756}, {10, 3, 2.0 / 286}} {
		if got := smallest(tt.m, tt.n); math.Abs(got-tt.want) > 1e-12 {
			t.Errorf("smallest(%d, %d) = %g, want %g", tt.m, tt.n, got, tt.want)
		}
	}
}

// TestCut holds the order statistics against the tables of critical values of U,
// which are one less, two-sided 5 %.
func TestCut(t *testing.T) {
	for _, tt := range []struct{ m, n, critical int }{
		{3, 3, -1}, {4, 4, 0}, {5, 5, 2}, {6, 5, 3}, {8, 8, 13}, {10, 10, 23}, {20, 20, 127}, {15, 10, 39}, {1, 1, -1},
	} {
		if got := cut(tt.m, tt.n, 0.05); got != tt.critical+1 {
			t.Errorf("cut(%d, %d) = %d, want %d", tt.m, tt.n, got, tt.critical+1)
		}
	}
	if got := cut(26, 26, 0.05); got < 225 || got > 240 { // exact for 25 by 25 is 212
		t.Errorf("cut(26, 26) = %d", got)
	}
}

// TestShiftCovers draws from two distributions a known shift apart: the interval
// covers it with the level that it claims.
func TestShiftCovers(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	const rounds = 2000
	covered := 0
	for range rounds {
		a, b := make([]float64, 7), make([]float64, 9)
		for i := range a {
			a[i] = math.Exp(random.NormFloat64())
		}
		for i := range b {
			b[i] = math.Exp(random.NormFloat64()) + 2
		}
		if e := shift(a, b, 0.05); *e.Low <= 2 && 2 <= *e.High {
			covered++
		}
	}
	if got := float64(covered) / rounds; got < 0.94 || got > 0.98 {
		t.Errorf("intervals of 95 %% cover the shift in %.3f", got)
	}
}

func TestEffect(t *testing.T) {
	a, b := []float64{1, 2, 4, 4}, []float64{2, 4, 8, 8}
	// By hand: 1 3 7 7, 0 2 6 6, and -2 0 4 4 twice.
	if e := shift(a, b, 0.05); e.Value != 3.5 || *e.Low != -2 || *e.High != 7 {
		t.Errorf("shift = %g [%g, %g]", e.Value, *e.Low, *e.High)
	}
	if e := ratio(a, b, 0.05); e.Value != 2 || *e.Low != 0.5 || *e.High != 8 {
		t.Errorf("ratio = %g [%g, %g]", e.Value, *e.Low, *e.High)
	}
	if e := ratio([]float64{0, 1}, []float64{1, 2}, 0.05); e != nil {
		t.Errorf("a ratio to zero: %v", e)
	}
	if e := shift([]float64{1}, []float64{3}, 0.05); e.Value != 2 || e.Low != nil || e.High != nil {
		t.Errorf("one against one: %+v", e)
	}
}
