package compare

import (
	"math"
	"slices"
)

// exactMost is the number of runs on both sides up to which the distribution is
// counted out; beyond it the normal approximation is good to more digits than matter.
const exactMost = 50

// test is a two-sided Mann-Whitney U test.
type test struct {
	u     float64 // pairs in which the run of the second group is above, ties half
	p     float64
	exact bool
}

// mannWhitney tests whether values of one group tend to be above those of the other.
// The exact p is the share of all ways to deal the observed values, ties included, into
// groups of these sizes that put U at least as far from its mean.
func mannWhitney(a, b []float64) test {
	ranks, ties := doubledRanks(a, b)
	m, n, all := len(a), len(b), len(a)+len(b)
	sum := 0
	for _, r := range ranks[m:] {
		sum += r
	}
	t := test{u: float64(sum-n*(n+1)) / 2, exact: all <= exactMost}
	if !t.exact {
		t.p = normal(t.u, m, n, ties)
		return t
	}
	mean := n * (all + 1)
	total, far := 0.0, 0.0
	for s, ways := range subsetSums(ranks, n) {
		total += ways
		if distance(s, mean) >= distance(sum, mean) {
			far += ways
		}
	}
	t.p = min(1, far/total)
	return t
}

// normal is the two-sided p by the normal approximation, corrected for ties and for U
// being a count.
func normal(u float64, m, n int, ties float64) float64 {
	all := float64(m + n)
	pairs := float64(m * n)
	spread := pairs / 12 * (all + 1 - ties/(all*(all-1)))
	away := math.Abs(u-pairs/2) - 0.5
	if away <= 0 || spread <= 0 {
		return 1
	}
	return math.Erfc(away / math.Sqrt(2*spread))
}

// doubledRanks are the ranks of all values, those of a first, times two: equal values
// share their mean rank, which may be half a number. ties is the sum of t³−t over
// groups of t equal values.
func doubledRanks(a, b []float64) (ranks []int, ties float64) {
	all := slices.Concat(a, b)
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		switch {
		case all[i] < all[j]:
			return -1
		case all[i] > all[j]:
			return 1
		}
		return 0
	})
	ranks = make([]int, len(all))
	for from := 0; from < len(order); {
		to := from + 1
		for to < len(order) && all[order[to]] == all[order[from]] {
			to++
		}
		for _, i := range order[from:to] {
			ranks[i] = from + 1 + to
		}
		t := float64(to - from)
		ties += t*t*t - t
		from = to
	}
	return ranks, ties
}

// subsetSums counts, for each sum, the subsets of n of the values that have it.
func subsetSums(values []int, n int) []float64 {
	total := 0
	for _, v := range values {
		total += v
	}
	ways := make([][]float64, n+1)
	for k := range ways {
		ways[k] = make([]float64, total+1)
	}
	ways[0][0] = 1
	for _, v := range values {
		for k := n; k >= 1; k-- {
			for s := total; s >= v; s-- {
				ways[k][s] += ways[k-1][s-v]
			}
		}
	}
	return ways[n]
}

func distance(a, b int) int { return max(a-b, b-a) }

// smallest is the smallest two-sided p that m runs against n can reach: when each of
// one side is above all of the other.
func smallest(m, n int) float64 {
	ways := 1.0 // (m+n)! / (m! n!)
	for i := 1; i <= n; i++ {
		ways *= float64(m+i) / float64(i)
	}
	return min(1, 2/ways)
}
