package redpacket

import (
	"math/rand/v2"
	"slices"
)

// Simplex chooses uniformly among all divisions of total into count whole shares
// of at least 1. Such a division is a choice of count−1 distinct cuts among the
// total−1 places between units, all equally likely; the cuts are drawn by Floyd's
// method, so the choice is exact and takes count−1 draws whatever the total.
//
// All positions have the same law. Its ClosedForm is exact: mean total/count,
// variance (total−count)·total·(count−1) / (count²·(count+1)).
type Simplex struct{}

// Name is "simplex".
func (Simplex) Name() string { return "simplex" }

// Minimum is 1.
func (Simplex) Minimum() int { return 1 }

// manyCuts is the number of cuts above which a hash set is faster than a sorted list.
const manyCuts = 256

// Split implements Allocator.
func (s Simplex) Split(rng *rand.Rand, total, count int) ([]int, error) {
	if err := validate(total, count, s.Minimum()); err != nil {
		return nil, err
	}
	choose := floydSorted
	if count-1 > manyCuts {
		choose = floydSet
	}
	return s.divide(rng.IntN, choose, total, count), nil
}

// divide turns cuts into the distances between them.
func (Simplex) divide(next draw, choose func(draw, []int, int), total, count int) []int {
	shares := make([]int, count)
	choose(next, shares[:count-1], total-1)
	shares[count-1] = total
	for i := count - 1; i > 0; i-- {
		shares[i] -= shares[i-1]
	}
	return shares
}

// floydSorted fills cuts with distinct places from 1 to places, all choices equally
// likely, in ascending order. For j in the last len(cuts) places it takes a
// uniform place up to j, or j itself when that is taken already. Every place taken
// before is below j, so j goes to the end.
func floydSorted(next draw, cuts []int, places int) {
	taken := cuts[:0]
	for j := places - len(cuts) + 1; j <= places; j++ {
		place := 1 + next(j)
		at, found := slices.BinarySearch(taken, place)
		if found {
			taken = append(taken, j)
		} else {
			taken = slices.Insert(taken, at, place) // within cuts: it has room for all
		}
	}
}

// floydSet does the same for many cuts, where inserting would be quadratic.
func floydSet(next draw, cuts []int, places int) {
	taken := make(map[int]struct{}, len(cuts))
	list := cuts[:0]
	for j := places - len(cuts) + 1; j <= places; j++ {
		place := 1 + next(j)
		if _, found := taken[place]; found {
			place = j
		}
		taken[place] = struct{}{}
		list = append(list, place)
	}
	slices.Sort(list)
}

// Law implements Allocator.
func (s Simplex) Law(total, count int) (Law, error) {
	if err := validate(total, count, s.Minimum()); err != nil {
		return nil, err
	}
	return simplexLaw{}, nil
}

// ClosedForm implements Allocator.
func (s Simplex) ClosedForm(total, count int) ([]Moments, error) {
	if err := validate(total, count, s.Minimum()); err != nil {
		return nil, err
	}
	n, t := float64(count), float64(total)
	m := Moments{Mean: t / n, SD: root((t - n) * t * (n - 1) / (n * n * (n + 1)))}
	return slices.Repeat([]Moments{m}, count), nil
}

type simplexLaw struct{}

func (simplexLaw) Range(rest, left int) (least, most int) {
	if left == 1 {
		return rest, rest
	}
	return 1, rest - left + 1
}

// At uses that C(rest−x, left−1) of the C(rest−1, left−1) divisions give the next
// share at least x, and that of these the part (left−1)/(rest−x) gives exactly x.
func (simplexLaw) At(rest, left, x int) (below, mass float64) {
	switch {
	case left == 1:
		return certain(rest, x)
	case x < 1:
		return 0, 0
	case x > rest-left+1:
		return 1, 0
	}
	atLeast := 1.0
	if x-1 < left-1 {
		for n := rest - x + 1; n <= rest-1; n++ {
			atLeast *= float64(n-left+1) / float64(n)
		}
	} else {
		for i := range left - 1 {
			atLeast *= float64(rest-x-i) / float64(rest-1-i)
		}
	}
	return 1 - atLeast, atLeast * float64(left-1) / float64(rest-x)
}
