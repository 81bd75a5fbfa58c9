package profile

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// burst is a square wave that starts with its high side.
type burst struct {
	base, peak           float64 // arrivals per second
	every, width, length time.Duration
}

// Burst offers base arrivals per second and, at 0 and again after each every, peak
// arrivals per second for width: red packets on the hour.
func Burst(base, peak float64, every, width, length time.Duration) (Profile, error) {
	err := errors.Join(checkRate("base rate", base), checkRate("peak rate", peak), checkSpan("distance", every),
		checkSpan("width", width), checkSpan("length", length))
	if err != nil {
		return nil, err
	}
	if peak < base {
		return nil, fmt.Errorf("%w: a peak of %v/s below the base of %v/s", ErrInvalid, peak, base)
	}
	if width > every {
		return nil, fmt.Errorf("%w: bursts of %v every %v overlap", ErrInvalid, width, every)
	}
	return burst{base: base, peak: peak, every: every, width: width, length: length}, nil
}

// high and cycle are the arrivals of one burst, and of one burst with what follows it.
func (b burst) high() float64  { return b.peak * b.width.Seconds() }
func (b burst) cycle() float64 { return b.high() + b.base*(b.every-b.width).Seconds() }

func (b burst) Arrivals(t time.Duration) float64 {
	t = clamp(t, b.length)
	cycles, rest := t/b.every, t%b.every
	done := float64(cycles) * b.cycle()
	if rest <= b.width {
		return done + b.peak*rest.Seconds()
	}
	return done + b.high() + b.base*(rest-b.width).Seconds()
}

func (b burst) At(n uint64) (time.Duration, bool) { return at(b, n) }

func (b burst) Rate(t time.Duration) float64 {
	switch {
	case !inside(t, b.length):
		return 0
	case t%b.every < b.width:
		return b.peak
	}
	return b.base
}

func (b burst) Length() time.Duration { return b.length }

func (b burst) Peak() float64 { return b.peak }

// inverse works cycle by cycle. An arrival that falls on a boundary belongs to the
// burst that begins there; the slack keeps rounding from moving it to the quiet
// side of it.
func (b burst) inverse(x float64) time.Duration {
	if b.cycle() == 0 {
		return b.length
	}
	cycles := math.Floor((x + slack) / b.cycle())
	rest := max(0, x-cycles*b.cycle())
	start := time.Duration(cycles) * b.every
	if rest < b.high() || b.base == 0 {
		return start + span(rest/b.peak)
	}
	return start + b.width + span((rest-b.high())/b.base)
}
