package fairness

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"oalab/server/redpacket"
)

// planted is a wrong allocator that says it is a right one.
type planted struct {
	redpacket.Allocator
	split func(rng *rand.Rand, total, count int) []int
}

func (p planted) Split(rng *rand.Rand, total, count int) ([]int, error) {
	return p.split(rng, total, count), nil
}

func right(a redpacket.Allocator, rng *rand.Rand, total, count int) []int {
	shares, err := a.Split(rng, total, count)
	if err != nil {
		panic(err)
	}
	return shares
}

// usualCode is what one finds everywhere: the upper end is rounded down.
func usualCode(rng *rand.Rand, total, count int) []int {
	out := make([]int, 0, count)
	for left := count; left > 1; left-- {
		x := 1 + rng.IntN(2*total/left-1)
		out = append(out, x)
		total -= x
	}
	return append(out, total)
}

// TestPlanted convicts wrong allocators of what they do, at an eighth of the
// packets of a short examination.
func TestPlanted(t *testing.T) {
	double, simplex := redpacket.DoubleMean{}, redpacket.Simplex{}
	var before []int
	cases := map[string]struct {
		owner redpacket.Allocator
		split func(rng *rand.Rand, total, count int) []int
		want  []string // charge at setting
	}{
		"rounds the upper end down": {double, usualCode, []string{
			"means not equal at 100/10", "shares do not follow the law at 500/20", "draws not uniform at 100/10",
			"means differ by 1.0 % or more at 100/10",
		}},
		"gives the largest to the last in 3 %": {simplex, func(rng *rand.Rand, total, count int) []int {
			shares := right(simplex, rng, total, count)
			if rng.IntN(100) < 3 {
				at := extreme(shares, 1, rng)
				shares[at], shares[count-1] = shares[count-1], shares[at]
			}
			return shares
		}, []string{"best luck depends on the position at 500/20", "best luck not that of the ideal at 500/20", "means not equal at 500/20"}},
		"loses a unit in 1 of 1 000": {simplex, func(rng *rand.Rand, total, count int) []int {
			shares := right(simplex, rng, total, count)
			if rng.IntN(1000) == 0 {
				shares[0]--
			}
			return shares
		}, []string{"total not kept at 500/20", "total not kept at 20/20"}},
		"gives a zero in 1 of 1 000": {double, func(rng *rand.Rand, total, count int) []int {
			shares := right(double, rng, total, count)
			if rng.IntN(1000) == 0 {
				shares[count-1] += shares[0]
				shares[0] = 0
			}
			return shares
		}, []string{"gives zeros at 500/20", "draws not uniform at 500/20"}},
		"repeats a packet in 2 %": {simplex, func(rng *rand.Rand, total, count int) []int {
			if rng.IntN(50) > 0 || len(before) != count || sum(before) != total {
				before = right(simplex, rng, total, count)
			}
			return append([]int{}, before...)
		}, []string{"a packet depends on the one before at 500/20"}},
		"orders the first two in a tenth": {simplex, func(rng *rand.Rand, total, count int) []int {
			shares := right(simplex, rng, total, count)
			if rng.IntN(10) == 0 && shares[0] > shares[1] {
				shares[0], shares[1] = shares[1], shares[0]
			}
			return shares
		}, []string{"means not equal at 500/20"}},
		"draws half as wide": {double, func(rng *rand.Rand, total, count int) []int {
			a, b := right(double, rng, total, count), right(double, rng, total, count)
			for k := range a { // the mean of two packets, its rounding given to the first share
				a[k] = (a[k] + b[k]) / 2
			}
			a[0] += total - sum(a)
			return a
		}, []string{"spread not as the closed form says at 500/20", "inequality not that of the ideal at 500/20", "draws off the uniform distribution at 500/20"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var promise Promise
			for _, s := range Suspects() {
				if s.Name() == c.owner.Name() {
					promise = s.Promise
				}
			}
			suspect := Suspect{Allocator: planted{c.owner, c.split}, Promise: promise}
			report, err := ExamineSuspects(t.Context(), 11, Size{Packets: 50_000, Resamples: 10, Bootstrapped: 100, Timed: 11}, []Suspect{suspect})
			if err != nil {
				t.Fatal(err)
			}
			if report.Held() {
				t.Error("the promise is said to be held")
			}
			verdicts := map[string]Verdict{}
			for _, f := range report.Allocators[0].Findings {
				verdicts[fmt.Sprintf("%s at %s", f.Charge, f.Setting)] = f.Verdict
			}
			for _, charge := range c.want {
				if v := verdicts[charge]; v != Convicted {
					t.Errorf("%s: %q, want convicted", charge, v)
				}
			}
		})
	}
}

func sum(shares []int) int {
	s := 0
	for _, x := range shares {
		s += x
	}
	return s
}
