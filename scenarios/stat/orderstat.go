package stat

import (
	"sort"

	"gonum.org/v1/gonum/stat/distuv"
)

// confidence is that of every interval of a figure.
const confidence = 0.95

// QuantileInterval is a confidence interval of a quantile by order statistics, which
// holds for any continuous law (David and Nagaraja, Order Statistics, section 7.1):
// the number of observations below the true quantile is binomial. sorted must be
// ascending. ok is false when there are too few to leave so little outside on either
// side: 6 for a median, 72 for a 95th percentile.
func QuantileInterval(sorted []float64, q float64) (low, high float64, ok bool) {
	n := len(sorted)
	below := distuv.Binomial{N: float64(n), P: q}
	const tail = (1 - confidence) / 2
	// The most with P(fewer than l below) within the tail, and the least with P(u or more
	// below) within it.
	l := sort.Search(n, func(k int) bool { return below.CDF(float64(k)) > tail })
	u := 1 + sort.Search(n, func(k int) bool { return 1-below.CDF(float64(k)) <= tail })
	if l < 1 || u > n || l >= u {
		return 0, 0, false
	}
	return sorted[l-1], sorted[u-1], true
}
