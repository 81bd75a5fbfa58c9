package server

import (
	"time"

	"oalab/server/internal/outbox"
	"oalab/server/internal/part"
	"oalab/server/internal/worker"
)

// worker does the jobs.
func (b *build) worker() (*worker.Worker, error) { return shared(b, "worker", b.openWorker) }

// openWorker makes what does the jobs, with its metrics.
func (b *build) openWorker() (*worker.Worker, error) {
	var err error
	db := ask(&err, b.stores)
	q := ask(&err, b.queue)
	relay := ask(&err, b.relay)
	types := ask(&err, b.handlers)
	if err != nil {
		return nil, err
	}
	from := outbox.Burying(q, db.outbox)
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
