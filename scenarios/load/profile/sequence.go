package profile

import (
	"fmt"
	"math"
	"sort"
	"time"
)

// sequence is profiles one after the other. The count of arrivals runs on over the
// joints: a part that ends in the middle between two arrivals hands the fraction on.
type sequence struct {
	parts  []curve
	starts []time.Duration // of each part
	before []float64       // arrivals before each part
	length time.Duration
	total  float64
	peak   float64
}

// Sequence joins profiles into one run, in which the generator keeps its
// connections and its count.
func Sequence(parts ...Profile) (Profile, error) {
	if len(parts) == 0 {
		return nil, fmt.Errorf("%w: a sequence without parts", ErrInvalid)
	}
	s := sequence{}
	for i, p := range parts {
		if p == nil {
			return nil, fmt.Errorf("%w: part %d of the sequence is nil", ErrInvalid, i+1)
		}
		s.parts = append(s.parts, curveOf(p))
		s.starts = append(s.starts, s.length)
		s.before = append(s.before, s.total)
		if s.length > math.MaxInt64-p.Length() {
			return nil, fmt.Errorf("%w: the sequence is longer than time can count", ErrInvalid)
		}
		s.length += p.Length()
		s.total += p.Arrivals(p.Length())
		s.peak = max(s.peak, p.Peak())
	}
	return s, nil
}

// part is the last part that starts at or before t.
func (s sequence) part(t time.Duration) int {
	return sort.Search(len(s.starts), func(i int) bool { return s.starts[i] > t }) - 1
}

func (s sequence) Arrivals(t time.Duration) float64 {
	if t <= 0 {
		return 0
	}
	if t >= s.length {
		return s.total
	}
	i := s.part(t)
	return s.before[i] + s.parts[i].Arrivals(t-s.starts[i])
}

func (s sequence) At(n uint64) (time.Duration, bool) { return at(s, n) }

func (s sequence) Rate(t time.Duration) float64 {
	if !inside(t, s.length) {
		return 0
	}
	i := s.part(t)
	return s.parts[i].Rate(t - s.starts[i])
}

func (s sequence) Length() time.Duration { return s.length }

func (s sequence) Peak() float64 { return s.peak }

// inverse looks into the last part that begins with at most x arrivals: an arrival
// on the joint before a pause is due behind it, where the rate is above 0 again.
func (s sequence) inverse(x float64) time.Duration {
	x = max(0, x)
	i := sort.Search(len(s.before), func(i int) bool { return s.before[i] > x+slack }) - 1
	// But not in a pause that ends the run.
	for i > 0 && s.before[i] >= s.total {
		i--
	}
	return s.starts[i] + clamp(s.parts[i].inverse(x-s.before[i]), s.parts[i].Length())
}

// curveOf makes any profile one that can be inverted at real numbers.
func curveOf(p Profile) curve {
	if c, ok := p.(curve); ok {
		return c
	}
	return foreign{p}
}

// foreign is a profile from outside of this package, inverted by bisection.
type foreign struct{ Profile }

func (f foreign) inverse(x float64) time.Duration { return bisect(f, x) }

// bisect finds the first nanosecond at which p has x arrivals.
func bisect(p Profile, x float64) time.Duration {
	n := sort.Search(int(p.Length()), func(t int) bool { return p.Arrivals(time.Duration(t)) >= x })
	return time.Duration(n)
}
