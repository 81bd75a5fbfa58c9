package profile

import (
	"errors"
	"fmt"
	"time"
)

// Step climbs (or falls) from one rate to another in equal stairs: steps of them,
// each held for hold, the first at from and the last at to.
func Step(from, to float64, steps int, hold time.Duration) (Profile, error) {
	if steps < 2 {
		return nil, fmt.Errorf("%w: %d steps: want 2 or more", ErrInvalid, steps)
	}
	if err := errors.Join(checkRate("first rate", from), checkRate("last rate", to), checkSpan("hold", hold)); err != nil {
		return nil, err
	}
	parts := make([]Profile, steps)
	for i := range parts {
		share := float64(i) / float64(steps-1)
		parts[i] = ramp{from: from + (to-from)*share, to: from + (to-from)*share, length: hold}
	}
	return Sequence(parts...)
}

// Spike offers base until at, climbs to peak within rise, stays there for hold,
// falls back within rise and offers base until length. A rise of 0 is a jump.
func Spike(base, peak float64, at, rise, hold, length time.Duration) (Profile, error) {
	err := errors.Join(checkRate("base rate", base), checkRate("peak rate", peak), checkSpan("hold", hold), checkSpan("length", length))
	if err != nil {
		return nil, err
	}
	after := length - at - 2*rise - hold
	switch {
	case peak < base:
		return nil, fmt.Errorf("%w: a peak of %v/s below the base of %v/s", ErrInvalid, peak, base)
	case at < 0 || rise < 0:
		return nil, fmt.Errorf("%w: a spike at %v that rises in %v: want 0 or more", ErrInvalid, at, rise)
	case after < 0:
		return nil, fmt.Errorf("%w: a spike of %v, rise, hold and fall, does not fit between %v and %v", ErrInvalid, 2*rise+hold, at, length)
	}
	var parts []Profile
	add := func(from, to float64, length time.Duration) {
		if length > 0 {
			parts = append(parts, ramp{from: from, to: to, length: length})
		}
	}
	add(base, base, at)
	add(base, peak, rise)
	add(peak, peak, hold)
	add(peak, base, rise)
	add(base, base, after)
	return Sequence(parts...)
}
