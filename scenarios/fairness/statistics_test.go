package fairness

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > tolerance {
		t.Errorf("%s = %.6g, want %.6g ± %g", what, got, want, tolerance)
	}
}

func TestCounts(t *testing.T) {
	splits := [][]int{{1, 2, 3}, {2, 2, 2}, {0, 3, 3}, {2, 2, 3}, {-1, 4, 3}}
	if diff := cmp.Diff(Count{Checked: 5, Violations: 1, First: 3}, Conservation(splits, 6)); diff != "" {
		t.Errorf("conservation (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(Count{Checked: 5, Violations: 2, First: 2}, Minimum(splits, 1)); diff != "" {
		t.Errorf("minimum (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(Count{Checked: 5, First: -1}, Minimum(splits, -1)); diff != "" {
		t.Errorf("minimum of -1 (-want +got):\n%s", diff)
	}
}

func TestPositions(t *testing.T) {
	got := Positions([][]int{{1, 5}, {3, 5}, {5, 5}, {7, 5}})
	want := []Sample{{N: 4, Mean: 4, Variance: 20.0 / 3, Fourth: 41}, {N: 4, Mean: 5}}
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-12)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMeans(t *testing.T) {
	one := []Sample{{N: 100, Mean: 25.1, Variance: 1}} // standard error 0.1
	near(t, "unequal, one position at z = 1", UnequalMeans(one, 25).P, 0.3173, 1e-4)
	two := append(one, Sample{N: 100, Mean: 25, Variance: 1})
	near(t, "unequal, the second of two at 0", UnequalMeans(two, 25).P, 2*0.3173, 2e-4)
	p, against := Equivalence(two, 25, 0.25)
	near(t, "equivalence at z = 1.5", p.P, 0.0668, 1e-4)
	near(t, "against it", against.P, 1, 0)
	p, against = Equivalence([]Sample{{N: 100, Mean: 24.4, Variance: 1}}, 25, 0.25)
	near(t, "equivalence of what is 3.5 errors beyond", p.P, 1-2.33e-4, 1e-5)
	near(t, "against it", against.P, 2.33e-4, 1e-5)
	flat := []Sample{{N: 100, Mean: 1}}
	near(t, "no scatter, right mean", UnequalMeans(flat, 1).P, 1, 0)
	near(t, "no scatter, wrong mean", UnequalMeans(flat, 1.5).P, 0, 0)
	p, _ = Equivalence(flat, 1, 0.01)
	near(t, "no scatter, equal", p.P, 0, 0)
}

func TestSpreadProfile(t *testing.T) {
	// Normal data of variance 4: the variance of the variance is 2·4²/n = 0.04.
	samples := []Sample{{N: 800, Mean: 0, Variance: 4, Fourth: 48}}
	bands, test := SpreadProfile(samples, []float64{math.Sqrt(3.6)}, 0.05)
	near(t, "p at z = 2", test.P, 0.0455, 1e-4)
	near(t, "upper end", bands[0].High, math.Sqrt(3.6+1.96*0.2), 1e-4)
	near(t, "lower end", bands[0].Low, math.Sqrt(3.6-1.96*0.2), 1e-4)
	if bands[0].SD <= bands[0].High {
		t.Errorf("z = 2 lies inside the 95 %% band: %+v", bands[0])
	}
}

func TestChiSquare(t *testing.T) {
	near(t, "60:40 against 1:1", Goodness([]int{60, 40}, []float64{0.5, 0.5}).P, 0.0455, 1e-4)
	near(t, "exact fit", Goodness([]int{50, 50}, []float64{0.5, 0.5}).P, 1, 0)
	near(t, "a die", Goodness([]int{30, 14, 34, 45, 57, 20}, []float64{1. / 6, 1. / 6, 1. / 6, 1. / 6, 1. / 6, 1. / 6}).Statistic, 37.78, 0.01)
	near(t, "the impossible", Goodness([]int{99, 1}, []float64{1, 0}).P, 0, 0)
	// The last two cells expect 3 each: together 6 of 100, seen 12; 36/6 + 36/94.
	near(t, "sparse cells together", Goodness([]int{88, 12, 0}, []float64{0.94, 0.03, 0.03}).Statistic, 6.383, 1e-3)
	near(t, "60:40 against 40:60", Homogeneity([]int{60, 40}, []int{40, 60}).P, 0.00468, 1e-5)
	near(t, "same shape, other size", Homogeneity([]int{60, 40}, []int{600, 400}).P, 1, 1e-12)
}

func TestKolmogorov(t *testing.T) {
	near(t, "tail at 1.36", kolmogorovTail(1.3581), 0.05, 1e-4)
	near(t, "tail at 1.63", kolmogorovTail(1.6276), 0.01, 1e-5)
	near(t, "distance", Kolmogorov([][]float64{{0.4, 0.1}, {0.7}}).Statistic, 0.3, 1e-12)
}

func TestCorrelations(t *testing.T) {
	rng := generator(1, "correlations")
	u := make([][]float64, 20_000)
	twins := make([][]float64, len(u)) // each packet repeats the one before at even places
	steps := make([][]float64, len(u)) // each share repeats the one before in half of the packets
	for i := range u {
		u[i] = []float64{rng.Float64(), rng.Float64(), rng.Float64()}
		twins[i], steps[i] = u[i], u[i]
		if i%2 == 1 {
			twins[i] = u[i-1]
			steps[i] = []float64{u[i][0], u[i][0], u[i][0]}
		}
	}
	for name, c := range map[string]struct {
		test Test
		z    float64
	}{
		"independent, lag 1":  {Lag(u, 1), 0},
		"independent, lag 2":  {Lag(u, 2), 0},
		"independent, across": {Across(u), 0},
		"twins, across":       {Across(twins), 0.5 * math.Sqrt(60_000)},
		"steps, lag 1":        {Lag(steps, 1), 0.5 * math.Sqrt(40_000)},
		"steps, lag 2":        {Lag(steps, 2), 0.5 * math.Sqrt(20_000)},
	} {
		near(t, name, c.test.Statistic, c.z, 4)
	}
	splits := [][]int{}
	for range 500 {
		splits = append(splits, []int{1, 3}, []int{3, 1})
	}
	near(t, "alternating amounts", Serial(splits).Statistic, -math.Sqrt(999), 0.1)
	near(t, "constant amounts", Serial([][]int{{1}, {1}, {1}, {1}}).P, 1, 0)
}

func TestLuck(t *testing.T) {
	best, worst := Luck([][]int{{1, 2, 3}, {3, 2, 1}, {2, 3, 1}}, generator(1, "luck"))
	if diff := cmp.Diff([][]int{{1, 1, 1}, {1, 0, 2}}, [][]int{best, worst}); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	ties := make([][]int, 30_000)
	for i := range ties {
		ties[i] = []int{2, 1, 2, 2}
	}
	best, _ = Luck(ties, generator(2, "luck"))
	if p := Goodness(best, []float64{1. / 3, 0, 1. / 3, 1. / 3}).P; p < 0.001 {
		t.Errorf("ties are decided %v: p = %v", best, p)
	}
}

func TestZeros(t *testing.T) {
	z := Zeros([][]int{{1, 0, 0}, {1, 1, 1}, {0, 1, 2}, {2, 0, 1}})
	if diff := cmp.Diff(ZeroCount{Packets: 4, WithZero: 3, First: []int{1, 2, 0}}, z); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	many := ZeroCount{Packets: 1000, WithZero: 100, First: []int{40, 60}}
	near(t, "at its probability", many.Test([]float64{0.04, 0.06}).P, 1, 1e-9)
	near(t, "where none can be", many.Test([]float64{0, 0.1}).P, 0, 0)
	near(t, "twice as many", many.Test([]float64{0.02, 0.03}).Statistic, 400./20+900./30+2500./950, 1e-9)
}

func TestGini(t *testing.T) {
	for _, c := range []struct {
		shares []int
		want   float64
	}{{[]int{5, 5, 5}, 0}, {[]int{0, 4, 0, 0}, 0.75}, {[]int{4, 2, 1, 3}, 0.25}, {[]int{0, 0}, 0}, {nil, 0}} {
		near(t, "Gini", Gini(c.shares), c.want, 1e-12)
	}
	half := make([]float64, 10_000)
	for i := range half {
		half[i] = float64(i % 2)
	}
	got := Bootstrap(half, 1000, generator(1, "bootstrap"))
	near(t, "mean", got.Value, 0.5, 0)
	near(t, "low", got.Low, 0.5-1.96*0.005, 0.001)
	near(t, "high", got.High, 0.5+1.96*0.005, 0.001)
	near(t, "Welch", Welch([]float64{0, 2}, []float64{4, 6}).Statistic, -4/math.Sqrt2, 1e-12)
}

func TestHolm(t *testing.T) {
	got := Holm([]float64{0.01, 0.04, 0.03, 0.005})
	if diff := cmp.Diff([]float64{0.03, 0.06, 0.06, 0.02}, got, cmpopts.EquateApprox(0, 1e-12)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPower(t *testing.T) {
	near(t, "deviation at 5 %", seesDeviation(0.05, 1), 1.95996+1.28155, 1e-4)
	// One degree of freedom: the noncentral chi-square is a shifted normal squared.
	near(t, "noncentral survival", noncentralSurvival(3.84146, 1, 9), above(1.95996-3)+above(1.95996+3), 1e-5)
	near(t, "noncentrality", seesNoncentrality(0.05, 1), math.Pow(1.95996+1.28155, 2), 0.01)
	near(t, "equivalence", equivalencePower(0.05, 0.3, []float64{1}, 100), 1-2*above(3-1.64485), 1e-5)
	near(t, "wilson low", wilson(5, 100).Low, 0.0215, 1e-4)
	near(t, "wilson high", wilson(5, 100).High, 0.1118, 1e-4)
	near(t, "wilson of none", wilson(0, 100).Low, 0, 0)
}
