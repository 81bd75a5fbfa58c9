package rabbit

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"oalab/server/internal/job"
)

// unburied is how long a job waits that could not be put among the dead letters.
const unburied = time.Second

// delivery is one attempt at a message.
type delivery struct {
	c       *consumer
	l       *line
	raw     amqp.Delivery
	env     job.Envelope
	attempt int
	settled atomic.Bool
}

// hand moves a delivery to its receiver; false when its session is over and the
// broker has it back.
func (d *delivery) hand() bool {
	if d.c.isGone() {
		d.l.move(0, -1)
		return false
	}
	d.l.move(1, -1)
	return true
}

func (d *delivery) Envelope() job.Envelope { return d.env }

func (d *delivery) Attempt() int { return d.attempt }

// Ack ends the job. The protocol has no confirm for it: one that is lost with
// its connection brings the job back.
func (d *delivery) Ack(context.Context) error {
	if !d.settled.CompareAndSwap(false, true) {
		return nil
	}
	defer d.l.move(-1, 0)
	return d.ack()
}

// Nack publishes the job anew, to wait or to be the last in its queue. When the
// broker does not take it, the delivery itself waits here and goes back then.
func (d *delivery) Nack(ctx context.Context, delay time.Duration) error {
	return d.back(ctx, delay, d.attempt)
}

// Postpone is Nack with the attempts that were counted before this one.
func (d *delivery) Postpone(ctx context.Context, delay time.Duration) error {
	return d.back(ctx, delay, max(1, d.attempt-1))
}

func (d *delivery) back(ctx context.Context, delay time.Duration, attempts int) error {
	if !d.settled.CompareAndSwap(false, true) {
		return nil
	}
	to, headers := d.l.work, amqp.Table{attemptHeader: int64(attempts)}
	if delay > 0 {
		to, headers[waitHeader] = d.l.wait, inMillis(delay)
	}
	return d.leave(ctx, to, headers, delay)
}

// Bury publishes the job among the dead letters. When the broker does not take
// it, the job comes again, to be buried then.
func (d *delivery) Bury(ctx context.Context, reason string) error {
	if !d.settled.CompareAndSwap(false, true) {
		return nil
	}
	headers := amqp.Table{attemptHeader: int64(d.attempt), reasonHeader: reason[:min(len(reason), maxReason)]}
	return d.leave(ctx, d.l.dead, headers, unburied)
}

// leave publishes the message elsewhere and ends the delivery. A kill in between
// leaves both: the job is done twice rather than not at all.
func (d *delivery) leave(ctx context.Context, to string, headers amqp.Table, orAfter time.Duration) error {
	if d.c.isGone() {
		defer d.l.move(-1, 0)
		return d.stale(errLost)
	}
	if err := d.c.q.publishNow(ctx, to, again(d.raw, headers)); err != nil {
		d.c.q.log.Warn("a job stays with this server until it goes back", "job", d.env.Key, "to", to, "after", orAfter, "error", err)
		d.l.move(-1, 1)
		time.AfterFunc(max(orAfter, 0), func() {
			defer d.l.move(0, -1)
			_ = d.raw.Reject(true) // on an error its session is over, and the broker has it
		})
		return nil
	}
	defer d.l.move(-1, 0)
	return d.ack()
}

// giveBack returns a delivery that was not worked at: no attempt is counted.
func (d *delivery) giveBack() {
	defer d.l.move(-1, 0)
	_ = d.raw.Nack(false, true) // on an error its session is over, and the broker has it
}

// poison buries a message that no handler can read.
func (d *delivery) poison(reason error) {
	d.l.move(1, -1)
	if err := d.Bury(context.Background(), reason.Error()); err != nil {
		d.c.q.log.Warn("burying a message failed", "queue", d.l.work, "error", err)
	}
}

func (d *delivery) ack() error {
	if err := d.raw.Ack(false); err != nil {
		return d.stale(err)
	}
	return nil
}

func (d *delivery) stale(err error) error {
	return fmt.Errorf("settle %s: %w; the broker delivers it again", d.env.Key, err)
}
