package fairness

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// above is the probability of a standard normal above z.
func above(z float64) float64 { return math.Erfc(z/math.Sqrt2) / 2 }

// twoSided is the probability of a standard normal at least so far from 0.
func twoSided(z float64) float64 { return math.Erfc(math.Abs(z) / math.Sqrt2) }

// quantile of the standard normal.
func quantile(p float64) float64 { return distuv.UnitNormal.Quantile(p) }

// uniformCorrelation tests whether pairs of variables with known mean ½ and variance 1/12
// are uncorrelated, from their number and the sum of the products of deviations.
func uniformCorrelation(sum float64, pairs int) Test {
	if pairs == 0 {
		return Test{P: 1}
	}
	z := 12 * sum / math.Sqrt(float64(pairs))
	return Test{Statistic: z, P: twoSided(z), N: pairs}
}
