package callback

import (
	"sync"
	"time"
)

// Bounds of the memory for keys: the tries of a message come within 15 s.
const (
	recentAge = 20 * time.Second
	recentMax = 1 << 16
)

// recent remembers which messages came lately, and when they came first: to count tries,
// and to answer the later ones by the same keyword table. What makes tries harmless is
// elsewhere. It holds two generations, and forgets the older one when the younger is full
// or old. The zero value is ready.
type recent struct {
	mu      sync.Mutex
	since   time.Time
	younger map[string]time.Time
	older   map[string]time.Time
}

// again reports whether the key came before, and remembers it.
func (r *recent) again(key string, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Sub(r.since) > 2*recentAge {
		r.younger = nil
	}
	if r.younger == nil || len(r.younger) >= recentMax || now.Sub(r.since) > recentAge {
		r.older, r.younger, r.since = r.younger, make(map[string]time.Time), now
	}
	_, before := r.younger[key]
	if !before {
		var first time.Time
		if first, before = r.older[key]; !before {
			first = now
		}
		r.younger[key] = first
	}
	return before
}

// first is when the key came first.
func (r *recent) first(key string) (time.Time, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at, ok := r.younger[key]
	if !ok {
		at, ok = r.older[key]
	}
	return at, ok
}
