package outbox

import (
	"context"
	"errors"

	"oalab/server/internal/job"
	"oalab/server/internal/queue"
)

// DeadLetters keeps jobs that were given up.
type DeadLetters interface {
	// BuryJob stores a dead letter, and deletes the row of the job if it has one.
	BuryJob(ctx context.Context, env job.Envelope, attempts int, reason string) error
}

// Burying wraps the consumer of a broker: a job that is given up goes to the store, where
// people see it beside all others, and not to the broker's own dead letters. The broker
// loses it when the store has it: a kill in between buries it twice, rather than not at all.
func Burying(from queue.Consumer, store DeadLetters) queue.Consumer {
	return &burying{from: from, store: store}
}

type burying struct {
	from  queue.Consumer
	store DeadLetters
}

func (b *burying) Receive(ctx context.Context, name string) (queue.Delivery, error) {
	d, err := b.from.Receive(ctx, name)
	if err != nil {
		return nil, err
	}
	return &mortal{Delivery: d, store: b.store}, nil
}

type mortal struct {
	queue.Delivery
	store DeadLetters
}

// Bury stores the job among the dead letters, then ends it. A store that is away gets it
// when the job comes again.
func (d *mortal) Bury(ctx context.Context, reason string) error {
	if err := d.store.BuryJob(ctx, d.Envelope(), d.Attempt(), reason); err != nil {
		return errors.Join(err, d.Nack(ctx, unsettledDelay))
	}
	return d.Ack(ctx)
}
