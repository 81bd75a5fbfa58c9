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
	row      string // key in the store and the cache
	lifetime time.Duration
	window   time.Duration // renewal window
	moment   func() float64
	wake     chan struct{} // holds one: the plan of run has changed

	mu       sync.Mutex
	held     held
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

var errNone = errors.New("none that lives is known; the next refresh is due soon")

// get returns the token in use, or waits for a refresh.
func (s *slot) get(ctx context.Context) (string, error) {
	for first := true; ; first = false {
		s.mu.Lock()
		now := time.Now()
		if s.usable(now) {
			defer s.mu.Unlock()
			return s.held.value, nil
		}
		if s.flight == nil && (now.Before(s.retryAt) || !first) {
			defer s.mu.Unlock()
			if s.err == nil {
				return "", errNone
			}
			return "", s.err
		}
		f := s.start()
		s.mu.Unlock()
		select {
		case <-f.done:
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

// usable reports whether the token in use can be given out. The lock is held.
func (s *slot) usable(now time.Time) bool {
	return s.held.value != "" && !s.held.rejected && now.Before(s.held.until)
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
	s.held.rejected = true
	if now.Sub(s.held.taken) >= s.window {
		s.strikes = 0
	} else if s.strikes++; s.strikes > 1 {
		s.retryAt = now.Add(min(firstRetry<<min(s.strikes, 16), refusedRetry))
	}
	s.signal()
}

// pause is how long to wait after an answer that brought nothing new.
func (s *slot) pause() time.Duration { return s.window / 10 }

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

// start begins a refresh, or joins the one under way. The lock is held.
func (s *slot) start() *flight {
	if s.flight != nil {
		return s.flight
	}
	f := &flight{done: make(chan struct{})}
	s.flight = f
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

func (s *slot) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// run refreshes ahead of time until ctx ends.
func (s *slot) run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		case <-timer.C:
		}
		s.mu.Lock()
		wait := time.Until(s.due())
		if wait <= 0 && s.flight == nil {
			s.start()
		}
		if s.flight != nil {
			wait = time.Hour // its end wakes us
		}
		s.mu.Unlock()
		timer.Reset(wait)
	}
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
	s.signal()
	return true
}

// margin is how long before its end a token is no longer given out: a call takes
// its time.
func (s *slot) margin() time.Duration { return s.window / 20 }

// lead is how long before its end a token is renewed: servers that share it ask
// at moments of their own, so that nearly always one asks and the others find
// its answer. The lock is held.
func (s *slot) lead() time.Duration {
	const earliest, latest = 0.95, 0.5
	u := latest + (earliest-latest)*s.moment()
	return time.Duration(u * float64(s.window))
}
