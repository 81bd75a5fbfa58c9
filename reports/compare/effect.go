package compare

import (
	"math"
	"slices"
)

// Estimate is an effect with its interval, which is nil when so few runs give none.
type Estimate struct {
	Value float64  `json:"value"`
	Low   *float64 `json:"low"`
	High  *float64 `json:"high"`
}

// shift estimates by how much b is above a: the median of all pairwise differences
// (Hodges and Lehmann). Its interval is the pair of order statistics of these that
// inverts the Mann-Whitney test, so it covers the shift with at least 1−alpha.
func shift(a, b []float64, alpha float64) Estimate {
	return pairwise(a, b, alpha, func(x, y float64) float64 { return y - x })
}

// ratio is shift by quotients, which is shift of the logarithms; nil unless all values
// are positive.
func ratio(a, b []float64, alpha float64) *Estimate {
	if slices.Min(a) <= 0 || slices.Min(b) <= 0 {
		return nil
	}
	e := pairwise(a, b, alpha, func(x, y float64) float64 { return y / x })
	return &e
}

func pairwise(a, b []float64, alpha float64, of func(x, y float64) float64) Estimate {
	pairs := make([]float64, 0, len(a)*len(b))
	for _, x := range a {
		for _, y := range b {
			pairs = append(pairs, of(x, y))
		}
	}
	slices.Sort(pairs)
	e := Estimate{Value: median(pairs)}
	if k := cut(len(a), len(b), alpha); k > 0 {
		e.Low, e.High = &pairs[k-1], &pairs[len(pairs)-k]
	}
	return e
}

// cut is the largest k such that U of m against n is below k with a chance of at most
// alpha/2 when nothing differs; 0 when even U = 0 is likelier than that.
func cut(m, n int, alpha float64) int {
	if m+n > exactMost {
		z := math.Sqrt2 * math.Erfinv(1-alpha)
		return max(0, int(float64(m*n)/2-z*math.Sqrt(float64(m*n*(m+n+1))/12)))
	}
	ranks := make([]int, m+n)
	for i := range ranks {
		ranks[i] = i + 1
	}
	ways := subsetSums(ranks, n)
	total, below := 0.0, 0.0
	for _, w := range ways {
		total += w
	}
	k := 0
	for _, w := range ways[n*(n+1)/2:] {
		if below += w; below/total > alpha/2 {
			break
		}
		k++
	}
	return k
}

// median is the middle value, or the mean of the two middle ones.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[half]
	}
	return (sorted[half-1] + sorted[half]) / 2
}

// constant says that all values of both groups are the same.
func constant(a, b []float64) bool {
	return slices.Min(a) == slices.Max(a) && slices.Min(b) == slices.Max(b) && a[0] == b[0]
}
