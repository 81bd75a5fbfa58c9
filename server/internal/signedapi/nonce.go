package signedapi

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"time"
)

// Nonces remembers what was used.
type Nonces interface {
	// Once reports whether an app uses a nonce for the first time, and remembers it for so
	// long. It is safe for concurrent use, by several processes where they share it.
	Once(ctx context.Context, app, nonce string, life time.Duration) (first bool, err error)
}

// ErrFull says that no further nonce can be remembered now.
var ErrFull = errors.New("more signed requests than can be remembered")

// mostNonces bounds the memory of a generation, about 50 MB.
const mostNonces = 1_000_000

// short is what a nonce is remembered by.
type short [16]byte

func shorten(app, nonce string) short {
	sum := sha256.Sum256([]byte(app + "\x00" + nonce))
	return short(sum[:16])
}

// Memory remembers nonces in this process, in two generations: each is forgotten as a whole,
// at least one life after its last nonce. It is safe for concurrent use.
type Memory struct {
	mu       sync.Mutex
	now, old map[short]struct{}
	since    time.Time // when the present generation began
	most     int
}

// NewMemory makes an empty memory.
func NewMemory() *Memory { return &Memory{now: make(map[short]struct{}), most: mostNonces} }

// Once implements Nonces. All calls must have the same life. When a generation is full it
// returns ErrFull: a request that cannot be remembered is not served.
func (m *Memory) Once(_ context.Context, app, nonce string, life time.Duration) (bool, error) {
	key := shorten(app, nonce)
	m.mu.Lock()
	defer m.mu.Unlock()
	switch age := time.Since(m.since); {
	case age >= 2*life:
		m.now, m.old, m.since = make(map[short]struct{}), nil, time.Now()
	case age >= life:
		m.now, m.old, m.since = make(map[short]struct{}), m.now, time.Now()
	}
	if _, used := m.now[key]; used {
		return false, nil
	}
	if _, used := m.old[key]; used {
		return false, nil
	}
	if len(m.now) >= m.most {
		return false, ErrFull
	}
	m.now[key] = struct{}{}
	return true, nil
}

// Both remembers nonces in this process and where servers share them. While the shared place
// is away this process still takes each nonce once: then a replay can succeed once at each
// other server, and reading tokens does not depend on Redis (CTL-8).
type Both struct {
	Own    *Memory
	Shared Nonces
}

// Once implements Nonces.
func (b Both) Once(ctx context.Context, app, nonce string, life time.Duration) (bool, error) {
	first, err := b.Own.Once(ctx, app, nonce, life)
	if !first || err != nil {
		return false, err
	}
	first, err = b.Shared.Once(ctx, app, nonce, life)
	return first || err != nil, nil
}
