package fairness

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Interval is an estimate with its 95 % confidence interval.
type Interval struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// Gini is the inequality within one packet: 0 when all shares are equal, (n−1)/n
// when one of n has everything. An empty or worthless packet has 0.
func Gini(shares []int) float64 { return giniOf(slices.Clone(shares)) }

// giniOf sorts the shares in place.
func giniOf(sorted []int) float64 {
	slices.Sort(sorted)
	sum, weighted := 0, 0
	for i, x := range sorted {
		sum += x
		weighted += (i + 1) * x
	}
	if sum == 0 {
		return 0
	}
	n := float64(len(sorted))
	return 2*float64(weighted)/(n*float64(sum)) - (n+1)/n
}

// Ginis are the coefficients of all packets.
func Ginis(splits [][]int) []float64 {
	out := make([]float64, len(splits))
	var buffer []int
	for i, shares := range splits {
		buffer = append(buffer[:0], shares...)
		out[i] = giniOf(buffer)
	}
	return out
}

// Bootstrap is the mean of the values with the percentile interval of resamples
// means of values drawn with replacement.
func Bootstrap(values []float64, resamples int, rng *rand.Rand) Interval {
	if len(values) == 0 || resamples < 1 {
		return Interval{Value: math.NaN(), Low: math.NaN(), High: math.NaN()}
	}
	means := make([]float64, resamples)
	for i := range means {
		sum := 0.0
		for range values {
			sum += values[rng.IntN(len(values))]
		}
		means[i] = sum / float64(len(values))
	}
	slices.Sort(means)
	at := func(p float64) float64 { return means[int(p*float64(resamples-1)+0.5)] }
	mean, _ := meanVariance(values)
	return Interval{Value: mean, Low: at(0.025), High: at(0.975)}
}

// Welch tests whether two large samples have the same mean (normal).
func Welch(a, b []float64) Test {
	ma, va := meanVariance(a)
	mb, vb := meanVariance(b)
	z := score(ma-mb, math.Sqrt(va/float64(len(a))+vb/float64(len(b))))
	return Test{Statistic: z, P: twoSided(z), N: len(a)}
}

func meanVariance(values []float64) (mean, variance float64) {
	for _, v := range values {
		mean += v
	}
	mean /= float64(len(values))
	for _, v := range values {
		variance += (v - mean) * (v - mean)
	}
	return mean, variance / max(1, float64(len(values)-1))
}
