package predict

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"oalab/scenarios/history"
)

// Fit is how well the cycles of a fault follow the law of its prediction.
type Fit struct {
	N        int
	Distance float64 // greatest distance from the law that no allowed overhead explains, 0 to 1
	P        float64 // an upper bound of the probability of such a distance under the law
}

// Fits tests the outages of a fault, in seconds, against the uniform law of its
// prediction by the test of Kolmogorov and Smirnov. A prediction without a law, and
// no outages, fit with P = 1.
//
// An outage is one draw from the law plus an overhead, which is not known: the probe's
// grid, the script, the take-over itself. Nothing is estimated from the data, which would
// spoil the level of the test. The overhead of every cycle is only taken to lie in one
// interval as wide as ScatterSlack, somewhere within the slack of the prediction. The
// distance is measured to the law between the two ends of such an interval, the kindest of
// them: wherever the true overheads lie in it, and however they depend on each other, that
// is no more than the distance of the draws themselves from the law. So P is conservative.
// The test detects a wrong shape or width: outages that all come in one phase of the advert
// interval, or a spread of another interval than the one that was set. A shift it sees only
// beyond the slack.
func Fits(p history.Prediction, outages []float64) Fit {
	width := p.LawHighS - p.LawLowS
	if p.Law != history.LawUniform || width <= 0 || len(outages) == 0 {
		return Fit{N: len(outages), P: 1}
	}
	x := slices.Clone(outages)
	slices.Sort(x)
	n := float64(len(x))
	law := func(v float64) float64 { return min(1, max(0, (v-p.LawLowS)/width)) }
	first, last := p.LowS-p.LawLowS, p.HighS-p.LawHighS
	scatter := min(ScatterSlack*max(1, p.Slow), max(0, last-first))

	// With the interval of overheads at [s, s+scatter]: how far the outages are too
	// early for its lower end, and too late for its upper end.
	apart := func(s float64) (early, late float64) {
		for i, v := range x {
			early = max(early, float64(i+1)/n-law(v-s))
			late = max(late, law(v-s-scatter)-float64(i)/n)
		}
		return early, late
	}
	// The first grows with s and the second falls: the kindest s is where they meet.
	lo, hi := first, max(first, last-scatter)
	for range 60 {
		s := (lo + hi) / 2
		if early, late := apart(s); early > late {
			hi = s
		} else {
			lo = s
		}
	}
	early, late := apart((lo + hi) / 2)
	d := max(early, late)
	return Fit{N: len(x), Distance: d, P: kolmogorov(len(x), d)}
}

// exactUpTo is the number of observations up to which the exact law is computed; the
// correction of the limiting law is better than three digits far below it.
const exactUpTo = 100

// kolmogorov is the probability that n draws from a continuous law lie at least d
// from it: exact by Marsaglia, Tsang and Wang (Journal of Statistical Software 8(18),
// 2003), for many draws the limiting law with the correction of Stephens (Journal of
// the Royal Statistical Society B 32, 1970).
func kolmogorov(n int, d float64) float64 {
	switch nd := float64(n) * d; {
	case nd <= 0.5:
		return 1
	case d >= 1:
		return 0
	case n > exactUpTo:
		return limiting((math.Sqrt(float64(n)) + 0.12 + 0.11/math.Sqrt(float64(n))) * d)
	}
	nd := float64(n) * d
	k := int(nd) + 1
	m, h := 2*k-1, float64(k)-nd
	a := mat.NewDense(m, m, nil)
	for i := range m {
		for j := range min(i+2, m) {
			v := 1.0
			if j == 0 {
				v -= math.Pow(h, float64(i+1))
			}
			if i == m-1 {
				v -= math.Pow(h, float64(m-j))
			}
			if j == 0 && i == m-1 {
				v += math.Pow(max(0, 2*h-1), float64(m))
			}
			a.Set(i, j, v/math.Gamma(float64(i-j+2)))
		}
	}
	var power mat.Dense
	power.Pow(a, n)
	below := power.At(k-1, k-1)
	for i := 1; i <= n; i++ {
		below *= float64(i) / float64(n)
	}
	return min(1, max(0, 1-below))
}

// limiting is Kolmogorov's limiting law above x.
func limiting(x float64) float64 {
	sum, sign := 0.0, 1.0
	for j := 1.0; j <= 100; j++ {
		term := math.Exp(-2 * j * j * x * x)
		sum += sign * term
		if term < 1e-16 {
			break
		}
		sign = -sign
	}
	return min(1, max(0, 2*sum))
}
