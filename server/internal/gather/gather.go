// Package gather owns how callers that come close together share one statement: a commit
// less for each of those, and larger batches, not more of them, where a database is slow.
package gather

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// Config of a Gatherer; zero values take the defaults.
type Config struct {
	// Batch is how many items are done at once at most; 0 means 256.
	Batch int
	// Every is how far apart the beginnings of two batches are at least, while fewer
	// than Enough items wait: the second one takes what comes in between. It is what an
	// item waits at most for others; one that comes alone waits for nobody. 0 means 20 ms
	// and 32.
	Every  time.Duration
	Enough int
	// Parallel is how many batches may be under way at once; 0 means 1. What comes while
	// as many are makes the next one.
	Parallel int
	// Wait bounds Do, beside its context; 0 means that the context alone does.
	Wait time.Duration
}

// ErrClosed is returned for what comes after the end of Run.
var ErrClosed = errors.New("nothing is gathered any more")

// Gatherer does items of many callers in batches. It is safe for concurrent use.
type Gatherer[T any] struct {
	cfg    Config
	do     func(ctx context.Context, items []T) []error
	filled chan struct{} // holds one: something waits

	mu      sync.Mutex // guards what follows
	closed  bool
	waiting []*entry[T]
}

// entry is an item that waits. taken is set once: by Run, which does it, or by its
// caller, who gives up before.
type entry[T any] struct {
	item  T
	taken atomic.Bool
	done  chan error // holds one
}

// New makes a Gatherer. do does a batch, in the order in which its items came, and
// returns the error of each; nil says that none failed. It is called by Run only, up to
// Config.Parallel times at once, with a context that does not end.
func New[T any](cfg Config, do func(ctx context.Context, items []T) []error) *Gatherer[T] {
	if cfg.Batch <= 0 {
		cfg.Batch = 256
	}
	if cfg.Every <= 0 {
		cfg.Every = 20 * time.Millisecond
	}
	if cfg.Enough <= 0 {
		cfg.Enough = 32
	}
	if cfg.Parallel <= 0 {
		cfg.Parallel = 1
	}
	return &Gatherer[T]{cfg: cfg, do: do, filled: make(chan struct{}, 1)}
}

// Do waits until the item is done, and returns its error. When ctx or Config.Wait ends
// before, Do returns ctx's error or context.DeadlineExceeded: an item that no batch has
// begun with is never done then, another one may be. Before Run items wait for it; after
// its end the error is ErrClosed.
func (g *Gatherer[T]) Do(ctx context.Context, item T) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	e := &entry[T]{item: item, done: make(chan error, 1)}
	if !g.put(e) {
		return ErrClosed
	}
	var late <-chan time.Time
	if g.cfg.Wait > 0 {
		timer := time.NewTimer(g.cfg.Wait)
		defer timer.Stop()
		late = timer.C
	}
	err := context.DeadlineExceeded
	select {
	case err := <-e.done:
		return err
	case <-late:
	case <-ctx.Done():
		err = ctx.Err()
	}
	e.taken.CompareAndSwap(false, true)
	return err
}

func (g *Gatherer[T]) put(e *entry[T]) bool {
	g.mu.Lock()
	open := !g.closed
	if open {
		g.waiting = append(g.waiting, e)
	}
	g.mu.Unlock()
	if open {
		select {
		case g.filled <- struct{}{}:
		default:
		}
	}
	return open
}

// len is how many wait.
func (g *Gatherer[T]) len() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.waiting)
}

// take returns what waits, as far as one batch holds it and its callers have not given up.
func (g *Gatherer[T]) take() []*entry[T] {
	g.mu.Lock()
	defer g.mu.Unlock()
	batch := make([]*entry[T], 0, min(g.cfg.Batch, len(g.waiting)))
	used := 0
	for _, e := range g.waiting {
		if len(batch) == g.cfg.Batch {
			break
		}
		used++
		if e.taken.CompareAndSwap(false, true) {
			batch = append(batch, e)
		}
	}
	rest := copy(g.waiting, g.waiting[used:])
	clear(g.waiting[rest:])
	g.waiting = g.waiting[:rest]
	return batch
}

// Run does what comes until ctx ends, and what waits then; it returns once all of it is
// done. It must be called once.
func (g *Gatherer[T]) Run(ctx context.Context) {
	var began time.Time
	var batches sync.WaitGroup
	defer batches.Wait()
	places := make(chan struct{}, g.cfg.Parallel)
	flush := func() {
		for g.len() > 0 {
			g.pause(ctx, began.Add(g.cfg.Every))
			places <- struct{}{}
			batch := g.take()
			if len(batch) > 0 {
				began = time.Now()
			}
			batches.Go(func() {
				g.finish(context.WithoutCancel(ctx), batch)
				<-places
			})
		}
	}
	for ctx.Err() == nil {
		select {
		case <-g.filled:
			flush()
		case <-ctx.Done():
		}
	}
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
	flush()
}

// pause returns at a time, when enough items wait, or when ctx ends.
func (g *Gatherer[T]) pause(ctx context.Context, until time.Time) {
	rest := time.Until(until)
	if rest <= 0 {
		return
	}
	timer := time.NewTimer(rest)
	defer timer.Stop()
	for g.len() < g.cfg.Enough {
		select {
		case <-g.filled:
		case <-timer.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// finish does a batch and answers its callers.
func (g *Gatherer[T]) finish(ctx context.Context, batch []*entry[T]) {
	if len(batch) == 0 {
		return
	}
	items := make([]T, len(batch))
	for i, e := range batch {
		items[i] = e.item
	}
	errs := g.do(ctx, items)
	for i, e := range batch {
		if errs == nil {
			e.done <- nil
		} else {
			e.done <- errs[i]
		}
	}
}
