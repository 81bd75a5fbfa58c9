package userlog

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// entry is a message that waits for its commit. taken is set once: by the writer
// that stores it, or by the caller that gives it to the spool before.
type entry struct {
	message Message
	taken   atomic.Bool
	done    chan error // holds one
}

// queue is what waits for the writer.
type queue struct {
	mu      sync.Mutex
	waiting []*entry
	filled  chan struct{} // holds one
}

func (q *queue) put(e *entry) {
	q.mu.Lock()
	q.waiting = append(q.waiting, e)
	q.mu.Unlock()
	select {
	case q.filled <- struct{}{}:
	default:
	}
}

// len is how many wait.
func (q *queue) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting)
}

// take returns all that waits, up to n entries that nobody has taken.
func (q *queue) take(n int) []*entry {
	q.mu.Lock()
	defer q.mu.Unlock()
	batch := make([]*entry, 0, min(n, len(q.waiting)))
	used := 0
	for _, e := range q.waiting {
		if len(batch) == n {
			break
		}
		used++
		if e.taken.CompareAndSwap(false, true) {
			batch = append(batch, e)
		}
	}
	rest := copy(q.waiting, q.waiting[used:])
	clear(q.waiting[rest:])
	q.waiting = q.waiting[:rest]
	return batch
}

// Write returns once the message is committed to the database, or synced to the
// spool, or after Config.Wait: then it is late, and may be lost, which is counted and
// logged. The caller answers in any case, so there is no error. ctx is the caller's
// patience with the database; the spool gets the message also after its end.
func (l *Log) Write(ctx context.Context, m Message) {
	started := time.Now()
	m = m.fit()
	if l.running.Load() && !l.away.Load() && l.stored(ctx, m) {
		return
	}
	l.toSpool(m, started)
}

// stored reports whether nothing is left to do for the message.
func (l *Log) stored(ctx context.Context, m Message) bool {
	e := &entry{message: m, done: make(chan error, 1)}
	l.queue.put(e)
	timer := time.NewTimer(l.cfg.StoreWait)
	defer timer.Stop()
	select {
	case err := <-e.done:
		return err == nil || errors.Is(err, ErrRefused)
	case <-timer.C:
	case <-ctx.Done():
	}
	// The writer may be at it: stored twice is stored once.
	e.taken.CompareAndSwap(false, true)
	return false
}

// toSpool waits for the sync of the message's line, as long as there is time.
func (l *Log) toSpool(m Message, started time.Time) {
	line, err := appendLine(nil, m)
	if err != nil {
		l.lost(lossSpool, m, err)
		return
	}
	f := l.spool.add(line)
	timer := time.NewTimer(l.cfg.Wait - time.Since(started))
	defer timer.Stop()
	select {
	case <-f.done:
		l.synced(m, f)
	case <-timer.C:
		// The follower is answered now, before anybody knows how this ends.
		l.metrics.late.Inc()
		l.late.Go(func() {
			<-f.done
			l.synced(m, f)
		})
	}
}

// synced counts what became of a line.
func (l *Log) synced(m Message, f *flush) {
	if f.err != nil {
		l.lost(lossSpool, m, f.err)
		return
	}
	l.metrics.spooled.Inc()
	l.wakeReplay()
}

// drain stores what comes until ctx ends. What comes while a commit is under way, or
// within Gather from its beginning, makes the next batch: the slower the database and
// the more messages, the larger they are.
func (l *Log) drain(ctx context.Context) {
	var began time.Time
	for {
		select {
		case <-l.queue.filled:
		case <-ctx.Done():
			return
		}
		for more := true; more; { // after ctx's end too: what waits is stored
			l.gather(ctx, began.Add(l.cfg.Gather))
			began = time.Now()
			more = l.storeBatch(context.WithoutCancel(ctx)) && l.queue.len() > 0
		}
	}
}

// gather returns at a time, when enough rows wait, or when ctx ends.
func (l *Log) gather(ctx context.Context, until time.Time) {
	rest := time.Until(until)
	if rest <= 0 {
		return
	}
	timer := time.NewTimer(rest)
	defer timer.Stop()
	for l.queue.len() < l.cfg.Enough {
		select {
		case <-l.queue.filled:
		case <-timer.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// storeAll stores all that waits.
func (l *Log) storeAll(ctx context.Context) {
	for l.storeBatch(ctx) {
	}
}

// storeBatch stores the next batch of what waits; false when nothing did.
func (l *Log) storeBatch(ctx context.Context) bool {
	batch := l.queue.take(l.cfg.Batch)
	if len(batch) == 0 {
		return false
	}
	rows := make([]Message, len(batch))
	for i, e := range batch {
		rows[i] = e.message
	}
	refused, err := l.append(ctx, rows)
	l.away.Store(err != nil)
	if err != nil {
		l.wakeReplay()
	} else {
		l.metrics.stored.Add(float64(len(rows) - len(refused)))
	}
	for i, e := range batch {
		if refused[i] != nil {
			e.done <- refused[i]
		} else {
			e.done <- err
		}
	}
	return true
}

// append stores rows in one statement. When the database refuses them for what one
// of them holds, halves are tried, so that the others are stored: refused names
// those that were not, by their place. After another error any of the rest may be
// stored.
func (l *Log) append(ctx context.Context, rows []Message) (refused map[int]error, err error) {
	return refused, l.halves(ctx, rows, 0, &refused)
}

func (l *Log) halves(ctx context.Context, rows []Message, first int, refused *map[int]error) error {
	limited, cancel := context.WithTimeout(ctx, l.cfg.StoreTimeout)
	err := l.store.AppendMessages(limited, rows)
	cancel()
	switch {
	case err == nil:
		l.metrics.batch.Observe(float64(len(rows)))
		return nil
	case !errors.Is(err, ErrRefused):
		return err
	case len(rows) == 1:
		if *refused == nil {
			*refused = make(map[int]error)
		}
		(*refused)[first] = err
		l.lost(lossRefused, rows[0], err)
		return nil
	}
	half := len(rows) / 2
	if err := l.halves(ctx, rows[:half], first, refused); err != nil {
		return err
	}
	return l.halves(ctx, rows[half:], first+half, refused)
}
