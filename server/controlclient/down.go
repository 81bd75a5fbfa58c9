package controlclient

import (
	"slices"
	"sync"
	"time"
)

// downFor is how long a node that did not answer comes behind the others.
const downFor = 2 * time.Second

// downs knows which nodes did not answer lately. The zero value knows none.
type downs struct {
	mu    sync.Mutex
	until map[string]time.Time // by address
}

func (d *downs) note(address string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.until == nil {
		d.until = make(map[string]time.Time)
	}
	d.until[address] = time.Now().Add(downFor)
}

func (d *downs) up(address string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.until, address)
}

// is reports whether what has this address did not answer lately.
func (d *downs) is(address string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return time.Now().Before(d.until[address])
}

// last moves the nodes that did not answer lately behind the others, and changes order otherwise.
func (d *downs) last(order []Member) []Member {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.until) == 0 {
		return order
	}
	now := time.Now()
	slices.SortStableFunc(order, func(a, b Member) int {
		x, y := now.Before(d.until[a.Address]), now.Before(d.until[b.Address])
		switch {
		case x == y:
			return 0
		case y:
			return -1
		}
		return 1
	})
	return order
}
