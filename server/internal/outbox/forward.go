package outbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"oalab/server/internal/job"
)

// How rows come to a broker. Every server on a database has a relay, and each of
// them sees all rows. That two publish the same row is harmless where the job's type says
// that a repeat is (job.Type). Otherwise the follower sees it twice, and the work is done
// twice in any case. So a row is published by the server that wrote it. Another one takes
// it after it has seen it at several polls: then its own server is gone, or slower than the
// wait is worth.

const (
	// abandonedAfter is at how many polls in a row a row was seen that its own
	// server does not publish.
	abandonedAfter = 3
	// maxOwn is how many rows of its own a relay has in mind, for each queue. One
	// beyond is published as if another server had written it.
	maxOwn = 10_000
	// maxPages is how many batches one poll reads, the oldest rows first.
	maxPages = 16
	// lastWords is how long what is on its way at a stop may take. A row whose
	// confirm is not waited for is published again by the next server.
	lastWords = time.Second
)

// post is what a relay knows of the rows of one queue on their way to a broker.
type post struct {
	mu  sync.Mutex
	own []job.Envelope // committed by this process, not yet confirmed; under mu

	seen      map[int64]int // rows of others, and at how many polls
	confirmed []int64       // rows of confirmed jobs, not deleted yet
}

// add takes a row of this process in.
func (p *post) add(env job.Envelope) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if env.ID != 0 && len(p.own) < maxOwn {
		p.own = append(p.own, env)
	}
}

// take takes up to n rows of this process out.
func (p *post) take(n int) []job.Envelope {
	p.mu.Lock()
	defer p.mu.Unlock()
	n = min(n, len(p.own))
	taken := p.own[:n:n]
	p.own = p.own[n:]
	return taken
}

// putBack returns rows that were not confirmed.
func (p *post) putBack(envs []job.Envelope) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.own = append(slices.Clip(envs), p.own...)
}

// known is the rows that no poll has to care for.
func (p *post) known() map[int64]bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	ids := make(map[int64]bool)
	for _, env := range p.own {
		ids[env.ID] = true
	}
	for _, id := range p.confirmed {
		ids[id] = true
	}
	return ids
}

// forward publishes the rows of one queue: those of this process when they are
// announced, abandoned ones of others at a poll. What is announced meanwhile goes
// together, and one statement deletes what of it is confirmed.
func (r *Relay) forward(ctx context.Context, l *line) {
	for rows := true; ; {
		err := r.remove(ctx, l)
		if err == nil {
			err = r.forwardOwn(ctx, l)
		}
		if err == nil && rows {
			err = r.forwardAbandoned(ctx, l)
		}
		wake := l.wake
		if err != nil {
			if ctx.Err() == nil {
				r.log.Warn("jobs wait in the outbox", "queue", l.name, "error", err)
			}
			clear(l.post.seen) // they waited for what failed, not for a server that is gone
			wake = nil         // the next poll tries again, no sooner
		}
		select {
		case <-ctx.Done():
			last, cancel := outlive(ctx)
			defer cancel()
			if err := r.remove(last, l); err != nil {
				r.log.Warn("rows of confirmed jobs are left in the outbox", "queue", l.name, "error", err)
			}
			return
		case <-wake:
			rows = false
		case rows = <-l.poll:
			if !rows {
				clear(l.post.seen)
			}
		}
	}
}

func (r *Relay) forwardOwn(ctx context.Context, l *line) error {
	for {
		batch := l.post.take(r.cfg.Batch)
		if len(batch) == 0 {
			return nil
		}
		unsent, err := r.send(ctx, l, batch)
		l.post.putBack(unsent)
		if err != nil {
			return err
		}
	}
}

func (r *Relay) forwardAbandoned(ctx context.Context, l *line) error {
	seen, after := make(map[int64]int), int64(0)
	for range maxPages {
		rows, err := r.read(ctx, l, after)
		if err != nil {
			return err
		}
		var abandoned []job.Envelope
		known := l.post.known()
		for _, env := range rows {
			after = env.ID
			if known[env.ID] {
				continue
			}
			if seen[env.ID] = l.post.seen[env.ID] + 1; seen[env.ID] >= abandonedAfter {
				abandoned = append(abandoned, env)
			}
		}
		if _, err := r.send(ctx, l, abandoned); err != nil {
			return err
		}
		if len(rows) < r.cfg.Batch {
			break
		}
	}
	l.post.seen = seen
	return nil
}

// send publishes rows, several at once, and deletes those that the queue has confirmed.
// It returns those that it has not, with the first reason.
func (r *Relay) send(ctx context.Context, l *line, batch []job.Envelope) (unsent []job.Envelope, err error) {
	publish, cancel := outlive(ctx)
	defer cancel()
	var failed atomic.Bool
	taken := make([]bool, len(batch))
	var sending errgroup.Group
	sending.SetLimit(r.cfg.Window)
	for i, env := range batch {
		sending.Go(func() error {
			if failed.Load() || ctx.Err() != nil {
				return ctx.Err()
			}
			if err := r.to.Publish(publish, env); err != nil {
				failed.Store(true)
				return fmt.Errorf("publish row %d: %w", env.ID, err)
			}
			taken[i] = true
			return nil
		})
	}
	err = sending.Wait()
	for i, env := range batch {
		if taken[i] {
			l.post.confirmed = append(l.post.confirmed, env.ID)
		} else {
			unsent = append(unsent, env)
		}
	}
	return unsent, errors.Join(err, r.remove(publish, l))
}

// remove deletes the rows that the queue has confirmed: they must not be published again.
func (r *Relay) remove(ctx context.Context, l *line) error {
	for len(l.post.confirmed) > 0 {
		n := min(len(l.post.confirmed), r.cfg.Batch)
		if err := r.store.DeleteJobs(ctx, l.post.confirmed[:n]); err != nil {
			return fmt.Errorf("delete %d confirmed rows: %w", n, err)
		}
		l.post.confirmed = l.post.confirmed[n:]
	}
	l.post.confirmed = nil
	return nil
}

// outlive is ctx, but that it ends a little later.
func outlive(ctx context.Context) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.AfterFunc(lastWords, cancel)
		context.AfterFunc(longer, func() { timer.Stop() })
	})
	return longer, func() { stop(); cancel() }
}
