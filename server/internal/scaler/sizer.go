package scaler

import "time"

// sizer follows the rate from band to band. It grows at once, and shrinks only after
// the rate has been clearly below for a while: a load that hovers at an edge moves
// nothing. It begins in the highest band: a load balancer that has just come up, and may
// get the address at once, must not begin with the pool of an idle one.
type sizer struct {
	bands Bands
	// hold is how long a lower band must be asked for, without a break.
	hold time.Duration
	// margin is the share of an edge by which the rate must be below it to ask for a
	// lower band.
	margin float64

	band  int       // present one
	since time.Time // of asking for a lower band without a break; zero: it is not asked for
	low   int       // highest band that was asked for since
}

func newSizer(bands Bands, hold time.Duration, margin float64) *sizer {
	return &sizer{bands: bands, hold: hold, margin: margin, band: len(bands) - 1}
}

// next takes the rate at a moment and returns the band. A rate that is not whole may be
// too low, because a load balancer could not be asked: it can make the pool grow, never
// shrink.
func (s *sizer) next(now time.Time, rate float64, whole bool) int {
	up := s.bands.at(rate)
	down := s.bands.at(rate / (1 - s.margin))
	switch {
	case up > s.band:
		s.band, s.since = up, time.Time{}
	case !whole || down >= s.band:
		s.since = time.Time{}
	case s.since.IsZero():
		s.since, s.low = now, down
	default:
		s.low = max(s.low, down)
	}
	if !s.since.IsZero() && now.Sub(s.since) >= s.hold {
		s.band, s.since = s.low, time.Time{}
	}
	return s.band
}
