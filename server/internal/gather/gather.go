// Package gather owns how callers that come while a commit is under way share the next
// one: a commit less for each of those, and larger batches, not more of them, where a
// database is slow. No item waits for others on purpose (PERF-6).
package gather

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"time"
)

// Config of a Gatherer; zero values take the defaults.
type Config struct {
	// Batch is how many items are done at once at most; 0 means 256.
	Batch int
	// Parallel is how many batches may be under way at once; 0 means 1. A second one
	// begins only beside batches that take longer than Overtake, so that one on a dead
	// connection does not hold up the others; 0 means 20 ms.
	Parallel int
	Overtake time.Duration
	// Wait bounds Do, beside its context; 0 means that the context alone does.
	Wait time.Duration
	// Stay makes Do wait for the end of an item that a batch has begun with, also
	// after its context has ended: the item writes into its caller's variables.
	Stay bool
}

// ErrClosed is returned for what comes after Close.
var ErrClosed = errors.New("nothing is gathered any more")

// Gatherer does items of many callers in batches. It is safe for concurrent use.
type Gatherer[T any] struct {
	cfg     Config
	do      func(ctx context.Context, items []T) []error
	batches sync.WaitGroup
	free    sync.Pool // of *entry[T]

	mu      sync.Mutex // guards what follows
	closed  bool
	waiting []*entry[T]
	lanes   int // how many do batches one after the other
	slow    int // those of them whose batch takes longer than Overtake
}

// entry is an item of a caller. taken, under the gatherer's lock, is set once: by the
// lane that does the item, or by its caller, which gives up before.
type entry[T any] struct {
	item  T
	taken bool
	done  chan error  // holds one
	late  *time.Timer // of Config.Wait
}

// New makes a Gatherer. do does a batch, in the order in which its items came, and
// returns the error of each; nil says that none failed. It is called up to
// Config.Parallel times at once, with a context that does not end.
func New[T any](cfg Config, do func(ctx context.Context, items []T) []error) *Gatherer[T] {
	if cfg.Batch <= 0 {
		cfg.Batch = 256
	}
	if cfg.Parallel <= 0 {
		cfg.Parallel = 1
	}
	if cfg.Overtake <= 0 {
		cfg.Overtake = 20 * time.Millisecond
	}
	return &Gatherer[T]{cfg: cfg, do: do}
}

// Do waits until the item is done, and returns its error. When ctx or Config.Wait ends
// before, Do returns ctx's error or context.DeadlineExceeded: an item that no batch has
// begun with is never done then; another one may be, unless Config.Stay is set. After
// Close the error is ErrClosed.
func (g *Gatherer[T]) Do(ctx context.Context, item T) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	e := g.entry(item)
	if !g.put(e) {
		return ErrClosed
	}
	var late <-chan time.Time
	if e.late != nil {
		e.late.Reset(g.cfg.Wait)
		late = e.late.C
	}
	err := context.DeadlineExceeded
	select {
	case err := <-e.done:
		g.release(e)
		return err
	case <-late:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if e.late != nil {
		e.late.Stop()
	}
	g.mu.Lock()
	begun := e.taken
	e.taken = true
	g.mu.Unlock()
	if begun && g.cfg.Stay {
		return <-e.done
	}
	return err
}

// entry is one for an item, out of those that are done with.
func (g *Gatherer[T]) entry(item T) *entry[T] {
	e, ok := g.free.Get().(*entry[T])
	if !ok {
		e = &entry[T]{done: make(chan error, 1)}
		if g.cfg.Wait > 0 {
			e.late = time.NewTimer(g.cfg.Wait)
		}
	}
	e.item, e.taken = item, false
	return e
}

// release gives an entry free whose end its caller was told: no lane knows it any more.
func (g *Gatherer[T]) release(e *entry[T]) {
	if e.late != nil {
		e.late.Stop()
	}
	var none T
	e.item = none
	g.free.Put(e)
}

// put lets the item wait for the batch under way, or begins one with it.
func (g *Gatherer[T]) put(e *entry[T]) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return false
	}
	g.waiting = append(g.waiting, e)
	g.open()
	return true
}

// open opens a lane when something waits and each of those there are is slow. The caller
// holds the lock.
func (g *Gatherer[T]) open() {
	if len(g.waiting) > 0 && g.lanes == g.slow && g.lanes < g.cfg.Parallel {
		g.lanes++
		g.batches.Go(g.lane)
	}
}

// lane does batches as long as something waits and no other lane is quicker.
func (g *Gatherer[T]) lane() {
	for {
		// Callers that are ready to run join the batch; where there are none this costs
		// nothing.
		runtime.Gosched()
		g.mu.Lock()
		batch := g.take()
		if len(batch) == 0 {
			g.lanes--
			g.mu.Unlock()
			return
		}
		g.mu.Unlock()
		if slow := g.finish(batch); slow {
			g.mu.Lock()
			g.slow--
			if g.lanes > g.slow+1 { // another one goes on
				g.lanes--
				g.mu.Unlock()
				return
			}
			g.mu.Unlock()
		}
	}
}

// take returns what waits, as far as one batch holds it and its callers have not given
// up. The caller holds the lock.
func (g *Gatherer[T]) take() []*entry[T] {
	batch := make([]*entry[T], 0, min(g.cfg.Batch, len(g.waiting)))
	used := 0
	for _, e := range g.waiting {
		if len(batch) == g.cfg.Batch {
			break
		}
		used++
		if !e.taken {
			e.taken = true
			batch = append(batch, e)
		}
	}
	rest := copy(g.waiting, g.waiting[used:])
	clear(g.waiting[rest:])
	g.waiting = g.waiting[:rest]
	return batch
}

// finish does a batch and answers its callers. It reports whether the lane is counted
// among the slow ones.
func (g *Gatherer[T]) finish(batch []*entry[T]) (slow bool) {
	items := make([]T, len(batch))
	for i, e := range batch {
		items[i] = e.item
	}
	var errs []error
	if g.cfg.Parallel == 1 {
		errs = g.do(context.Background(), items)
	} else {
		errs, slow = g.watched(items)
	}
	for i, e := range batch {
		if errs == nil {
			e.done <- nil
		} else {
			e.done <- errs[i]
		}
	}
	return slow
}

// watched does a batch, and lets others overtake it once it takes long.
func (g *Gatherer[T]) watched(items []T) (errs []error, slow bool) {
	ended := false // under the lock
	timer := time.AfterFunc(g.cfg.Overtake, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if !ended {
			slow = true
			g.slow++
			g.open()
		}
	})
	errs = g.do(context.Background(), items)
	timer.Stop()
	g.mu.Lock()
	defer g.mu.Unlock()
	ended = true
	return errs, slow
}

// Close refuses what comes from now on, and returns once all that came before is done.
func (g *Gatherer[T]) Close() {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
	g.batches.Wait()
}
