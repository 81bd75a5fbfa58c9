package telemetry

import (
	"sync"
	"time"
)

// WarnEvery is how often the log says that something from outside stays broken.
const WarnEvery = time.Minute

// Recur keeps what recurs out of the log: of each key the first occurrence is told, and
// then one in every interval, with the number of those since. A counter beside it has
// all of them. It is safe for concurrent use.
type Recur struct {
	every time.Duration

	mu   sync.Mutex
	keys map[string]*recurrence
}

type recurrence struct {
	told  time.Time
	since int // occurrences that were not told
}

// NewRecur makes a Recur that tells each key at most once in every interval.
func NewRecur(every time.Duration) *Recur {
	return &Recur{every: every, keys: make(map[string]*recurrence)}
}

// Tell reports whether an occurrence of key is to be told now, and how many there were
// since the last one that was, this one included. Keys are remembered for ever: they
// must come from a bounded set, never from outside.
func (r *Recur) Tell(key string, now time.Time) (times int, tell bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	k, known := r.keys[key]
	if !known {
		k = &recurrence{}
		r.keys[key] = k
	}
	k.since++
	if known && now.Sub(k.told) < r.every {
		return 0, false
	}
	times = k.since
	k.told, k.since = now, 0
	return times, true
}
