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

// recent remembers which messages came lately, only to count tries: what makes
// them harmless is elsewhere. It holds two generations, and forgets the older
// one when the younger is full or old. The zero value is ready.
type recent struct {
	mu      sync.Mutex
	since   time.Time
	younger map[string]struct{}
	older   map[string]struct{}
}

// again reports whether the key came before, and remembers it.
func (r *recent) again(key string, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Sub(r.since) > 2*recentAge {
		r.younger = nil
	}
	if r.younger == nil || len(r.younger) >= recentMax || now.Sub(r.since) > recentAge {
		r.older, r.younger, r.since = r.younger, make(map[string]struct{}), now
	}
	_, before := r.younger[key]
	if !before {
		_, before = r.older[key]
		r.younger[key] = struct{}{}
	}
	return before
}
