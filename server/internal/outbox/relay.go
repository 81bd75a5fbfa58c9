// Package outbox owns the way from a committed row to the queue: a job is
// written in the transaction of its cause, and the relay publishes it, however
// often the process dies in between (BIZ-4, STO-6).
package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"oalab/server/internal/job"
	"oalab/server/internal/queue"
)

// Store keeps the rows. Each method is one transaction.
type Store interface {
	// PendingJobs returns up to limit rows of the queue with an ID above after, by ID.
	PendingJobs(ctx context.Context, queue string, after int64, limit int) ([]job.Envelope, error)
	// JobsPublished notes that the queue has taken the rows.
	JobsPublished(ctx context.Context, envs []job.Envelope) error
	// JobsConfirmed notes that the queue keeps the rows from now on, and deletes them.
	JobsConfirmed(ctx context.Context, envs []job.Envelope) error
	// SettleJob deletes a row; a row already gone is no error.
	SettleJob(ctx context.Context, id int64) error
	// BuryJob moves a row to the dead letters.
	BuryJob(ctx context.Context, env job.Envelope, attempts int, reason string) error
	// CountJobs returns the number of rows.
	CountJobs(ctx context.Context) (int, error)
}

// Config of a Relay.
type Config struct {
	// Poll is how often rows are looked for that nobody announced, such as those
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
	post post          // unless UntilAck; the rest is for UntilAck

	mu      sync.Mutex
	held    map[int64]struct{} // published, not settled
	settled map[int64]struct{} // settled since the scan under way began
	cursor  int64              // rows up to here were seen
}

// New makes a Relay for all queues and registers oalab_outbox_rows with reg, which may be nil.
func New(cfg Config, store Store, to queue.Publisher, log *slog.Logger, reg prometheus.Registerer) (*Relay, error) {
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
	for _, name := range job.Queues() {
		r.lines[name] = &line{
			name: name, wake: make(chan struct{}, 1),
			held: make(map[int64]struct{}), settled: make(map[int64]struct{}),
		}
	}
	if reg == nil {
		return r, nil
	}
	gauge := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "oalab_outbox_rows", Help: "Jobs committed and not yet settled (-1: the database did not say).",
	}, r.count)
	if err := reg.Register(gauge); err != nil {
		return nil, fmt.Errorf("register outbox metrics: %w", err)
	}
	return r, nil
}

// Announce tells the relay of rows that were committed by this process. It never
// blocks. A row without an ID is one that was there already.
func (r *Relay) Announce(stored []job.Envelope) {
	for _, env := range stored {
		if l, ok := r.lines[env.Kind.Queue()]; ok && !r.cfg.UntilAck {
			l.post.add(env)
		}
	}
	for _, env := range stored { // after all of them, so that they go together
		l, ok := r.lines[env.Kind.Queue()]
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
	running.Wait()
	return nil
}

// serve follows one queue's rows: new ones when woken and at each poll, all of
// them at the start and now and then. Rows may become visible out of the order of their IDs (two commits on
// MySQL), so that only the full look finds each for certain.
func (r *Relay) serve(ctx context.Context, l *line) {
	ticker := time.NewTicker(r.cfg.Poll)
	defer ticker.Stop()
	full := true
	for polls := 1; ; {
		if err := r.scan(ctx, l, full); err != nil && ctx.Err() == nil {
			r.log.Warn("outbox scan failed", "queue", l.name, "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-l.wake:
			full = false
		case <-ticker.C:
			full = polls%fullEvery == 0
			polls++
		}
	}
}

// scan publishes the rows beyond the cursor, or with full all that are not held.
func (r *Relay) scan(ctx context.Context, l *line, full bool) error {
	after := l.begin(full)
	for {
		rows, err := r.store.PendingJobs(ctx, l.name, after, r.cfg.Batch)
		if err != nil {
			return fmt.Errorf("read rows after %d: %w", after, err)
		}
		sent := make([]job.Envelope, 0, len(rows))
		for _, env := range rows {
			after = env.ID
			if !l.take(env.ID) {
				continue
			}
			if err := r.to.Publish(ctx, env); err != nil {
				l.drop(env.ID)
				return errors.Join(fmt.Errorf("publish row %d: %w", env.ID, err), r.published(ctx, sent))
			}
			sent = append(sent, env)
		}
		if err := r.published(ctx, sent); err != nil {
			return err
		}
		if len(rows) < r.cfg.Batch {
			return nil
		}
	}
}

func (r *Relay) published(ctx context.Context, sent []job.Envelope) error {
	if len(sent) == 0 {
		return nil
	}
	if err := r.store.JobsPublished(ctx, sent); err != nil {
		return fmt.Errorf("note %d published rows: %w", len(sent), err)
	}
	return nil
}

func (r *Relay) count() float64 {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	n, err := r.store.CountJobs(ctx)
	if err != nil {
		return -1
	}
	return float64(n)
}

// begin starts a scan and says after which row.
func (l *line) begin(full bool) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.settled)
	if full {
		return 0
	}
	return l.cursor
}

// take marks a row as held; false when it is, or was settled since the scan began.
func (l *line) take(id int64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.held[id]; ok {
		return false
	}
	if _, ok := l.settled[id]; ok {
		return false
	}
	l.held[id] = struct{}{}
	l.cursor = max(l.cursor, id)
	return true
}

// drop undoes take: the row is to be published again.
func (l *line) drop(id int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.held, id)
	l.cursor = min(l.cursor, id-1)
}

func (l *line) settle(id int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.held, id)
	l.settled[id] = struct{}{}
}
