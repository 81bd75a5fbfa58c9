package fairness

import "math"

// Sample sums up the shares of one position.
type Sample struct {
	N        int
	Mean     float64
	Variance float64 // over N−1
	Fourth   float64 // central moment
}

// Positions are the samples by position. All splits must have the length of the
// first; none give none.
func Positions(splits [][]int) []Sample {
	if len(splits) == 0 {
		return nil
	}
	out := make([]Sample, len(splits[0]))
	n := float64(len(splits))
	sums := make([]int, len(out))
	for _, shares := range splits {
		for k, x := range shares {
			sums[k] += x
		}
	}
	for k := range out {
		out[k] = Sample{N: len(splits), Mean: float64(sums[k]) / n}
	}
	for _, shares := range splits {
		for k, x := range shares {
			d := float64(x) - out[k].Mean
			d *= d
			out[k].Variance += d
			out[k].Fourth += d * d
		}
	}
	for k := range out {
		out[k].Variance /= max(1, n-1)
		out[k].Fourth /= n
	}
	return out
}

// UnequalMeans tests whether all positions have exactly this mean. Shares of one
// packet depend on each other, which analysis of variance does not allow; here
// each position is tested by itself (normal) and the smallest p-value is multiplied by
// the number of positions, which holds under any dependence.
func UnequalMeans(positions []Sample, mean float64) Test {
	t := Test{P: 1}
	for _, s := range positions {
		z := score(s.Mean-mean, s.standardError())
		t.N = s.N
		t.Statistic = max(t.Statistic, math.Abs(z))
	}
	t.P = min(1, float64(len(positions))*twoSided(t.Statistic))
	return t
}

// Equivalence tests by two one-sided tests whether every position's mean lies
// within margin of mean. P belongs to the null "some position is off by margin or more":
// the largest of the single p-values, which needs no correction since all have to
// be small (intersection-union). Against belongs to the null "no position is off by
// more than margin", corrected for the number of positions.
func Equivalence(positions []Sample, mean, margin float64) (p, against Test) {
	against.P = 1
	for _, s := range positions {
		d := math.Abs(s.Mean - mean)
		inside := score(margin-d, s.standardError())
		if p.N == 0 || inside < p.Statistic {
			p.Statistic = inside
		}
		p.N, against.N = s.N, s.N
	}
	against.Statistic = -p.Statistic
	p.P = above(p.Statistic)
	if p.N > 0 {
		against.P = min(1, float64(len(positions))*above(against.Statistic))
	}
	return p, against
}

func (s Sample) standardError() float64 { return math.Sqrt(s.Variance / float64(s.N)) }

// score is a deviation in standard errors; without any scatter it is infinite
// unless the deviation is nothing but rounding.
func score(deviation, se float64) float64 {
	switch {
	case se > 0:
		return deviation / se
	case math.Abs(deviation) < 1e-9:
		return 0
	}
	return math.Inf(int(math.Copysign(1, deviation)))
}
