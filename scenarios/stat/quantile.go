// Package stat owns the statistics of the harness: quantiles of observations and the
// intervals of what is estimated from them. It is pure, and knows nothing of a run.
package stat

import (
	"math"
	"slices"
)

// Quantile is the smallest observation that at least the share q of all are not
// above (nearest rank): an observation that really happened, not an estimate.
// sorted must be ascending; without observations the answer is NaN.
func Quantile(sorted []float64, q float64) float64 {
	n := len(sorted)
	if n == 0 {
		return math.NaN()
	}
	// The small number takes back what q*n gains by rounding: 0.999*1000 is rank 999.
	rank := int(math.Ceil(q*float64(n) - 1e-9))
	return sorted[min(max(rank, 1), n)-1]
}

// Ascending returns the observations in order, leaving the argument as it is.
func Ascending(v []float64) []float64 {
	out := slices.Clone(v)
	slices.Sort(out)
	return out
}
