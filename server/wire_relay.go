package server

import (
	"fmt"

	"oalab/server/internal/config"
	"oalab/server/internal/job"
	"oalab/server/internal/outbox"
	"oalab/server/internal/part"
)

// relay publishes the jobs that were committed.
func (b *build) relay() (*outbox.Relay, error) { return shared(b, "relay", b.openRelay) }

// openRelay makes what publishes the jobs that were committed.
func (b *build) openRelay() (*outbox.Relay, error) {
	var err error
	db := ask(&err, b.stores)
	q := ask(&err, b.queue)
	if err != nil {
		return nil, err
	}
	relay := outbox.New(outbox.Config{UntilAck: !b.overBroker()}, db.outbox, q, config.JobTypes(b.cfg).Queues(), b.log)
	left := newBacklog(db.backlog)
	if err := b.reg.Register(left); err != nil {
		return nil, fmt.Errorf("register metrics of the backlog: %w", err)
	}
	db.db.OnOutbox(func(stored []job.Envelope) {
		left.note(stored)
		relay.Announce(stored)
	})
	return relay, nil
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
