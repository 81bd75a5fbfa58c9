package token

import (
	"container/heap"
	"context"
	"sync"
	"time"
)

// plan says when the tokens in memory are looked at: one heap and one timer for all accounts,
// so that an account costs no goroutine (CTL-5).
type plan struct {
	wake chan struct{} // holds one: the first entry has changed

	mu      sync.Mutex
	entries entries
}

func newPlan() *plan { return &plan{wake: make(chan struct{}, 1)} }

// entries is a heap of slots by their moment, with the slots' places in it.
type entries []*slot

// Len implements heap.Interface.
func (e entries) Len() int { return len(e) }

// Less implements heap.Interface.
func (e entries) Less(i, j int) bool { return e[i].planned.Before(e[j].planned) }

// Swap implements heap.Interface.
func (e entries) Swap(i, j int) {
	e[i], e[j] = e[j], e[i]
	e[i].place, e[j].place = i+1, j+1
}

// Push implements heap.Interface.
func (e *entries) Push(x any) {
	s, ok := x.(*slot)
	if !ok {
		return
	}
	*e = append(*e, s)
	s.place = len(*e)
}

// Pop implements heap.Interface.
func (e *entries) Pop() any {
	last := len(*e) - 1
	s := (*e)[last]
	(*e)[last] = nil
	*e = (*e)[:last]
	s.place = 0
	return s
}

// set plans a slot for a moment, in place of an earlier plan.
func (p *plan) set(s *slot, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s.planned = at
	if s.place > 0 {
		heap.Fix(&p.entries, s.place-1)
	} else {
		heap.Push(&p.entries, s)
	}
	if s.place == 1 {
		select {
		case p.wake <- struct{}{}:
		default:
		}
	}
}

// cancel takes a slot out of the plan.
func (p *plan) cancel(s *slot) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.place > 0 {
		heap.Remove(&p.entries, s.place-1)
	}
}

// next takes the first slot that is due out of the plan. Otherwise it says how long to wait.
func (p *plan) next() (s *slot, wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.entries) == 0 {
		return nil, time.Hour
	}
	if wait := time.Until(p.entries[0].planned); wait > 0 {
		return nil, wait
	}
	s, _ = heap.Pop(&p.entries).(*slot)
	return s, 0
}

// run gives each slot that is due to turn, until ctx ends.
func (p *plan) run(ctx context.Context, turn func(*slot)) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.wake:
		case <-timer.C:
		}
		var wait time.Duration
		for wait == 0 && ctx.Err() == nil {
			var s *slot
			if s, wait = p.next(); s != nil {
				turn(s)
			}
		}
		timer.Reset(wait)
	}
}
