package profile

import (
	"fmt"
	"time"
)

// scaled is a profile with all its rates multiplied.
type scaled struct {
	of    curve
	share float64
}

// Scaled is a profile whose rates are those of p times share, at the same times. Share
// must be positive.
func Scaled(p Profile, share float64) (Profile, error) {
	if p == nil {
		return nil, fmt.Errorf("%w: nothing to scale", ErrInvalid)
	}
	if err := checkRate("share", share); err != nil {
		return nil, err
	}
	if share == 0 {
		return nil, fmt.Errorf("%w: a share of 0 leaves no arrival", ErrInvalid)
	}
	return scaled{curveOf(p), share}, nil
}

func (s scaled) Arrivals(t time.Duration) float64  { return s.share * s.of.Arrivals(t) }
func (s scaled) At(n uint64) (time.Duration, bool) { return at(s, n) }
func (s scaled) Rate(t time.Duration) float64      { return s.share * s.of.Rate(t) }
func (s scaled) Length() time.Duration             { return s.of.Length() }
func (s scaled) Peak() float64                     { return s.share * s.of.Peak() }
func (s scaled) inverse(x float64) time.Duration   { return s.of.inverse(x / s.share) }
