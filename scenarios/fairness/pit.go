package fairness

import (
	"math"
	"math/rand/v2"
	"slices"

	"oalab/server/redpacket"
)

// Transform applies the probability integral transform: each share but the last is
// replaced by its place in its own law given what was left before it, u = P(less) +
// V·P(equal) with V uniform from rng. If the splits follow the law, all u are
// independent and uniform on (0, 1) under every law: a test of the algorithm itself
// with an exact null, also where shares are whole or discrete. The second result
// counts shares that the law cannot give. The total is what the shares sum to.
func Transform(splits [][]int, law redpacket.Law, rng *rand.Rand) (u [][]float64, impossible int) {
	if len(splits) == 0 {
		return nil, 0
	}
	width := len(splits[0]) - 1
	flat := make([]float64, width*len(splits))
	u = make([][]float64, len(splits))
	for i, shares := range splits {
		row := flat[i*width : (i+1)*width : (i+1)*width]
		rest := 0
		for _, x := range shares {
			rest += x
		}
		for k, x := range shares[:width] {
			below, mass := law.At(rest, width+1-k, x)
			if mass == 0 {
				impossible++
			}
			row[k] = below + rng.Float64()*mass
			rest -= x
		}
		u[i] = row
	}
	return u, impossible
}

// bins is the number of cells a position's transformed shares are counted in.
const bins = 64

// Uniform tests each position's u against the uniform distribution in 64 cells; as
// positions are independent the chi-squares are added up.
func Uniform(u [][]float64) Test {
	if len(u) == 0 || len(u[0]) == 0 {
		return Test{P: 1}
	}
	flat := slices.Repeat([]float64{1.0 / bins}, bins)
	statistic, freedom := 0.0, 0
	for k := range u[0] {
		counts := make([]int, bins)
		for _, row := range u {
			counts[min(bins-1, max(0, int(row[k]*bins)))]++
		}
		s, f, _, _ := goodness(counts, flat)
		statistic += s
		freedom += f
	}
	return chiSquare(statistic, freedom, len(u)*len(u[0]), false)
}

// Kolmogorov tests all u together against the uniform distribution by their
// greatest distance from it.
func Kolmogorov(u [][]float64) Test {
	var all []float64
	for _, row := range u {
		all = append(all, row...)
	}
	if len(all) == 0 {
		return Test{P: 1}
	}
	slices.Sort(all)
	n := float64(len(all))
	d := 0.0
	for i, x := range all {
		d = max(d, x-float64(i)/n, float64(i+1)/n-x)
	}
	lambda := (math.Sqrt(n) + 0.12 + 0.11/math.Sqrt(n)) * d
	return Test{Statistic: d, P: kolmogorovTail(lambda), N: len(all)}
}

// kolmogorovTail is the limiting law's probability above lambda.
func kolmogorovTail(lambda float64) float64 {
	if lambda < 0.2 {
		return 1 // below 1e-12 from it
	}
	sum, sign := 0.0, 1.0
	for j := 1.0; j <= 100; j++ {
		term := math.Exp(-2 * j * j * lambda * lambda)
		sum += sign * term
		if term < 1e-16 {
			break
		}
		sign = -sign
	}
	return min(1, max(0, 2*sum))
}

// Lag tests whether u of one packet, lag positions apart, are uncorrelated.
func Lag(u [][]float64, lag int) Test {
	sum, pairs := 0.0, 0
	for _, row := range u {
		for k := lag; k < len(row); k++ {
			sum += (row[k] - 0.5) * (row[k-lag] - 0.5)
			pairs++
		}
	}
	return uniformCorrelation(sum, pairs)
}

// Across tests whether u of one position in successive packets are uncorrelated.
func Across(u [][]float64) Test {
	sum, pairs := 0.0, 0
	for i := 1; i < len(u); i++ {
		for k, x := range u[i] {
			sum += (x - 0.5) * (u[i-1][k] - 0.5)
			pairs++
		}
	}
	return uniformCorrelation(sum, pairs)
}

// Histogram is the density of all u together in 64 cells: 1 everywhere if they are
// uniform.
func Histogram(u [][]float64) []float64 {
	density := make([]float64, bins)
	n := 0
	for _, row := range u {
		n += len(row)
		for _, x := range row {
			density[min(bins-1, max(0, int(x*bins)))]++
		}
	}
	for i := range density {
		density[i] *= bins / float64(max(1, n))
	}
	return density
}
