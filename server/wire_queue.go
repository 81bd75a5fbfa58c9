package server

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"oalab/server/internal/business"
	"oalab/server/internal/job"
	"oalab/server/internal/outbox"
	"oalab/server/internal/queue"
	"oalab/server/internal/queue/memqueue"
	"oalab/server/internal/queue/rabbit"
	"oalab/server/internal/sqlstore"
	"oalab/server/internal/worker"
)

// workQueue carries the jobs.
type workQueue interface {
	queue.Publisher
	queue.Consumer
}

// overBroker reports whether the jobs go over a broker that servers share.
func (s *Server) overBroker() bool { return s.cfg.AMQP.URL != "" }

// places is how many jobs of a queue are worked at at once, by its name.
func (s *Server) places() map[string]int {
	return map[string]int{
		job.QueueOrders: s.cfg.Orders.Workers, job.QueueQueries: s.cfg.Orders.QueryWorkers, job.QueueTells: s.cfg.Orders.TellWorkers,
	}
}

// newQueue makes the queue in this process, or the way to the broker.
func (s *Server) newQueue(reg prometheus.Registerer) (workQueue, error) {
	if !s.overBroker() {
		q, err := memqueue.New(memqueue.Config{}, job.Queues(), reg)
		if err != nil {
			return nil, err
		}
		s.stops.push("queue", func(context.Context) error { q.Close(); return nil })
		return q, nil
	}
	q, err := rabbit.New(rabbit.Config{
		URL: string(s.cfg.AMQP.URL), Nodes: s.cfg.AMQP.Nodes, Prefix: s.cfg.AMQP.Prefix, Prefetch: s.places(),
	}, job.Queues(), s.log, reg)
	if err != nil {
		return nil, err
	}
	s.stops.push("queue", func(context.Context) error { q.Close(); return nil })
	s.ready.broker, s.giveBack = q.Ready, q.Drain
	return q, nil
}

// wireWork builds what does the jobs.
func (s *Server) wireWork(db *sqlstore.DB, q workQueue, service *business.Service, reg prometheus.Registerer) error {
	relay := outbox.New(outbox.Config{UntilAck: !s.overBroker()}, db, q, s.log)
	left := newBacklog(db.Backlog)
	if err := reg.Register(left); err != nil {
		return fmt.Errorf("register metrics of the backlog: %w", err)
	}
	db.OnOutbox(func(stored []job.Envelope) {
		left.note(stored)
		relay.Announce(stored)
	})
	s.relay, s.sweep = relay, service.Sweep
	from := queue.Consumer(q)
	if !s.overBroker() { // a broker keeps what it has confirmed; memory does not
		from = relay.Consumer(q)
	}
	var err error
	s.worker, err = worker.New(worker.Config{
		Concurrency: s.places(),
		MaxAttempts: s.cfg.Orders.MaxAttempts,
		RetryBase:   time.Duration(s.cfg.Orders.RetryBase),
		RetryMax:    time.Duration(s.cfg.Orders.RetryMax),
		Seed:        uint64(time.Now().UnixNano()),
		Defects:     s.cfg.Defects,
	}, from, service.Handlers(), s.log, reg)
	return err
}

// startWork starts what does the jobs. It is stopped in the reverse order: no
// new jobs first, then the handlers.
func (s *Server) startWork() {
	if s.roles[RoleWorker] {
		if s.cfg.WeChat.APIBase != "" {
			s.background("token refresh", s.keepTokens)
		}
		s.worker.Start()
		s.stops.push("jobs", s.worker.Stop)
		if s.giveBack != nil {
			s.stops.push("deliveries", s.giveBack)
		}
	}
	// To a broker each server publishes what it has written, whoever works at it.
	if s.roles[RoleWorker] || s.overBroker() && s.relay != nil {
		s.background("outbox relay", s.relay.Run)
	}
	if s.roles[RoleWorker] {
		s.background("sweeper", s.sweep)
	}
}
