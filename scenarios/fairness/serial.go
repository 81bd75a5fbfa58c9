package fairness

import "math"

// Serial tests whether the amounts of successive packets are uncorrelated: by
// position, the largest over all, corrected for the number of positions. It needs
// no law, so it also runs where none is known.
func Serial(splits [][]int) Test {
	t := Test{P: 1, N: len(splits) - 1}
	if len(splits) < 3 {
		return t
	}
	positions := Positions(splits)
	sums := make([]float64, len(positions))
	for i := 1; i < len(splits); i++ {
		for k, s := range positions {
			sums[k] += (float64(splits[i][k]) - s.Mean) * (float64(splits[i-1][k]) - s.Mean)
		}
	}
	for k, s := range positions {
		if s.Variance == 0 {
			continue
		}
		z := sums[k] / s.Variance / math.Sqrt(float64(t.N))
		if math.Abs(z) > math.Abs(t.Statistic) {
			t.Statistic = z
		}
	}
	t.P = min(1, float64(len(positions))*twoSided(t.Statistic))
	return t
}
