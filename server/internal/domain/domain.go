// Package domain owns the container of domains: what a server keeps in memory of one account
// each, such as its token or its settings. A domain is loaded when it is asked for, by one
// caller for all that wait, and leaves when there are more than the container may hold
// (CTL-2). An account that is not asked for costs nothing.
package domain

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"
)

// loadTimeout bounds the load of a domain: it goes on for others when its caller leaves.
const loadTimeout = 5 * time.Second

// Config of a Container.
type Config[V any] struct {
	// Capacity is how many domains are kept beside the pinned ones; it must be positive.
	Capacity int
	// Load makes the domain of an account. Its error is given to all that wait, and not kept.
	Load func(ctx context.Context, account string) (V, error)
	// Busy keeps a domain from being evicted for now; nil means that none is ever busy. While
	// all are busy the container holds more than its capacity.
	Busy func(V) bool
	// Evicted is told of each domain that was evicted or dropped; nil means nothing. It is
	// called without a lock.
	Evicted func(V)
}

// Container holds the domains of accounts by name. It is safe for concurrent use.
type Container[V any] struct {
	cfg     Config[V]
	flights singleflight.Group
	evicted atomic.Int64

	mu     sync.RWMutex
	loaded map[string]*entry[V]
	ring   []*entry[V] // those that may be evicted
	hand   int         // where in the ring the next search begins
	epoch  uint64      // of Renew: what was read under an earlier one is not kept
}

type entry[V any] struct {
	account string
	value   V
	place   int         // in the ring; pinned when negative
	recent  atomic.Bool // asked for since the hand passed
}

const pinned = -1

// New makes an empty container.
func New[V any](cfg Config[V]) (*Container[V], error) {
	if cfg.Capacity < 1 || cfg.Load == nil {
		return nil, errors.New("a container of domains needs a positive capacity and a way to load")
	}
	return &Container[V]{cfg: cfg, loaded: make(map[string]*entry[V])}, nil
}

// Pin keeps a domain for ever; it counts nothing towards the capacity.
func (c *Container[V]) Pin(account string, v V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.loaded[account] = &entry[V]{account: account, value: v, place: pinned}
}

// Peek returns the domain of an account if it is in memory, and does not count as use.
func (c *Container[V]) Peek(account string) (v V, ok bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	e, ok := c.loaded[account]
	if ok {
		v = e.value
	}
	return v, ok
}

// Get returns the domain of an account, and loads it when it is not in memory.
func (c *Container[V]) Get(ctx context.Context, account string) (V, error) {
	v, epoch, ok := c.seen(account)
	if ok {
		return v, nil
	}
	var none V
	// A flight from before Renew may have read what is past: it is not joined.
	loading := c.flights.DoChan(account+"@"+strconv.FormatUint(epoch, 10), func() (any, error) {
		if v, _, ok := c.seen(account); ok { // a flight that has just ended
			return v, nil
		}
		long, cancel := context.WithTimeout(context.WithoutCancel(ctx), loadTimeout)
		defer cancel()
		v, err := c.cfg.Load(long, account)
		if err == nil {
			c.keep(account, v, epoch)
		}
		return v, err
	})
	select {
	case <-ctx.Done():
		return none, ctx.Err()
	case r := <-loading:
		if r.Err != nil {
			return none, r.Err
		}
		v, ok := r.Val.(V)
		if !ok && r.Val != nil {
			return none, fmt.Errorf("the domain of account %s is a %T", account, r.Val)
		}
		return v, nil
	}
}

// seen returns what is in memory, and notes the use.
func (c *Container[V]) seen(account string) (v V, epoch uint64, ok bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	e, ok := c.loaded[account]
	if !ok {
		return v, c.epoch, false
	}
	if !e.recent.Load() {
		e.recent.Store(true)
	}
	return e.value, c.epoch, true
}

// keep adds a domain of an epoch, and evicts others until the capacity holds.
func (c *Container[V]) keep(account string, v V, epoch uint64) {
	var gone []V
	c.mu.Lock()
	if c.epoch != epoch {
		c.mu.Unlock()
		return
	}
	for len(c.ring) >= c.cfg.Capacity {
		e := c.victim()
		if e == nil {
			break
		}
		c.remove(e)
		gone = append(gone, e.value)
	}
	e := &entry[V]{account: account, value: v, place: len(c.ring)}
	c.ring = append(c.ring, e)
	c.loaded[account] = e
	c.mu.Unlock()
	c.evicted.Add(int64(len(gone)))
	c.tell(gone)
}

// victim is the first domain from the hand on that was not asked for since the hand passed
// it, nil when all are busy. The lock is held.
func (c *Container[V]) victim() *entry[V] {
	for range 2 * len(c.ring) {
		c.hand %= len(c.ring)
		e := c.ring[c.hand]
		if !e.recent.Swap(false) && (c.cfg.Busy == nil || !c.cfg.Busy(e.value)) {
			return e
		}
		c.hand++
	}
	return nil
}

// remove takes a domain out; the last one of the ring takes its place. The lock is held.
func (c *Container[V]) remove(e *entry[V]) {
	delete(c.loaded, e.account)
	last := len(c.ring) - 1
	c.ring[e.place] = c.ring[last]
	c.ring[e.place].place = e.place
	c.ring[last] = nil
	c.ring = c.ring[:last]
}

// Drop removes the domain of an account from memory if may agrees, which is called under the
// lock; nil always agrees. A pinned one stays.
func (c *Container[V]) Drop(account string, may func(V) bool) {
	c.mu.Lock()
	e, ok := c.loaded[account]
	if !ok || e.place == pinned || may != nil && !may(e.value) {
		c.mu.Unlock()
		return
	}
	c.remove(e)
	c.mu.Unlock()
	c.tell([]V{e.value})
}

// Renew says that what was read before now is past: a load under way is given to its callers
// and not kept, and callers from now on do not join it. What is in memory stays: Replace it.
func (c *Container[V]) Renew() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.epoch++
}

// Replace puts another domain in the place of one that is in memory; false says that there is
// none.
func (c *Container[V]) Replace(account string, v V) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.loaded[account]
	if ok {
		e.value = v
	}
	return ok
}

func (c *Container[V]) tell(gone []V) {
	if c.cfg.Evicted == nil {
		return
	}
	for _, v := range gone {
		c.cfg.Evicted(v)
	}
}

// Len is how many domains are in memory.
func (c *Container[V]) Len() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return len(c.loaded)
}

// Evictions counts the domains that left for others.
func (c *Container[V]) Evictions() int64 { return c.evicted.Load() }

// All goes over the domains that were in memory when it began.
func (c *Container[V]) All() iter.Seq[V] {
	c.mu.RLock()
	all := make([]V, 0, len(c.loaded))
	for _, e := range c.loaded {
		all = append(all, e.value)
	}
	c.mu.RUnlock()
	return func(yield func(V) bool) {
		for _, v := range all {
			if !yield(v) {
				return
			}
		}
	}
}
