// Package resilience owns the policies that keep one slow or failing neighbour
// from taking the process with it: back-off, circuit breaker, bulkhead (OAU-5, BIZ-7).
package resilience

import (
	"math/rand/v2"
	"sync"
	"time"
)

// Backoff computes waits between attempts: doubling from Base up to Max, each
// drawn uniformly from the upper half of its interval, so that callers that
// failed together do not return together. It is safe for concurrent use.
type Backoff struct {
	base, limit time.Duration

	mu  sync.Mutex
	rnd *rand.Rand
}

// NewBackoff makes a Backoff; the same seed gives the same waits.
func NewBackoff(base, limit time.Duration, seed uint64) *Backoff {
	return &Backoff{base: base, limit: max(base, limit), rnd: rand.New(rand.NewPCG(seed, 0x6f616c6162))}
}

// Delay returns the wait after the attempt-th failure, counted from 1.
func (b *Backoff) Delay(attempt int) time.Duration {
	d := b.base
	for i := 1; i < attempt && d < b.limit; i++ {
		d *= 2
	}
	d = min(d, b.limit)
	if d <= 1 {
		return d
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return d/2 + time.Duration(b.rnd.Int64N(int64(d/2)+1))
}
