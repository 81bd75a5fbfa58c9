package server

import (
	"context"
	"fmt"

	"oalab/server/internal/config"
	"oalab/server/internal/job"
	"oalab/server/internal/outbox"
	"oalab/server/internal/part"
	"oalab/server/internal/queue"
	"oalab/server/internal/queue/memqueue"
	"oalab/server/internal/queue/rabbit"
)

// workQueue carries the jobs.
type workQueue interface {
	queue.Publisher
	queue.Consumer
}

// holding is a work queue that outlives this process.
type holding interface {
	workQueue
	queue.Holding
}

// overBroker reports whether the jobs go over a broker that servers share.
func (s *Server) overBroker() bool { return s.cfg.AMQP.URL != "" }

// openQueue makes the queue in this process, or the way to the broker.
func (b *build) openQueue() (workQueue, error) {
	types := config.JobTypes(b.cfg)
	if !b.overBroker() {
		q, err := memqueue.New(memqueue.Config{}, types.Queues(), b.reg)
		if err != nil {
			return nil, err
		}
		b.stops.push("queue", func(context.Context) error { q.Close(); return nil })
		return q, nil
	}
	q, err := rabbit.New(rabbit.Config{
		URL: string(b.cfg.AMQP.URL), Nodes: b.cfg.AMQP.Nodes, Prefix: b.cfg.AMQP.Prefix, Prefetch: types.Places(),
	}, types.Queues(), b.log, b.reg)
	if err != nil {
		return nil, err
	}
	b.stops.push("queue", func(context.Context) error { q.Close(); return nil })
	// A server without its broker is ready: it accepts orders, which wait in the outbox.
	// Otherwise all servers would be taken out of the traffic at once, and late would become
	// away.
	b.mount(part.Part{Health: []part.Health{{Name: "broker", Ask: q.Ready, Dispensable: true}}})
	return q, nil
}

// openRelay makes what publishes the jobs that were committed.
func (b *build) openRelay() (*outbox.Relay, error) {
	var err error
	db := ask(&err, b.core)
	q := ask(&err, b.queue)
	if err != nil {
		return nil, err
	}
	relay := outbox.New(outbox.Config{UntilAck: !b.overBroker()}, db, q, config.JobTypes(b.cfg).Queues(), b.log)
	left := newBacklog(db.Backlog)
	if err := b.reg.Register(left); err != nil {
		return nil, fmt.Errorf("register metrics of the backlog: %w", err)
	}
	db.OnOutbox(func(stored []job.Envelope) {
		left.note(stored)
		relay.Announce(stored)
	})
	return relay, nil
}
