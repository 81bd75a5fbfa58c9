package fairness

import (
	"math/rand/v2"
	"slices"

	"oalab/server/redpacket"
)

// sampler draws a packet of an ideal algorithm.
type sampler func(rng *rand.Rand, total, count int) []int

// ideals are the algorithms written a second time, from their definitions and with
// other means than the product's: what the judge compares with must not share the
// judged one's mistakes.
func ideals() map[string]sampler {
	return map[string]sampler{
		redpacket.Thesis{}.Name():     idealThesis,
		redpacket.DoubleMean{}.Name(): idealDoubleMean,
		redpacket.Simplex{}.Name():    newIdealSimplex(),
	}
}

// idealThesis rounds halves up in whole numbers. The source's floats miss about one
// case in a thousand, by one unit: below what luck frequencies can show.
func idealThesis(rng *rand.Rand, total, count int) []int {
	bs := min(9, total/count+1)
	out := make([]int, 0, count)
	rest := total
	for left := count; left > 1; left-- {
		tenths := 10 - bs + int(rng.Float64()*float64(2*bs+1))
		share := (2*rest*tenths + 10*left) / (20 * left)
		out = append(out, share)
		rest -= share
	}
	return append(out, rest)
}

// idealDoubleMean draws from the real interval [0, 1): the upper end first, rounded
// to one of its whole neighbours by lot so that its mean is kept, then the share.
func idealDoubleMean(rng *rand.Rand, total, count int) []int {
	out := make([]int, 0, count)
	surplus := total - count
	for left := count; left > 1; left-- {
		end := int(2*float64(surplus)/float64(left) + rng.Float64())
		y := int(rng.Float64() * float64(end+1))
		out = append(out, 1+y)
		surplus -= y
	}
	return append(out, 1+surplus)
}

// newIdealSimplex draws cuts by shuffling the places between units as far as needed.
// The order that a draw leaves behind does no harm to the next one.
func newIdealSimplex() sampler {
	var places []int
	return func(rng *rand.Rand, total, count int) []int {
		if len(places) != total-1 {
			places = make([]int, total-1)
			for i := range places {
				places[i] = i + 1
			}
		}
		for i := range count - 1 {
			j := i + rng.IntN(len(places)-i)
			places[i], places[j] = places[j], places[i]
		}
		cuts := slices.Sorted(slices.Values(places[:count-1]))
		out := make([]int, 0, count)
		last := 0
		for _, c := range cuts {
			out = append(out, c-last)
			last = c
		}
		return append(out, total-last)
	}
}
