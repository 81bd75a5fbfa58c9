package fairness

import "math/rand/v2"

// Luck counts how often each position had the largest and the smallest share of
// its packet. Ties go to one of the tied by lot, so that every packet counts once.
func Luck(splits [][]int, rng *rand.Rand) (best, worst []int) {
	if len(splits) == 0 {
		return nil, nil
	}
	best, worst = make([]int, len(splits[0])), make([]int, len(splits[0]))
	for _, shares := range splits {
		best[extreme(shares, 1, rng)]++
		worst[extreme(shares, -1, rng)]++
	}
	return best, worst
}

// extreme is the position of the largest sign × share.
func extreme(shares []int, sign int, rng *rand.Rand) int {
	at, ties := 0, 1
	for k := 1; k < len(shares); k++ {
		switch d := sign * (shares[k] - shares[at]); {
		case d > 0:
			at, ties = k, 1
		case d == 0:
			ties++
			if rng.IntN(ties) == 0 {
				at = k
			}
		}
	}
	return at
}
