// Package queue owns the contract of the work queue: what a publisher, a
// consumer and a delivery promise, whatever carries them (BIZ-5, STO-6).
package queue

import (
	"context"
	"errors"
	"time"

	"oalab/server/internal/job"
)

// ErrClosed is returned by a queue that has been closed or is being drained.
var ErrClosed = errors.New("queue is closed")

// Publisher takes jobs. It is safe for concurrent use.
type Publisher interface {
	// Publish returns nil once the queue has taken responsibility for the job as
	// far as it can (a broker: confirmed; in process: in memory). On any error the
	// job may or may not have been taken. It blocks while the queue is full.
	Publish(ctx context.Context, env job.Envelope) error
}

// Holding is a queue that outlives its users, seen by one that has to know what it still
// holds. It is safe for concurrent use.
type Holding interface {
	// Waiting returns how many jobs of the named queue are held and not given out, those
	// that wait for their delay there included.
	Waiting(ctx context.Context, queue string) (int, error)
}

// Consumer gives jobs out, each to one receiver at a time, until it is settled.
type Consumer interface {
	// Receive waits for the next delivery of the named queue. It returns ctx's
	// error when ctx ends and ErrClosed when the queue is closed.
	Receive(ctx context.Context, queue string) (Delivery, error)
}

// Delivery is one attempt at one job. Exactly one of its settling methods takes
// effect; a later call does nothing and returns nil. A delivery that is never
// settled is delivered again after the consumer is gone.
type Delivery interface {
	Envelope() job.Envelope
	// Attempt counts from 1.
	Attempt() int
	// Ack ends the job.
	Ack(ctx context.Context) error
	// Nack gives the job back, to be delivered again no sooner than after delay.
	Nack(ctx context.Context, delay time.Duration) error
	// Postpone is Nack of an attempt that does not count, except that the next attempt is
	// never the first.
	Postpone(ctx context.Context, delay time.Duration) error
	// Bury moves the job to the dead letters.
	Bury(ctx context.Context, reason string) error
}

// Figures are what a queue holds at one moment.
type Figures struct {
	Depth    int // ready or waiting for its delay
	InFlight int // delivered, not settled
	Dead     int // dead letters since the start
}

// DeadLetter is a job that was given up.
type DeadLetter struct {
	Envelope job.Envelope
	Attempt  int
	Reason   string
}
