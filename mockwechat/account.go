package mockwechat

import (
	"slices"
	"sync"
	"time"
)

// account is an official account: what it is, and all that the platform
// remembers of it. What it is never changes; a new configuration makes a new
// account over the same memory.
type account struct {
	*memory
	cfg        Account
	isFollower func(string) bool // nil: whoever has sent something
	envelope   envelope
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
	templateDay  quota
	customDay    quota
	followers    map[string]*follower
	sent         sent
}

func newAccount(cfg Account) *account {
	return (&account{memory: &memory{followers: map[string]*follower{}}}).with(cfg)
}

// with returns the account under another configuration, which has been validated.
func (a *account) with(cfg Account) *account {
	cfg = cfg.withDefaults()
	sealing, err := newEnvelope(cfg)
	if err != nil { // a validated configuration has none
		panic(err)
	}
	return &account{memory: a.memory, cfg: cfg, isFollower: cfg.Followers.matcher(), envelope: sealing}
}

func (a *account) hasTemplate(id string) bool { return slices.Contains(a.cfg.Templates, id) }

// take uses up one call of a daily quota.
func (m *memory) take(q *quota, now time.Time, limit int) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return q.take(day(now), limit)
}
