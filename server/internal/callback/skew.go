package callback

import (
	"sync"
	"time"
)

// leadAge is how long an observation of the platform's clock counts, at least; it counts
// twice as long at most.
const leadAge = 30 * time.Second

// lead is by how much the platform's clock is ahead of the server's: no message comes
// before it was sent. It is safe for concurrent use; the zero value knows of no lead.
type lead struct {
	mu             sync.Mutex
	since          time.Time
	younger, older time.Duration
}

// sent is the earliest moment, by the server's clock, at which a message of this
// CreateTime can have been tried first.
func (l *lead) sent(created int64, arrived time.Time) time.Time {
	at := time.Unix(created, 0)
	l.mu.Lock()
	defer l.mu.Unlock()
	if gone := arrived.Sub(l.since); gone > leadAge {
		l.older, l.younger, l.since = l.younger, 0, arrived
		if gone > 2*leadAge {
			l.older = 0
		}
	}
	l.younger = max(l.younger, at.Sub(arrived))
	return at.Add(-max(l.younger, l.older))
}
