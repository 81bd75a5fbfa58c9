package load

import (
	"math"
	"sync/atomic"
	"time"

	"oalab/scenarios/load/profile"
)

// A generator that is late by more than lagging, with a crowd of workers at work, lacks
// processor time rather than workers: it starts one in each patience, and more only when
// none comes back meanwhile. Otherwise a stall of its own would cost a cold stack and a
// connection for each arrival that became late, and so the next stall.
const (
	lagging  = 2 * time.Millisecond // above what a sleep overshoots
	crowd    = 64
	patience = 5 * time.Millisecond // above what a crowd's requests take to be sent
)

// schedule lets the arrivals of a profile go when they are due. One of the workers
// leads: it waits for the next arrival, names another leader, and carries the arrival
// out. So there is always one worker ahead of need, up to the cap, and no hand-over
// between the clock and the sender. Without a leader all workers are busy: the first
// that ends leads, and finds its arrival late.
type schedule struct {
	bench
	profile profile.Profile
	count   uint64 // arrivals in all
	workers int    // at most

	hired   int           // workers there are
	hiredAt time.Duration // the last of them, when lagging
	led     bool          // a worker leads
	hold    *time.Timer   // runs relieve
	gone    int           // patiences in which no worker came back
	spare   int           // workers that may be started at once for that

	// The leader's alone.
	timer *time.Timer

	sent atomic.Uint64
}

func newSchedule(p profile.Profile, workers int) *schedule {
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	s := &schedule{bench: newBench(), profile: p, count: profile.Count(p), workers: workers, hired: 1, timer: timer}
	s.hold = time.AfterFunc(time.Hour, s.relieve)
	s.hold.Stop()
	return s
}

func (s *schedule) started() int { return int(s.sent.Load()) }

func (s *schedule) due(elapsed time.Duration) (now, all int) {
	// Arrival n is due when the profile reaches n, so one more than it says.
	return int(min(float64(s.count), math.Floor(s.profile.Arrivals(elapsed))+1)), int(s.count)
}

// next implements arrivals.
func (s *schedule) next(w *worker) (turn, bool) {
	s.mu.Lock()
	if w.busy {
		s.gone = 0
	}
	if s.led && !s.over {
		s.sit(w) // it is woken to lead, or at the end
	}
	s.led = true
	over := s.over
	s.mu.Unlock()
	if over {
		return turn{}, false
	}

	t, late, ok := s.await()

	s.mu.Lock()
	defer s.mu.Unlock()
	if !ok {
		s.close()
		return turn{}, false
	}
	w.busy = true
	s.follow(t.start, late)
	return t, true
}

// await waits for the next arrival to be due, and tells how late it begins.
func (s *schedule) await() (t turn, late time.Duration, ok bool) {
	seq := s.sent.Load()
	at, ok := s.profile.At(seq)
	if !ok || seq >= s.count {
		return turn{}, 0, false
	}
	start := time.Since(s.base)
	for start < at {
		s.timer.Reset(at - start)
		select {
		case <-s.timer.C:
		case <-s.end:
			s.timer.Stop()
			return turn{}, 0, false
		}
		start = time.Since(s.base)
	}
	select {
	case <-s.end:
		return turn{}, 0, false
	default:
	}
	s.sent.Store(seq + 1)
	return turn{seq, start}, start - at, true
}

// follow names the next leader, at a time since the base.
func (s *schedule) follow(now, late time.Duration) {
	switch {
	case s.rouse():
	case s.hired == s.workers:
		s.led = false
	case late > lagging && s.hired >= crowd && s.spare == 0 && now-s.hiredAt < patience:
		s.led = false
		s.hold.Reset(patience)
	default:
		s.spare = max(0, s.spare-1)
		s.hiredAt = now
		s.hire()
	}
}

// relieve starts workers while the generator lags and none comes back: the system holds
// them. It starts twice as many each time, so that a frozen system is soon met by all the
// workers that its arrivals need.
func (s *schedule) relieve() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over || s.led {
		return
	}
	s.gone++
	s.spare = 1 << min(s.gone, 16)
	s.hire()
}

// hire starts a worker. It leads, unless one that ends its operation is first.
func (s *schedule) hire() {
	s.hired++
	s.led = false
	s.more()
}
