package redpacket

import (
	"math"
	"math/rand/v2"
)

// Thesis is the algorithm of the source's code (thesis 4.1.4, get_Random_ll), whose
// prose contradicts it. With integers total and count, bs is total/count + 1 by
// integer division, 9 when that is 10 or more; each share but the last is
//
//	round(rest/left × randint(10−bs, 10+bs)/10)
//
// with halves rounded away from zero, as Python 2 does; the last takes the rest.
// The arithmetic is that of the source, in the same order and in the same 64-bit
// floats. A share never exceeds the rest: the factor is at most 1.9 and at least
// two share the rest, so it is at most round(0.95 rest). Shares can be zero, and
// since halves go up, a share is on average larger than the mean of what remains.
//
// Its ClosedForm is the recursion without rounding,
//
//	E[R²] ← E[R²]·(1 − 2/l + (1+v)/l²),  v = bs(bs+1)/300,
//
// with R the rest before a share and l how many remain. Rounding moves means by up
// to 0.27 and standard deviations by up to 0.03 at 500 over 20; at means below ten
// the formula says little. Exact gives the exact values.
type Thesis struct{}

// Name is "thesis".
func (Thesis) Name() string { return "thesis" }

// Minimum is 0: the source promises none.
func (Thesis) Minimum() int { return 0 }

// Split implements Allocator. The total may be below the count.
func (t Thesis) Split(rng *rand.Rand, total, count int) ([]int, error) {
	if err := validate(total, count, t.Minimum()); err != nil {
		return nil, err
	}
	return t.divide(rng.IntN, total, count), nil
}

func (Thesis) divide(next draw, total, count int) []int {
	width := spread(total, count)
	shares := make([]int, count)
	rest := total
	for i := range count - 1 {
		shares[i] = thesisShare(rest, count-i, 10-width+next(2*width+1))
		rest -= shares[i]
	}
	shares[count-1] = rest
	return shares
}

// Law implements Allocator.
func (t Thesis) Law(total, count int) (Law, error) {
	if err := validate(total, count, t.Minimum()); err != nil {
		return nil, err
	}
	return thesisLaw{width: spread(total, count)}, nil
}

// ClosedForm implements Allocator.
func (t Thesis) ClosedForm(total, count int) ([]Moments, error) {
	if err := validate(total, count, t.Minimum()); err != nil {
		return nil, err
	}
	bs := float64(spread(total, count))
	v := bs * (bs + 1) / 300
	mean := float64(total) / float64(count)
	out := make([]Moments, count)
	square := float64(total) * float64(total) // E[R²]
	for i := range out {
		l := float64(count - i)
		share := square // E[X²]: the last share is the rest
		if i < count-1 {
			share = square * (1 + v) / (l * l)
			square *= 1 - 2/l + (1+v)/(l*l)
		}
		out[i] = Moments{Mean: mean, SD: root(share - mean*mean)}
	}
	return out, nil
}

// spread is the source's bs: the width of the random factor in tenths.
func spread(total, count int) int {
	if bs := total/count + 1; bs < 10 {
		return bs
	}
	return 9
}

// thesisShare is one share for a factor of so many tenths.
func thesisShare(rest, left, tenths int) int {
	return int(math.Round(float64(rest) / float64(left) * (float64(tenths) / 10)))
}

type thesisLaw struct{ width int }

func (t thesisLaw) Range(rest, left int) (least, most int) {
	if left == 1 {
		return rest, rest
	}
	return thesisShare(rest, left, 10-t.width), thesisShare(rest, left, 10+t.width)
}

func (t thesisLaw) At(rest, left, x int) (below, mass float64) {
	if left == 1 {
		return certain(rest, x)
	}
	under, equal := 0, 0
	for tenths := 10 - t.width; tenths <= 10+t.width; tenths++ {
		switch share := thesisShare(rest, left, tenths); {
		case share < x:
			under++
		case share == x:
			equal++
		}
	}
	n := float64(2*t.width + 1)
	return float64(under) / n, float64(equal) / n
}
