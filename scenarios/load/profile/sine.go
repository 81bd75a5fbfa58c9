package profile

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// sine is a rate that swings around a mean and starts there, rising.
type sine struct {
	mean, swing    float64 // arrivals per second
	period, length time.Duration
}

// Sine swings the rate between mean − swing and mean + swing arrivals per second,
// once in a period, from the mean upwards: the day's tide in small.
func Sine(mean, swing float64, period, length time.Duration) (Profile, error) {
	err := errors.Join(checkRate("mean rate", mean), checkRate("swing", swing), checkSpan("period", period), checkSpan("length", length))
	if err != nil {
		return nil, err
	}
	if swing > mean {
		return nil, fmt.Errorf("%w: a swing of %v/s around %v/s goes below 0", ErrInvalid, swing, mean)
	}
	return sine{mean: mean, swing: swing, period: period, length: length}, nil
}

func (s sine) omega() float64 { return 2 * math.Pi / s.period.Seconds() }

func (s sine) Arrivals(t time.Duration) float64 { return s.arrivals(clamp(t, s.length).Seconds()) }

func (s sine) arrivals(sec float64) float64 {
	half := math.Sin(s.omega() * sec / 2) // 1 − cos a = 2 sin² a/2, which does not cancel
	return s.mean*sec + s.swing/s.omega()*2*half*half
}

func (s sine) At(n uint64) (time.Duration, bool) { return at(s, n) }

func (s sine) Rate(t time.Duration) float64 {
	if !inside(t, s.length) {
		return 0
	}
	return s.rate(t.Seconds())
}

func (s sine) rate(sec float64) float64 { return s.mean + s.swing*math.Sin(s.omega()*sec) }

func (s sine) Length() time.Duration { return s.length }

// Peak is the crest, or the rate at the end when the run ends before it.
func (s sine) Peak() float64 {
	if s.length >= s.period/4 {
		return s.mean + s.swing
	}
	return s.rate(s.length.Seconds())
}

// inverse has no closed form: Newton's steps, held inside a shrinking bracket so
// that the flat troughs of a full swing cannot throw them out.
func (s sine) inverse(x float64) time.Duration {
	lo, hi := 0.0, s.length.Seconds()
	if x <= 0 {
		return 0
	}
	guess := min(hi, x/s.mean)
	for range 200 {
		diff := s.arrivals(guess) - x
		if diff > 0 {
			hi = guess
		} else {
			lo = guess
		}
		next := guess - diff/s.rate(guess)
		if !(next > lo && next < hi) { // also when the rate is 0
			next = (lo + hi) / 2
		}
		if math.Abs(next-guess) < 1e-10 {
			return span(next)
		}
		guess = next
	}
	return span(guess)
}
