package token

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// slot holds the token of one account in this process.
type slot struct {
	keeper   *Keeper
	account  string
	lifetime time.Duration
	always   bool // kept fresh also while nothing asks for it

	place   int       // in the plan, from 1 on; 0 means that it is not planned; of the plan
	planned time.Time // of the plan

	mu       sync.Mutex
	held     held
	asked    bool      // for, since the token in use came
	gone     bool      // it has left memory: a caller that has it looks it up anew
	flight   *flight   // the refresh under way
	retryAt  time.Time // no refresh before, after one that failed
	failures int
	strikes  int   // reports of tokens that were young
	err      error // of the last refresh
}

// held is a token in use.
type held struct {
	value    string
	version  int64
	since    time.Time // when it was first committed
	taken    time.Time // when it came into use here
	until    time.Time // from here on it is not given out
	askAt    time.Time // when a new one is asked for
	rejected bool
}

// flight is a refresh that many may wait for.
type flight struct {
	done chan struct{}
	err  error
}

var (
	errNone = errors.New("none that lives is known; the next refresh is due soon")
	errGone = errors.New("the account has left memory")
)

// row is the slot's key in the store and the cache.
func (s *slot) row() string { return s.keeper.cfg.Kind.row(s.account) }

// window is the renewal window.
func (s *slot) window() time.Duration { return Window(s.lifetime) }

// get returns the token in use, or waits for a refresh.
func (s *slot) get(ctx context.Context) (Token, error) {
	for first := true; ; first = false {
		s.mu.Lock()
		if s.gone {
			s.mu.Unlock()
			return Token{}, errGone
		}
		now := time.Now()
		s.asked = true
		if s.usable(now) {
			defer s.mu.Unlock()
			return Token{Value: s.held.value, Version: s.held.version, Left: s.held.until.Sub(now)}, nil
		}
		if s.flight == nil && (now.Before(s.retryAt) || !first) {
			defer s.mu.Unlock()
			if s.err == nil {
				return Token{}, errNone
			}
			return Token{}, s.err
		}
		f := s.start()
		s.mu.Unlock()
		select {
		case <-f.done:
		case <-ctx.Done():
			return Token{}, ctx.Err()
		}
	}
}

// usable reports whether the token in use can be given out. The lock is held.
func (s *slot) usable(now time.Time) bool {
	return s.held.value != "" && !s.held.rejected && now.Before(s.held.until)
}

// idle reports whether the slot may leave memory in place of a renewal.
func (s *slot) idle() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.always && !s.asked && s.flight == nil
}

// busy reports whether the slot knows what must not be forgotten: a refresh under way, or
// that the next one has to wait.
func (s *slot) busy() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.flight != nil || time.Now().Before(s.retryAt)
}

// leave ends a slot that has left memory.
func (s *slot) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = true
	s.keeper.plan.cancel(s)
}

// reject notes that the platform refused a token, if it is the one in use. The
// next caller that needs a token makes a refresh; when tokens are refused soon after
// they came, the refreshes become fewer and fewer.
func (s *slot) reject(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held.value != token || s.held.rejected {
		return
	}
	now := time.Now()
	s.held.rejected, s.asked = true, true
	if now.Sub(s.held.taken) >= s.window() {
		s.strikes = 0
	} else if s.strikes++; s.strikes > 1 {
		s.retryAt = now.Add(min(firstRetry<<min(s.strikes, 16), refusedRetry))
	}
	s.signal()
}

// pause is how long to wait after an answer that brought nothing new.
func (s *slot) pause() time.Duration { return s.window() / 10 }

// Bounds of the wait after a failed refresh with no token left: the platform may
// be back at any moment, but one that refuses us will go on to until people mend it. Then
// followers wait, so it is asked as often as its quota allows: 2 000 calls a day for
// /cgi-bin/token, 500 000 for /cgi-bin/stable_token.
const (
	firstRetry    = 100 * time.Millisecond
	longestRetry  = 2 * time.Second
	stableRefused = 5 * time.Second
	refusedRetry  = time.Minute
)

// longFailing is after how many failures the wait is the longest one in any case.
const longFailing = 16

// start begins a refresh, or joins the one under way. The lock is held.
func (s *slot) start() *flight {
	if s.flight != nil {
		return s.flight
	}
	f := &flight{done: make(chan struct{})}
	s.flight = f
	s.signal()
	s.keeper.work.Go(func() {
		f.err = s.refresh(s.keeper.life)
		s.land(f)
	})
	return f
}

// land ends a refresh and says when the next one may be.
func (s *slot) land(f *flight) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer close(f.done)
	s.flight, s.err = nil, f.err
	if f.err == nil {
		s.failures, s.retryAt = 0, time.Time{}
		s.signal()
		return
	}
	wait := s.pause()
	if !s.usable(time.Now()) {
		longest := longestRetry
		if s.keeper.platform.Refused(f.err) {
			longest = stableRefused
			if s.keeper.cfg.Replace {
				longest = refusedRetry
			}
		}
		wait = min(firstRetry<<min(s.failures, 16), longest)
		if s.failures > longFailing {
			s.asked = false // it is tried on for as long as it is asked for
		}
	}
	s.failures++
	s.retryAt = time.Now().Add(wait)
	s.keeper.metrics.count(s.account, resultFailed)
	if s.keeper.life.Err() == nil {
		s.keeper.log.Warn("not refreshed", slog.String("kind", s.keeper.cfg.Kind.String()), slog.String("account", s.account),
			slog.Bool("one_lives", s.usable(time.Now())), slog.Duration("next_try_in", wait), slog.Any("error", f.err))
	}
	s.signal()
}

// signal plans the slot anew. The lock is held. A refresh under way plans it at its end.
func (s *slot) signal() {
	switch {
	case s.gone:
	case s.flight != nil:
		s.keeper.plan.cancel(s)
	default:
		s.keeper.plan.set(s, s.due())
	}
}

// replan is signal for a caller without the lock.
func (s *slot) replan() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.signal()
}

// renew begins a refresh ahead of time if one is due, and calls over at its end. Otherwise it
// plans the slot anew and returns false.
func (s *slot) renew(over func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone || s.flight != nil || time.Now().Before(s.due()) {
		s.signal()
		return false
	}
	f := s.start()
	s.keeper.work.Go(func() { <-f.done; over() })
	return true
}

// due is when the next refresh begins. The lock is held.
func (s *slot) due() time.Time {
	at := s.held.askAt
	if s.held.value == "" || s.held.rejected {
		at = time.Time{}
	}
	if at.Before(s.retryAt) {
		return s.retryAt
	}
	return at
}

// adopt takes a committed token into use, if it is later than the one in use and
// lives. read is when its rest of life was known.
func (s *slot) adopt(t Token, age time.Duration, read time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	until := read.Add(t.Left - s.margin())
	if t.Value == "" || t.Version <= s.held.version || !now.Before(until) {
		return false
	}
	s.held = held{
		value: t.Value, version: t.Version, since: read.Add(-age), taken: now,
		until: until, askAt: read.Add(t.Left - s.lead()),
	}
	s.asked = false // a caller that waits for it asks again
	s.signal()
	return true
}

// margin is how long before its end a token is no longer given out: a call takes
// its time.
func (s *slot) margin() time.Duration { return s.window() / 20 }

// lead is how long before its end a token is renewed: servers that share it ask
// at moments of their own, so that nearly always one asks and the others find
// its answer. The lock is held.
func (s *slot) lead() time.Duration {
	const earliest, latest = 0.95, 0.5
	u := latest + (earliest-latest)*s.keeper.chance()
	return time.Duration(u * float64(s.window()))
}
