// Package outbox owns the way from a committed row to the queue: a job is
// written in the transaction of its cause, and the relay publishes it, however
// often the process dies in between (BIZ-4, STO-6).
package outbox

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"oalab/server/internal/job"
	"oalab/server/internal/queue"
)

// Store keeps the rows. Each method is one transaction.
type Store interface {
	// WaitingQueues returns those of the queues that have rows, in one statement.
	WaitingQueues(ctx context.Context, queues []string) (map[string]bool, error)
	// PendingJobs returns up to limit rows of the queue with an ID above after, by ID.
	PendingJobs(ctx context.Context, queue string, after int64, limit int) ([]job.Envelope, error)
	// DeleteJobs deletes rows; those already gone are no error.
	DeleteJobs(ctx context.Context, ids []int64) error
	// SettleJob deletes the row of a job that is done; one already gone is no error.
	SettleJob(ctx context.Context, env job.Envelope) error
	// BuryJob moves a row to the dead letters.
	BuryJob(ctx context.Context, env job.Envelope, attempts int, reason string) error
}

// Config of a Relay.
type Config struct {
	// Poll is how often rows are looked for that were not announced, such as those
	// of another process; 0 means 1 s.
	Poll time.Duration
	// Batch is how many rows are read at once; 0 means 256.
	Batch int
	// UntilAck keeps a row until its job is settled (a queue in memory); otherwise
	// it goes when the queue has confirmed it (a broker).
	UntilAck bool
	// Window is how many rows are on their way to a broker at once, each waiting for
	// its confirm; 0 means 64. A queue in memory gets one at a time.
	Window int
}

// fullEvery is how many polls apart the looks at all rows are.
const fullEvery = 10

// Relay publishes committed rows. It is safe for concurrent use.
type Relay struct {
	cfg   Config
	store Store
	to    queue.Publisher
	log   *slog.Logger
	lines map[string]*line
}

// line is the state of one queue's rows.
type line struct {
	name string
	wake chan struct{} // holds one
	poll chan bool     // holds one: it is time to look, and whether there are rows
	post post

	// The rest is for UntilAck.
	cursor int64 // rows up to here were read

	mu      sync.Mutex
	held    map[int64]struct{} // published, not settled
	settled map[int64]struct{} // settled since the last poll
	before  map[int64]struct{} // settled since the poll before
}

// New makes a Relay for the named queues.
func New(cfg Config, store Store, to queue.Publisher, queues []string, log *slog.Logger) *Relay {
	if cfg.Poll <= 0 {
		cfg.Poll = time.Second
	}
	if cfg.Batch <= 0 {
		cfg.Batch = 256
	}
	if cfg.Window <= 0 {
		cfg.Window = 64
	}
	r := &Relay{cfg: cfg, store: store, to: to, log: log, lines: make(map[string]*line)}
	for _, name := range queues {
		r.lines[name] = &line{
			name: name, wake: make(chan struct{}, 1), poll: make(chan bool, 1),
			held: make(map[int64]struct{}), settled: make(map[int64]struct{}),
		}
	}
	return r
}

// Announce tells the relay of rows that were committed by this process. It never
// blocks. A row without an ID is one that was there already.
func (r *Relay) Announce(stored []job.Envelope) {
	for _, env := range stored {
		if l, ok := r.lines[env.Queue]; ok {
			l.post.add(env)
		}
	}
	for _, env := range stored { // after all of them, so that they go together
		l, ok := r.lines[env.Queue]
		if !ok {
			continue
		}
		select {
		case l.wake <- struct{}{}:
		default:
		}
	}
}

// Run publishes until ctx ends, beginning with what an earlier process left.
// It returns nil when ctx ends.
func (r *Relay) Run(ctx context.Context) error {
	serve := r.forward
	if r.cfg.UntilAck {
		serve = r.serve
	}
	var running sync.WaitGroup
	for _, l := range r.lines {
		running.Go(func() { serve(ctx, l) })
	}
	r.poll(ctx)
	running.Wait()
	return nil
}

// poll tells all lines at each poll whether they have rows. One statement asks for
// all of them: most of the time none has any.
func (r *Relay) poll(ctx context.Context) {
	names := slices.Sorted(maps.Keys(r.lines))
	ticker := time.NewTicker(r.cfg.Poll)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		waiting, err := r.store.WaitingQueues(ctx, names)
		for name, l := range r.lines {
			select {
			case l.poll <- err != nil || waiting[name]: // where it is not known, the line asks and says what is wrong
			default: // it is still busy with what an earlier poll has found
			}
		}
	}
}

// serve follows one queue's rows: those of this process when they are announced, new
// ones of others at each poll, all of them at the start and now and then. Rows may
// become visible out of the order of their IDs (two commits on MySQL), so that only
// the full look finds each for certain.
func (r *Relay) serve(ctx context.Context, l *line) {
	full, rows := true, true
	for polls := 1; ; {
		err := r.publishOwn(ctx, l)
		if err == nil && rows {
			err = r.scan(ctx, l, full)
		}
		if err != nil && ctx.Err() == nil {
			r.log.Warn("outbox scan failed", "queue", l.name, "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-l.wake:
			rows = false
		case rows = <-l.poll:
			l.forget()
			full = polls%fullEvery == 0
			polls++
		}
	}
}

// publishOwn publishes rows of this process without reading them.
func (r *Relay) publishOwn(ctx context.Context, l *line) error {
	for {
		batch := l.post.take(r.cfg.Batch)
		if len(batch) == 0 {
			return nil
		}
		if n, err := r.publish(ctx, l, batch); err != nil {
			l.post.putBack(batch[n:])
			return err
		}
	}
}

// scan publishes the rows beyond the cursor, or with full all that are not held.
func (r *Relay) scan(ctx context.Context, l *line, full bool) error {
	after := l.cursor
	if full {
		after = 0
	}
	for {
		rows, err := r.read(ctx, l, after)
		if err != nil {
			return err
		}
		if len(rows) > 0 {
			after = rows[len(rows)-1].ID
		}
		if _, err := r.publish(ctx, l, rows); err != nil {
			return err
		}
		l.cursor = max(l.cursor, after)
		if len(rows) < r.cfg.Batch {
			return nil
		}
	}
}

// publish publishes the rows that are not held. It returns how many of them the
// queue has, if not all.
func (r *Relay) publish(ctx context.Context, l *line, rows []job.Envelope) (n int, err error) {
	for i, env := range rows {
		if !l.take(env.ID) {
			continue
		}
		if err := r.to.Publish(ctx, env); err != nil {
			l.drop(env.ID)
			return i, fmt.Errorf("publish row %d: %w", env.ID, err)
		}
	}
	return len(rows), nil
}

// read reads rows that this relay does not have in mind. Some server may have worked at them.
func (r *Relay) read(ctx context.Context, l *line, after int64) ([]job.Envelope, error) {
	rows, err := r.store.PendingJobs(ctx, l.name, after, r.cfg.Batch)
	if err != nil {
		return nil, fmt.Errorf("read rows after %d: %w", after, err)
	}
	for i := range rows {
		rows[i].Again = true
	}
	return rows, nil
}

// take marks a row as held; false when it is, or was settled lately: who read of it,
// or was told of it, may have been slow.
func (l *line) take(id int64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, ids := range []map[int64]struct{}{l.held, l.settled, l.before} {
		if _, ok := ids[id]; ok {
			return false
		}
	}
	l.held[id] = struct{}{}
	return true
}

// drop undoes take: the row is to be published again.
func (l *line) drop(id int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.held, id)
}

func (l *line) settle(id int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.held, id)
	l.settled[id] = struct{}{}
}

// forget forgets what was settled before the last poll.
func (l *line) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.settled, l.before = make(map[int64]struct{}), l.settled
}
