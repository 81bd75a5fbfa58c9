package memqueue

import (
	"context"
	"sync/atomic"
	"time"

	"oalab/server/internal/job"
	"oalab/server/internal/queue"
)

// delivery is one attempt at a message.
type delivery struct {
	q       *Queue
	l       *line
	m       *message
	attempt int
	settled atomic.Bool
}

func (d *delivery) Envelope() job.Envelope { return d.m.env }

func (d *delivery) Attempt() int { return d.attempt }

func (d *delivery) Ack(context.Context) error {
	if d.settled.CompareAndSwap(false, true) {
		d.land(nil)
		d.free()
	}
	return nil
}

func (d *delivery) Nack(_ context.Context, delay time.Duration) error {
	if !d.settled.CompareAndSwap(false, true) {
		return nil
	}
	if delay <= 0 {
		d.land(func() { d.l.ready <- d.m }) // never blocks: its slot was kept
		return nil
	}
	// The job counts as delayed in the very step in which it stops being in
	// flight: a caller that waits for an idle queue always sees one of the two.
	d.land(func() {
		select {
		case <-d.q.closed: // dropped; the outbox has it
		default:
			d.l.delayed[d.m] = time.AfterFunc(delay, func() { d.l.due(d.m) })
		}
	})
	return nil
}

func (d *delivery) Postpone(ctx context.Context, delay time.Duration) error {
	if !d.settled.Load() {
		d.m.attempt = max(1, d.attempt-1)
	}
	return d.Nack(ctx, delay)
}

func (d *delivery) Bury(_ context.Context, reason string) error {
	if !d.settled.CompareAndSwap(false, true) {
		return nil
	}
	d.land(func() {
		if len(d.l.dead) >= d.q.cfg.Dead {
			d.l.dead = d.l.dead[1:]
		}
		d.l.dead = append(d.l.dead, queue.DeadLetter{Envelope: d.m.env, Attempt: d.attempt, Reason: reason})
		d.l.buried++
	})
	d.free()
	return nil
}

// land takes the job out of flight and does more, if any, in the same step.
func (d *delivery) land(more func()) {
	d.l.mu.Lock()
	defer d.l.mu.Unlock()
	d.l.flying--
	if more != nil {
		more()
	}
}

func (d *delivery) free() {
	<-d.l.slots
	d.q.release()
}

// due moves a delayed message to the ready ones.
func (l *line) due(m *message) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.delayed[m]; !ok {
		return // closed meanwhile
	}
	delete(l.delayed, m)
	l.ready <- m // never blocks: its slot was kept
}
