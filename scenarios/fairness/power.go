package fairness

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// The sensitivities below are computed from numbers of observations and closed
// forms, for a test at level alpha, at probability Power.

// seesDeviation is the deviation that a two-sided normal test over so many
// positions sees, in standard errors.
func seesDeviation(alpha float64, positions int) float64 {
	return quantile(1-alpha/2/float64(positions)) + quantile(Power)
}

// seesNoncentrality is the noncentrality that a chi-square test sees.
func seesNoncentrality(alpha float64, freedom int) float64 {
	critical := distuv.ChiSquared{K: float64(freedom)}.Quantile(1 - alpha)
	low, high := 0.0, 1.0
	for noncentralSurvival(critical, freedom, high) < Power {
		high *= 2
	}
	for range 60 {
		middle := (low + high) / 2
		if noncentralSurvival(critical, freedom, middle) < Power {
			low = middle
		} else {
			high = middle
		}
	}
	return high
}

// noncentralSurvival is the chance of a noncentral chi-square above x: a Poisson
// mixture of central ones, summed outwards from its heaviest term.
func noncentralSurvival(x float64, freedom int, noncentrality float64) float64 {
	poisson := distuv.Poisson{Lambda: noncentrality / 2}
	reach := 10 * (math.Sqrt(noncentrality/2) + 2)
	sum := 0.0
	for j := math.Max(0, math.Floor(noncentrality/2-reach)); j <= noncentrality/2+reach; j++ {
		sum += poisson.Prob(j) * distuv.ChiSquared{K: float64(freedom) + 2*j}.Survival(x)
	}
	return sum
}

// seesDistance is the distance between distributions that Kolmogorov's test of n
// values sees for sure with Power (Massey's bound).
func seesDistance(alpha float64, n int) float64 {
	critical := math.Sqrt(-math.Log(alpha/2) / 2) // the leading term of the tail
	return (critical + quantile(Power)/2) / math.Sqrt(float64(n))
}

// equivalencePower is the least chance that all positions are shown to lie within
// margin when all means are equal, for the given standard deviations.
func equivalencePower(alpha, margin float64, sd []float64, n int) float64 {
	miss := 0.0
	for _, s := range sd {
		if s == 0 {
			continue
		}
		miss += 2 * above(margin*math.Sqrt(float64(n))/s-quantile(1-alpha))
	}
	return max(0, 1-miss)
}
