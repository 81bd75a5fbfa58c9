//go:build defects

package callback

import (
	"container/list"
	"crypto/rand"
	"net/http"
	"sync"
	"time"

	"oalab/server/internal/defect"
	"oalab/server/wechat"
)

// The planted defects of the callback.
const (
	// DefectNoDedup makes the key of a message new at each arrival.
	DefectNoDedup = "no-dedup"
	// DefectReplyNotShared makes the key of a message another one on each server: none knows
	// what the others have answered.
	DefectReplyNotShared = "reply-not-shared"
	// DefectQueueWithoutDeadline lets the tries of messages wait in order and without an
	// end for their turn, and works on those whose time is over or whose sender has hung up.
	DefectQueueWithoutDeadline = "queue-without-deadline"
	// DefectSilentWithoutDatabase refuses every message, also with leave to answer from memory.
	DefectSilentWithoutDatabase = "silent-without-database"
	// DefectStaleUnasked answers from memory without leave, while other servers know better.
	DefectStaleUnasked = "stale-unasked"
)

// Defects are the planted defects of the callback.
func (Settings) Defects() []string {
	return []string{DefectNoDedup, DefectReplyNotShared, DefectQueueWithoutDeadline, DefectSilentWithoutDatabase, DefectStaleUnasked}
}

// Plant returns the configuration with those of the defects that are planted there.
func Plant(planted defect.Set, cfg Config) Config {
	if planted.Has(DefectNoDedup) {
		cfg.Key = func(m *wechat.Message) string { return m.Key() + "#" + rand.Text() }
	}
	if planted.Has(DefectReplyNotShared) {
		own := "#" + rand.Text()
		cfg.Key = func(m *wechat.Message) string { return m.Key() + own }
	}
	return cfg
}

// Plant gives a Handler that serves nothing yet the planted defects of its own.
func (h *Handler) Plant(planted defect.Set) {
	if planted.Has(DefectQueueWithoutDeadline) {
		h.admission = newEndless(h.cfg.MaxConcurrent)
	}
	if planted.Has(DefectSilentWithoutDatabase) {
		h.leave = func(*http.Request) bool { return false }
	}
	if planted.Has(DefectStaleUnasked) {
		h.leave = func(*http.Request) bool { return true }
	}
}

// endless is the door of queue-without-deadline.
type endless struct {
	most int

	mu    sync.Mutex
	inUse int
	line  list.List // of chan verdict
}

func newEndless(most int) *endless {
	if most <= 0 {
		most = mostServed
	}
	return &endless{most: most}
}

// enter implements door.
func (e *endless) enter(*http.Request, time.Time, func(*http.Request) (time.Duration, bool)) verdict {
	e.mu.Lock()
	if e.inUse < e.most {
		e.inUse++
		e.mu.Unlock()
		return admittedAtOnce
	}
	turn := make(chan verdict, 1)
	e.line.PushBack(turn)
	e.mu.Unlock()
	return <-turn
}

// leave implements door.
func (e *endless) leave(time.Time, time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	next := e.line.Front()
	if next == nil {
		e.inUse--
		return
	}
	e.line.Remove(next)
	next.Value.(chan verdict) <- admittedInTurn
}

// counts implements door.
func (e *endless) counts() (served, waiting int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.inUse, e.line.Len()
}

// overloaded implements door.
func (*endless) overloaded() bool { return false }
