package profile

import (
	"errors"
	"math"
	"time"
)

// ramp is a rate that changes linearly; a constant is one that does not.
type ramp struct {
	from, to float64 // arrivals per second
	length   time.Duration
}

// Constant offers perS arrivals a second for length. A rate of 0 is a pause.
func Constant(perS float64, length time.Duration) (Profile, error) {
	return Ramp(perS, perS, length)
}

// Ramp changes the rate linearly from one to another, both in arrivals per second.
func Ramp(from, to float64, length time.Duration) (Profile, error) {
	if err := errors.Join(checkRate("start rate", from), checkRate("end rate", to), checkSpan("length", length)); err != nil {
		return nil, err
	}
	return ramp{from: from, to: to, length: length}, nil
}

func (r ramp) slope() float64 { return (r.to - r.from) / r.length.Seconds() }

func (r ramp) Arrivals(t time.Duration) float64 {
	s := clamp(t, r.length).Seconds()
	return r.from*s + r.slope()*s*s/2
}

func (r ramp) At(n uint64) (time.Duration, bool) { return at(r, n) }

func (r ramp) Rate(t time.Duration) float64 {
	if !inside(t, r.length) {
		return 0
	}
	return r.from + r.slope()*t.Seconds()
}

func (r ramp) Length() time.Duration { return r.length }

func (r ramp) Peak() float64 { return max(r.from, r.to) }

// inverse solves from·t + slope·t²/2 = x. This form of the root does not cancel
// when the slope is small or negative.
func (r ramp) inverse(x float64) time.Duration {
	if x <= 0 {
		return 0
	}
	root := math.Sqrt(max(0, r.from*r.from+2*r.slope()*x))
	if r.from+root == 0 {
		return r.length
	}
	return span(2 * x / (r.from + root))
}
