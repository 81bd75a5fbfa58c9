package server

import (
	"context"

	"oalab/server/internal/config"
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

// queue carries the jobs.
func (b *build) queue() (workQueue, error) { return shared(b, "queue", b.openQueue) }

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
