package outbox

import (
	"context"
	"errors"
	"time"

	"oalab/server/internal/job"
	"oalab/server/internal/queue"
)

// unsettledDelay is how long a job waits whose row could not be deleted.
const unsettledDelay = time.Second

// Consumer wraps the consumer of a queue in memory: the row of a job is deleted
// when its delivery is acknowledged or buried, and not before.
func (r *Relay) Consumer(from queue.Consumer) queue.Consumer {
	return &consumer{relay: r, from: from}
}

type consumer struct {
	relay *Relay
	from  queue.Consumer
}

func (c *consumer) Receive(ctx context.Context, name string) (queue.Delivery, error) {
	d, err := c.from.Receive(ctx, name)
	if err != nil {
		return nil, err
	}
	return &delivery{Delivery: d, relay: c.relay}, nil
}

type delivery struct {
	queue.Delivery
	relay *Relay
}

// Ack deletes the row, then ends the job. When the row cannot be deleted the
// job is given back: it is done again rather than left behind.
func (d *delivery) Ack(ctx context.Context) error {
	env := d.Envelope()
	return d.settle(ctx, env, func() error { return d.relay.store.SettleJob(ctx, env) }, d.Delivery.Ack)
}

// Bury moves the row to the dead letters, then the job.
func (d *delivery) Bury(ctx context.Context, reason string) error {
	env := d.Envelope()
	return d.settle(ctx, env, func() error { return d.relay.store.BuryJob(ctx, env, d.Attempt(), reason) },
		func(ctx context.Context) error { return d.Delivery.Bury(ctx, reason) })
}

func (d *delivery) settle(ctx context.Context, env job.Envelope, row func() error, end func(context.Context) error) error {
	if env.ID != 0 {
		if err := row(); err != nil {
			return errors.Join(err, d.Nack(ctx, unsettledDelay))
		}
		if l, ok := d.relay.lines[env.Queue]; ok {
			l.settle(env.ID)
		}
	}
	return end(ctx)
}
