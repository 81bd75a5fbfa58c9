//go:build defects

package worker

import (
	"context"
	"time"

	"oalab/server/internal/job"
	"oalab/server/internal/queue"
)

// DefectAckBeforeCarrier is the name of the planted defect that acknowledges an order's job,
// and so deletes its outbox row, before the carrier is called.
const DefectAckBeforeCarrier = "ack-before-carrier"

// AckFirst is that defect: a consumer whose jobs of one kind are gone when they are received.
// Further attempts are published anew to again, without a row.
func AckFirst(from queue.Consumer, kind job.Kind, again queue.Publisher) queue.Consumer {
	return eager{from, kind, again}
}

type eager struct {
	queue.Consumer
	kind  job.Kind
	again queue.Publisher
}

// Receive implements queue.Consumer.
func (c eager) Receive(ctx context.Context, name string) (queue.Delivery, error) {
	d, err := c.Consumer.Receive(ctx, name)
	if err != nil || d.Envelope().Kind != c.kind {
		return d, err
	}
	settle, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	if err := d.Ack(settle); err != nil {
		return nil, err
	}
	return settled{d, c.again}, nil
}

// settled is a delivery that was acknowledged before.
type settled struct {
	queue.Delivery
	again queue.Publisher
}

// Ack implements queue.Delivery: nothing is left to be done.
func (settled) Ack(context.Context) error { return nil }

// Bury implements queue.Delivery: nothing is left to be buried.
func (settled) Bury(context.Context, string) error { return nil }

// Nack implements queue.Delivery. The next attempt lives in this process only.
func (d settled) Nack(_ context.Context, delay time.Duration) error {
	env := d.Envelope()
	env.ID, env.Again = 0, true
	time.AfterFunc(delay, func() {
		ctx, cancel := context.WithTimeout(context.Background(), settleTimeout)
		defer cancel()
		_ = d.again.Publish(ctx, env) // a queue that is closed loses it
	})
	return nil
}

// Postpone implements queue.Delivery.
func (d settled) Postpone(ctx context.Context, delay time.Duration) error { return d.Nack(ctx, delay) }
