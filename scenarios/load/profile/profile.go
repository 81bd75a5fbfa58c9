// Package profile owns the curves of offered arrivals. A profile is a pure
// function of time: how many operations have been due by then (exactly, as the
// integral of its rate) and, the other way round, when the n-th of them is due. It
// knows no clock, so a plan made from it is the same on every machine.
package profile

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// Profile is a curve of offered arrivals from 0 to Length. Profiles are immutable
// and safe for concurrent use.
type Profile interface {
	// Arrivals is the cumulative number of arrivals N(t) that are due before t: 0 at
	// 0, never falling, constant after Length. Between whole numbers it tells how far
	// the next arrival has come.
	Arrivals(t time.Duration) float64
	// At is the inverse of Arrivals: the time at which arrival n, counted from 0, is
	// due; false when the profile ends before it. Arrival 0 is due at the first
	// moment with a rate above 0.
	At(n uint64) (time.Duration, bool)
	// Rate is the derivative of Arrivals, in arrivals per second: 0 outside of
	// [0, Length).
	Rate(t time.Duration) float64
	// Length is when the profile ends.
	Length() time.Duration
	// Peak is the highest Rate.
	Peak() float64
}

// ErrInvalid is returned by all constructors for values that make no profile.
var ErrInvalid = errors.New("invalid profile")

// slack absorbs the rounding of sums: a profile of 799.9999999 arrivals has 800 and
// one of 800.0000001 has 800 too.
const slack = 1e-6

// Count is how many arrivals a profile has: At answers for every n below it.
func Count(p Profile) uint64 {
	total := p.Arrivals(p.Length())
	if total <= slack {
		return 0
	}
	return uint64(math.Ceil(total - slack))
}

// curve is a profile that can be inverted at any real number of arrivals, as a
// sequence needs it: x in [0, N(Length)].
type curve interface {
	Profile
	inverse(x float64) time.Duration
}

// at is At for any curve.
func at(c curve, n uint64) (time.Duration, bool) {
	if n >= Count(c) {
		return 0, false
	}
	return clamp(c.inverse(float64(n)), c.Length()), true
}

func clamp(t, length time.Duration) time.Duration { return max(0, min(t, length)) }

func inside(t, length time.Duration) bool { return t >= 0 && t < length }

// span turns seconds into a duration, rounded to the nanosecond.
func span(seconds float64) time.Duration {
	return time.Duration(math.Round(seconds * float64(time.Second)))
}

func checkRate(what string, perS float64) error {
	if math.IsNaN(perS) || math.IsInf(perS, 0) || perS < 0 {
		return fmt.Errorf("%w: %s of %v/s: want a number of 0 or more", ErrInvalid, what, perS)
	}
	return nil
}

func checkSpan(what string, d time.Duration) error {
	if d <= 0 {
		return fmt.Errorf("%w: %s of %v: want more than 0", ErrInvalid, what, d)
	}
	return nil
}
