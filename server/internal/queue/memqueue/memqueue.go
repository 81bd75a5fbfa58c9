// Package memqueue owns the in-process work queue: the queue contract without a
// broker. What it holds dies with the process; the outbox keeps a job's row
// until the handler's acknowledgement, and publishes it again at the next start.
package memqueue

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"oalab/server/internal/job"
	"oalab/server/internal/queue"
)

// Config sizes a Queue.
type Config struct {
	// Bound is how many unsettled jobs a queue holds before Publish blocks; 0 means 10 000.
	Bound int
	// Dead is how many of the latest dead letters a queue remembers; 0 means 1 000.
	Dead int
}

// Queue is a set of named queues in memory. It is safe for concurrent use and
// starts no goroutine.
type Queue struct {
	cfg    Config
	lines  map[string]*line // fixed after New
	closed chan struct{}
	once   sync.Once

	mu       sync.Mutex
	draining bool
	idle     chan struct{} // closed when draining and nothing is held
	held     int           // unsettled jobs of all lines
}

// line is one named queue. slots counts the unsettled jobs; ready has room for
// as many, so that giving a job back never blocks.
type line struct {
	name  string
	slots chan struct{}
	ready chan *message

	mu      sync.Mutex
	delayed map[*message]*time.Timer
	flying  int
	dead    []queue.DeadLetter
	buried  int
}

type message struct {
	env     job.Envelope
	attempt int
}

// New makes the queues of the named kinds of work and registers
// oalab_queue_depth with reg, which may be nil.
func New(cfg Config, names []string, reg prometheus.Registerer) (*Queue, error) {
	if cfg.Bound <= 0 {
		cfg.Bound = 10_000
	}
	if cfg.Dead <= 0 {
		cfg.Dead = 1_000
	}
	q := &Queue{cfg: cfg, lines: make(map[string]*line), closed: make(chan struct{}), idle: make(chan struct{})}
	for _, n := range names {
		l := &line{
			name: n, slots: make(chan struct{}, cfg.Bound), ready: make(chan *message, cfg.Bound),
			delayed: make(map[*message]*time.Timer),
		}
		q.lines[n] = l
		if reg == nil {
			continue
		}
		gauge := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "oalab_queue_depth", Help: "Jobs ready or waiting for their retry.",
			ConstLabels: prometheus.Labels{"queue": n},
		}, func() float64 { return float64(l.figures().Depth) })
		if err := reg.Register(gauge); err != nil {
			return nil, fmt.Errorf("register depth of queue %s: %w", n, err)
		}
	}
	return q, nil
}

// Publish takes a job in; see queue.Publisher.
func (q *Queue) Publish(ctx context.Context, env job.Envelope) error {
	l, err := q.line(env.Queue)
	if err != nil {
		return err
	}
	if q.refusing() {
		return queue.ErrClosed
	}
	select {
	case l.slots <- struct{}{}:
	default: // full: wait for room
		select {
		case l.slots <- struct{}{}:
		case <-ctx.Done():
			return fmt.Errorf("publish %s: queue %s is full: %w", env.Key, l.name, ctx.Err())
		case <-q.closed:
			return queue.ErrClosed
		}
	}
	if !q.hold() {
		<-l.slots
		return queue.ErrClosed
	}
	l.ready <- &message{env: env}
	return nil
}

// Receive waits for a job; see queue.Consumer.
func (q *Queue) Receive(ctx context.Context, name string) (queue.Delivery, error) {
	l, err := q.line(name)
	if err != nil {
		return nil, err
	}
	select {
	case <-q.closed:
		return nil, queue.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	default:
	}
	select {
	case m := <-l.ready:
		l.mu.Lock()
		l.flying++
		l.mu.Unlock()
		m.attempt++
		return &delivery{q: q, l: l, m: m, attempt: m.attempt}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-q.closed:
		return nil, queue.ErrClosed
	}
}

// Drain refuses new jobs and waits until all held ones are settled or ctx ends.
func (q *Queue) Drain(ctx context.Context) error {
	q.mu.Lock()
	if !q.draining {
		q.draining = true
		if q.held == 0 {
			close(q.idle)
		}
	}
	q.mu.Unlock()
	select {
	case <-q.idle:
		return nil
	case <-ctx.Done():
		q.mu.Lock()
		defer q.mu.Unlock()
		return fmt.Errorf("drain: %d jobs unsettled: %w", q.held, ctx.Err())
	}
}

// Close refuses everything from now on. What is held is dropped: the outbox has it.
func (q *Queue) Close() {
	q.once.Do(func() {
		close(q.closed)
		for _, l := range q.lines {
			l.mu.Lock()
			for _, t := range l.delayed {
				t.Stop()
			}
			clear(l.delayed)
			l.mu.Unlock()
		}
	})
}

// Figures says what the named queue holds; an unknown name holds nothing.
func (q *Queue) Figures(name string) queue.Figures {
	if l, ok := q.lines[name]; ok {
		return l.figures()
	}
	return queue.Figures{}
}

// Dead returns the latest dead letters of the named queue, oldest first.
func (q *Queue) Dead(name string) []queue.DeadLetter {
	l, ok := q.lines[name]
	if !ok {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]queue.DeadLetter(nil), l.dead...)
}

func (q *Queue) line(name string) (*line, error) {
	l, ok := q.lines[name]
	if !ok {
		return nil, fmt.Errorf("no queue %q", name)
	}
	return l, nil
}

func (q *Queue) refusing() bool {
	select {
	case <-q.closed:
		return true
	default:
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.draining
}

// hold counts a job in; false when a drain began meanwhile.
func (q *Queue) hold() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.draining {
		return false
	}
	q.held++
	return true
}

func (q *Queue) release() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.held--
	if q.draining && q.held == 0 {
		close(q.idle)
	}
}

func (l *line) figures() queue.Figures {
	l.mu.Lock()
	defer l.mu.Unlock()
	// What is not in flight waits. Counting by the slots means that a job on its
	// way from one to the other is seen as one of them, never as none.
	return queue.Figures{Depth: max(0, len(l.slots)-l.flying), InFlight: l.flying, Dead: l.buried}
}
