package platform

import (
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"oalab/mockwechat/message"
)

// Official is an official account: what it is, and all that the platform
// remembers of it. What it is never changes; a new configuration makes a new
// Official over the same memory. It is safe for concurrent use.
type Official struct {
	*memory

	Config     Account
	Envelope   message.Envelope  // turns what followers send into pushes
	isFollower func(string) bool // nil: a follower is what has sent something
}

// memory is what the platform remembers of an account.
type memory struct {
	mu           sync.Mutex
	plain        family
	stable       family
	forcedAt     time.Time
	tokenDay     quota
	stableMinute quota
	stableDay    quota
	forceDay     quota
	days         map[string]*quota // of the other calls, by path
	followers    map[string]*follower
	sent         sent
	lent         family                        // tokens that a third-party platform got
	authorized   atomic.Pointer[Authorization] // changed under the lock; nil: no third-party platform has rights
	parts        map[reflect.Type]any
}

func newAccount(cfg Account) *Official {
	return (&Official{memory: &memory{
		followers: map[string]*follower{}, days: map[string]*quota{}, parts: map[reflect.Type]any{},
	}}).with(cfg)
}

// with returns the account under another configuration, which has been validated.
func (a *Official) with(cfg Account) *Official {
	cfg = cfg.withDefaults()
	sealing, err := message.NewEnvelope(cfg.keys())
	if err != nil { // a validated configuration has none
		panic(err)
	}
	return &Official{memory: a.memory, Config: cfg, isFollower: cfg.Followers.matcher(), Envelope: sealing}
}

// TakeCall uses up one call of a path's daily quota. It is false when none is left.
func (m *memory) TakeCall(path string, now time.Time, limit int) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	q := m.days[path]
	if q == nil {
		q = &quota{}
		m.days[path] = q
	}
	return q.take(day(now), limit)
}

// Part returns what an account remembers in type T, made empty when it is first asked
// for. A family of APIs keeps its part of the memory in a type of its own, with a lock of
// its own. A reset forgets it; a new configuration of the same account does not.
func Part[T any](a *Official) *T {
	a.mu.Lock()
	defer a.mu.Unlock()
	key := reflect.TypeFor[T]()
	if part, ok := a.parts[key].(*T); ok {
		return part
	}
	part := new(T)
	a.parts[key] = part
	return part
}

// CallsToday is how many calls of a path's daily quota are used.
func (m *memory) CallsToday(path string, now time.Time) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	if q := m.days[path]; q != nil && q.bucket == day(now) {
		return q.used
	}
	return 0
}

// ClearCalls makes all daily quotas of calls whole again, those of tokens too.
func (m *memory) ClearCalls() {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.days)
	m.tokenDay, m.stableDay, m.stableMinute = quota{}, quota{}, quota{}
}
