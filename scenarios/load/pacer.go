package load

import (
	"math"
	"sync"
	"time"

	"oalab/scenarios/load/profile"
)

// pacer lets arrivals go when they are due. It waits by itself, not by the wait it
// could return, because vegeta's sleep cannot be interrupted.
type pacer struct {
	profile profile.Profile // nil: every arrival is due at once
	count   uint64          // arrivals in all; 0: without end

	// gate lets an arrival go, or returns false when nothing may go any more; nil lets
	// all go.
	gate func(hits uint64, halted <-chan struct{}) bool

	began  func(time.Time)
	base   time.Time // vegeta's own beginning; written before the first arrival
	timer  *time.Timer
	halted chan struct{}
	once   sync.Once
	ended  chan struct{} // closed when no arrival will follow
}

func newPacer(p profile.Profile, count uint64) *pacer {
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	return &pacer{profile: p, count: count, timer: timer, halted: make(chan struct{}), ended: make(chan struct{})}
}

// halt ends the arrivals, also one that is being waited for.
func (p *pacer) halt() { p.once.Do(func() { close(p.halted) }) }

// due is how many arrivals should have started by a moment; 0 without a schedule.
func (p *pacer) due(elapsed time.Duration) int {
	if p.profile == nil {
		return 0
	}
	// Arrival n is due when the profile reaches n, so one more than it says.
	return int(min(float64(p.count), math.Floor(p.profile.Arrivals(elapsed))+1))
}

// Pace implements vegeta.Pacer; one goroutine calls it. hits arrivals have been
// sent, so hits is the number of the next.
func (p *pacer) Pace(elapsed time.Duration, hits uint64) (time.Duration, bool) {
	if p.base.IsZero() {
		p.base = time.Now().Add(-elapsed)
		if p.began != nil {
			p.began(p.base)
		}
	}
	if p.count > 0 && hits >= p.count {
		return p.end()
	}
	if p.gate != nil && !p.gate(hits, p.halted) {
		return p.end()
	}
	if p.profile != nil {
		at, ok := p.profile.At(hits)
		if !ok {
			return p.end()
		}
		if wait := time.Until(p.base.Add(at)); wait > 0 {
			p.timer.Reset(wait)
			select {
			case <-p.timer.C:
			case <-p.halted:
				p.timer.Stop()
				return p.end()
			}
		}
	}
	select {
	case <-p.halted:
		return p.end()
	default:
		return 0, false
	}
}

func (p *pacer) end() (time.Duration, bool) {
	close(p.ended) // Pace is not called again after a stop
	return 0, true
}

// Rate implements vegeta.Pacer.
func (p *pacer) Rate(elapsed time.Duration) float64 {
	if p.profile == nil {
		return math.Inf(1)
	}
	return p.profile.Rate(elapsed)
}
