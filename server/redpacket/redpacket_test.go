package redpacket

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func generator(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

func TestErrors(t *testing.T) {
	for _, a := range All() {
		for _, c := range []struct {
			total, count int
			bad          bool
		}{
			{10, 0, true},
			{10, -1, true},
			{-1, 1, true},
			{MaxTotal + 1, 1, true},
			{MaxTotal, MaxCount + 1, true},
			{3, 4, a.Minimum() == 1},
			{0, 1, a.Minimum() == 1},
			{4, 4, false},
			{MaxTotal, 3, false},
		} {
			_, err := a.Split(generator(1), c.total, c.count)
			if (err != nil) != c.bad || err != nil && !errors.Is(err, ErrInput) {
				t.Errorf("%s: Split(%d, %d): error %v, want one: %t", a.Name(), c.total, c.count, err, c.bad)
			}
			_, lawErr := a.Law(c.total, c.count)
			_, formErr := a.ClosedForm(c.total, c.count)
			if (lawErr != nil) != c.bad || (formErr != nil) != c.bad {
				t.Errorf("%s: Law(%d, %d): %v, ClosedForm: %v; both must be as Split's", a.Name(), c.total, c.count, lawErr, formErr)
			}
		}
	}
}

func TestByName(t *testing.T) {
	for _, a := range All() {
		if got, err := ByName(a.Name()); err != nil || got != a {
			t.Errorf("ByName(%q) = %v, %v", a.Name(), got, err)
		}
	}
	if _, err := ByName("fair"); err == nil {
		t.Error("an unknown name was accepted")
	}
}

// TestThesisByHand holds the code against values worked out on paper from the
// source's listing: each draw is the offset from 10−bs.
func TestThesisByHand(t *testing.T) {
	for _, c := range []struct {
		total, count int
		draws        []int
		want         []int
	}{
		{500, 2, []int{0}, []int{25, 475}},                // 250 × 1/10
		{500, 2, []int{18}, []int{475, 25}},               // 250 × 19/10
		{25, 1, nil, []int{25}},                           // the last takes all
		{5, 2, []int{1}, []int{2, 3}},                     // bs 3: 2.5 × 8/10 = 2
		{5, 2, []int{3}, []int{3, 2}},                     // bs 3: 2.5 × 10/10 = 2.5, away from zero
		{20, 20, make([]int, 19), ones(20)},               // bs 2: 1 × 8/10 = 0.8 rounds to 1
		{1, 3, []int{0, 0}, []int{0, 0, 1}},               // bs 1: 1/3 × 9/10 = 0.3, then 0.45
		{1, 3, []int{0, 1}, []int{0, 1, 0}},               // then 1/2 × 10/10 = 0.5, away from zero
		{50, 4, []int{18, 0, 18}, []int{24, 1, 24, 1}},    // bs 9: 23.75, 26/3 × 1/10 = 0.87, 12.5 × 19/10 = 23.75
		{30, 3, []int{18, 18}, []int{19, 10, 1}},          // 19, then 5.5 × 1.9 = 10.45
		{30, 3, []int{18, 0}, []int{19, 1, 10}},           // 5.5 × 0.1 = 0.55
		{20, 3, []int{14, 0}, []int{11, 1, 8}},            // bs 7: 20/3 × 17/10 = 11.33, 4.5 × 3/10 = 1.35
		{0, 3, []int{2, 2}, []int{0, 0, 0}},               // nothing to give
		{13, 3, []int{5, 10}, []int{4, 7, 2}},             // bs 5: 13/3 × 10/10 = 4.33, 4.5 × 15/10 = 6.75
		{199, 20, make([]int, 19), thesisLowest(199, 20)}, // all lowest draws
	} {
		i := 0
		got := Thesis{}.divide(func(n int) int {
			i++
			if c.draws[i-1] >= n {
				t.Fatalf("draw %d of %v is beyond %d", i-1, c.draws, n)
			}
			return c.draws[i-1]
		}, c.total, c.count)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%d over %d with draws %v (-want +got):\n%s", c.total, c.count, c.draws, diff)
		}
	}
}

func ones(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = 1
	}
	return out
}

// thesisLowest divides with the least factor throughout, in whole numbers.
func thesisLowest(total, count int) []int {
	bs := min(total/count+1, 9)
	out := make([]int, 0, count)
	for left := count; left > 1; left-- {
		share := (2*total*(10-bs) + 10*left) / (20 * left)
		out = append(out, share)
		total -= share
	}
	return append(out, total)
}

// TestThesisFloats shows on 2 million cases that the source's floats round as exact
// arithmetic does, except at halves that the float product misses from below.
func TestThesisFloats(t *testing.T) {
	cases, missed := 0, 0
	for left := 2; left <= 20; left++ {
		for rest := range 5001 {
			for tenths := 1; tenths <= 19; tenths++ {
				cases++
				exact := (2*rest*tenths + 10*left) / (20 * left)
				got := thesisShare(rest, left, tenths)
				if got == exact {
					continue
				}
				missed++
				if half := (2*rest*tenths)%(20*left) == 10*left; !half || got != exact-1 {
					t.Fatalf("%d over %d × %d/10 = %d, exactly rounded %d", rest, left, tenths, got, exact)
				}
			}
		}
	}
	t.Logf("%d of %d cases: a half that the float product puts just below itself", missed, cases)
	if missed == 0 || missed > cases/200 {
		t.Errorf("%d of %d halves are missed: expected some, below 0.5 %%", missed, cases)
	}
}

func FuzzSplit(f *testing.F) {
	f.Add(uint64(1), 500, 20)
	f.Add(uint64(2), 20, 20)
	f.Add(uint64(3), 21, 20)
	f.Add(uint64(4), 100, 10)
	f.Add(uint64(5), MaxTotal, 300)
	f.Add(uint64(6), 3, 5)
	f.Fuzz(func(t *testing.T, seed uint64, total, count int) {
		if count > 5000 {
			return // memory, not logic
		}
		for _, a := range All() {
			shares, err := a.Split(generator(seed), total, count)
			wanted := count >= 1 && total >= 0 && total <= MaxTotal && total >= count*a.Minimum()
			if (err == nil) != wanted {
				t.Fatalf("%s: Split(%d, %d): error %v, want success: %t", a.Name(), total, count, err, wanted)
			}
			if err != nil {
				continue
			}
			sum := 0
			for i, x := range shares {
				sum += x
				if x < a.Minimum() {
					t.Fatalf("%s: %d over %d: share %d is %d", a.Name(), total, count, i, x)
				}
			}
			if len(shares) != count || sum != total {
				t.Fatalf("%s: %d over %d: %d shares, sum %d", a.Name(), total, count, len(shares), sum)
			}
		}
	})
}

// TestSameSeedSameShares keeps a run repeatable.
func TestSameSeedSameShares(t *testing.T) {
	for _, a := range All() {
		one, err := a.Split(generator(7), 500, 20)
		if err != nil {
			t.Fatal(err)
		}
		two, err := a.Split(generator(7), 500, 20)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(one, two); diff != "" {
			t.Errorf("%s (-one +two):\n%s", a.Name(), diff)
		}
	}
}

// TestLawIsALaw: masses add up to 1 over the range, "below" is their running sum.
func TestLawIsALaw(t *testing.T) {
	for _, a := range All() {
		for _, size := range [][2]int{{500, 20}, {100, 10}, {21, 20}, {20, 20}, {9, 2}, {37, 7}} {
			law, err := a.Law(size[0], size[1])
			if err != nil {
				t.Fatal(err)
			}
			for left := 1; left <= size[1]; left++ {
				for rest := left; rest <= size[0]; rest += 1 + rest/17 {
					least, most := law.Range(rest, left)
					sum := 0.0
					for x := least; x <= most; x++ {
						below, mass := law.At(rest, left, x)
						if math.Abs(below-sum) > 1e-11 || mass < 0 {
							t.Fatalf("%s: rest %d, left %d: P(<%d) = %v, running sum %v, mass %v", a.Name(), rest, left, x, below, sum, mass)
						}
						sum += mass
					}
					if math.Abs(sum-1) > 1e-11 {
						t.Fatalf("%s: rest %d, left %d: masses sum to %v", a.Name(), rest, left, sum)
					}
					if below, mass := law.At(rest, left, least-1); below != 0 || mass != 0 {
						t.Fatalf("%s: rest %d, left %d: something below the least", a.Name(), rest, left)
					}
					if below, mass := law.At(rest, left, most+1); math.Abs(below-1) > 1e-12 || mass != 0 {
						t.Fatalf("%s: rest %d, left %d: P(<=most) = %v", a.Name(), rest, left, below)
					}
				}
			}
		}
	}
}

// TestClosedForms states how far the formulas are from the exact values.
func TestClosedForms(t *testing.T) {
	for _, c := range []struct {
		a            Allocator
		total, count int
		mean, sd     float64
	}{
		{Simplex{}, 500, 20, 1e-9, 1e-9},
		{Simplex{}, 21, 20, 1e-9, 1e-9},
		{DoubleMean{}, 500, 20, 1e-9, 0.002},
		{DoubleMean{}, 200, 20, 1e-9, 0.0051},
		{DoubleMean{}, 100, 10, 1e-9, 0.0051},
		{DoubleMean{}, 21, 20, 1e-9, 0.111},
		{Thesis{}, 500, 20, 0.27, 0.03},
	} {
		form, err := c.a.ClosedForm(c.total, c.count)
		if err != nil {
			t.Fatal(err)
		}
		exact, err := Distribution(c.a, c.total, c.count)
		if err != nil {
			t.Fatal(err)
		}
		mean, sd := 0.0, 0.0
		for k, m := range exact.Moments {
			mean = max(mean, math.Abs(m.Mean-form[k].Mean))
			sd = max(sd, math.Abs(m.SD-form[k].SD))
		}
		t.Logf("%s %d/%d: means within %.4g, standard deviations within %.4g; sd %.3f … %.3f; means %.4f %.4f … %.4f; zeros %.6f",
			c.a.Name(), c.total, c.count, mean, sd, exact.Moments[0].SD, exact.Moments[c.count-1].SD,
			exact.Moments[0].Mean, exact.Moments[1].Mean, exact.Moments[c.count-1].Mean, exact.AnyZero())
		if mean > c.mean || sd > c.sd {
			t.Errorf("%s %d/%d: want within %v and %v", c.a.Name(), c.total, c.count, c.mean, c.sd)
		}
	}
}

// TestSourceFigures holds the thesis' moments against those published for it.
func TestSourceFigures(t *testing.T) {
	form, err := Thesis{}.ClosedForm(500, 20)
	if err != nil {
		t.Fatal(err)
	}
	for k, want := range map[int]float64{0: 13.69, 1: 13.72, 17: 16.58, 18: 18.51, 19: 18.51} {
		if math.Abs(form[k].SD-want) > 0.006 {
			t.Errorf("position %d: standard deviation %.3f, published %.2f", k+1, form[k].SD, want)
		}
	}
	exact, err := Distribution(Thesis{}, 200, 20)
	if err != nil {
		t.Fatal(err)
	}
	if z := exact.AnyZero(); math.Abs(z-0.011) > 0.0005 {
		t.Errorf("zeros in %.4f of packets at 200/20, published 1.1 %%", z)
	}
}

func TestTooLarge(t *testing.T) {
	if _, err := Distribution(Simplex{}, 1_000_000, 20); !errors.Is(err, ErrTooLarge) {
		t.Errorf("error %v, want ErrTooLarge", err)
	}
	if _, err := Distribution(Simplex{}, 3, 4); !errors.Is(err, ErrInput) {
		t.Errorf("error %v, want ErrInput", err)
	}
}

func BenchmarkSplit(b *testing.B) {
	for _, size := range [][2]int{{500, 20}, {100, 10}, {100_000, 1000}} {
		for _, a := range All() {
			b.Run(fmt.Sprintf("%s/%d-over-%d", a.Name(), size[0], size[1]), func(b *testing.B) {
				rng := generator(1)
				b.ReportAllocs()
				for b.Loop() {
					if _, err := a.Split(rng, size[0], size[1]); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
