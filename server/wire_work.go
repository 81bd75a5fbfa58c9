package server

import (
	"context"
	"time"

	"oalab/server/internal/config"
	"oalab/server/internal/job"
	"oalab/server/internal/outbox"
	"oalab/server/internal/part"
	"oalab/server/internal/worker"
)

// openWorker makes what does the jobs, with its metrics.
func (b *build) openWorker() (*worker.Worker, error) {
	var err error
	db := ask(&err, b.core)
	q := ask(&err, b.queue)
	relay := ask(&err, b.relay)
	types := ask(&err, b.handlers)
	if err != nil {
		return nil, err
	}
	from := outbox.Burying(q, db)
	if !b.overBroker() { // a broker keeps what it has confirmed; memory does not
		from = relay.Consumer(q)
	}
	return worker.New(worker.Config{
		MaxAttempts: b.cfg.Orders.MaxAttempts,
		RetryBase:   time.Duration(b.cfg.Orders.RetryBase),
		RetryMax:    time.Duration(b.cfg.Orders.RetryMax),
		Seed:        uint64(time.Now().UnixNano()),
	}, b.planted.consumer(from, q), types, b.log, b.reg)
}

// handlers are the job types with the handlers of the parts before. A server that does no
// jobs needs none of these.
func (b *build) handlers() (job.Catalogue, error) {
	types := config.JobTypes(b.cfg)
	if !b.roles[RoleWorker] {
		return types, nil
	}
	var given job.Catalogue
	for _, p := range b.parts {
		given = append(given, p.Jobs...)
	}
	return types.Handled(given)
}

// jobs does the work that outlives its request.
func (b *build) jobs() (part.Part, error) {
	work, err := b.worker()
	if err != nil {
		return part.Part{}, err
	}
	return part.Part{Name: "jobs", Start: work.Start, Stop: work.Stop}, nil
}

// nothingInWork gives a server that does no jobs the metrics of the workers, which read 0.
// Otherwise a reader of the metrics could not tell a server without work from a metric that
// was lost.
func (b *build) nothingInWork() (part.Part, error) {
	_, err := b.worker()
	return part.Part{}, err
}

// draining is a queue that can take no more from its broker and wait for what was received:
// what it has not received goes to another server.
type draining interface {
	Drain(ctx context.Context) error
}

// deliveries takes no new jobs at the stop, before the handlers end.
func (b *build) deliveries() (part.Part, error) {
	q, err := b.queue()
	d, ok := q.(draining)
	if err != nil || !ok || !b.overBroker() {
		return part.Part{}, err
	}
	return part.Part{Name: "deliveries", Stop: d.Drain}, nil
}

// publishing publishes jobs.
func (b *build) publishing() (part.Part, error) {
	relay, err := b.relay()
	if err != nil {
		return part.Part{}, err
	}
	return part.Part{Loops: []part.Loop{{Name: "outbox relay", Run: relay.Run}}}, nil
}

// publishingToBroker is for a server that does no jobs. To a broker each server publishes
// what it has written, whichever server works at it; jobs in memory stay with the worker.
func (b *build) publishingToBroker() (part.Part, error) {
	p, err := b.publishing()
	if b.roles[RoleWorker] || !b.overBroker() {
		return part.Part{}, err
	}
	return p, err
}
