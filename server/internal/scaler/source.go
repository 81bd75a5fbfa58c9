package scaler

import (
	"context"
	"time"
)

// source is one load balancer whose load is followed.
type source struct {
	name string
	read Reader

	last   Status
	lastAt time.Time // zero: it has never answered
	err    error     // of the last look; nil when it was answered
}

// look reads the status. The rate, in requests per second, is the average since the
// look before that was answered; it is not known when there was none, or when the
// counters began anew in between.
func (s *source) look(ctx context.Context) (rate float64, known, reset bool) {
	status, err := s.read(ctx)
	now := time.Now()
	if s.err = err; err != nil {
		return 0, false, false
	}
	before, beforeAt := s.last, s.lastAt
	s.last, s.lastAt = status, now
	switch {
	case beforeAt.IsZero() || !now.After(beforeAt):
		return 0, false, false
	case status.Requests < before.Requests || status.Accepts < before.Accepts || status.Handled < before.Handled:
		return 0, false, true
	}
	return float64(status.Requests-before.Requests) / now.Sub(beforeAt).Seconds(), true, false
}
