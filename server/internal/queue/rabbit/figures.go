package rabbit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	amqp "github.com/rabbitmq/amqp091-go"

	"oalab/server/internal/queue"
)

// askTimeout bounds the question for one queue's figures.
const askTimeout = time.Second

// Figures says what the named queue holds. Depth is what is ready or waits at the
// broker, and what waits here; InFlight is what this process has received. The
// broker does not say what other processes have: each says that for itself, and
// what one had that died shows as soon as the broker has noticed. Dead is all
// dead letters that were not taken away.
func (q *Queue) Figures(ctx context.Context, name string) (queue.Figures, error) {
	l, err := q.line(name)
	if err != nil {
		return queue.Figures{}, err
	}
	return q.count(ctx, l, l.work, l.wait, l.dead)
}

// count asks for the queues named: those for work and waiting, then dead letters.
func (q *Queue) count(ctx context.Context, l *line, work, wait string, dead ...string) (queue.Figures, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	c, err := q.working.wait(ctx)
	if err != nil {
		return queue.Figures{}, fmt.Errorf("count jobs in %s: %w", l.work, err)
	}
	var depth, buried int
	err = c.ask(ctx, func(ch *amqp.Channel) error {
		for at, to := range map[string]*int{work: &depth, wait: &depth} {
			if err := ready(ch, at, to); err != nil {
				return err
			}
		}
		for _, at := range dead {
			if err := ready(ch, at, &buried); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return queue.Figures{}, fmt.Errorf("count jobs in %s: %w", l.work, err)
	}
	// What this process has is counted last: a job on its way here is rather seen
	// twice than not at all. But one that the library has read and not yet handed on is
	// seen nowhere. A caller that waits for an end must look more than once.
	f := l.figures()
	f.Depth += depth
	f.Dead = buried
	return f, nil
}

// Waiting returns how many jobs of the named queue the broker holds and has given to no
// server. It does not say how many servers have received and not settled: see Figures.
func (q *Queue) Waiting(ctx context.Context, name string) (int, error) {
	l, err := q.line(name)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	c, err := q.working.wait(ctx)
	n := 0
	if err == nil {
		err = c.ask(ctx, func(ch *amqp.Channel) error {
			if err := ready(ch, l.work, &n); err != nil {
				return err
			}
			return ready(ch, l.wait, &n)
		})
	}
	// Otherwise nothing would make a queue again that was deleted while it had no consumer.
	if fault, ok := errors.AsType[*amqp.Error](err); ok && fault.Code == amqp.NotFound {
		err = errors.Join(err, c.ask(ctx, q.declare))
	}
	if err != nil {
		return 0, fmt.Errorf("count what waits in %s: %w", l.work, err)
	}
	return n, nil
}

func ready(ch *amqp.Channel, at string, sum *int) error {
	state, err := ch.QueueDeclarePassive(at, true, false, false, false, amqp.Table{amqp.QueueTypeArg: amqp.QueueTypeQuorum})
	*sum += state.Messages
	return err
}

// collector asks the broker for the depths when the metrics are read.
type collector struct {
	q     *Queue
	depth *prometheus.Desc
	up    *prometheus.Desc
	opens *prometheus.Desc
}

func newCollector(q *Queue) *collector {
	return &collector{
		q: q,
		depth: prometheus.NewDesc("oalab_queue_depth",
			"Jobs ready or waiting for their retry, at the broker and here (-1: the broker did not say).", []string{"queue"}, nil),
		up: prometheus.NewDesc("oalab_broker_up",
			"1 when the broker can be used over this connection; one that it blocks cannot be.", []string{"connection"}, nil),
		opens: prometheus.NewDesc("oalab_broker_connections_total",
			"How often a connection to the broker, or to another node of it, was opened.", []string{"connection"}, nil),
	}
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(to chan<- *prometheus.Desc) { to <- c.depth; to <- c.up; to <- c.opens }

// Collect implements prometheus.Collector.
func (c *collector) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
	defer cancel()
	for _, name := range c.q.names {
		l, depth := c.q.lines[name], -1.0
		if f, err := c.q.count(ctx, l, l.work, l.wait); err == nil {
			depth = float64(f.Depth)
		}
		to <- prometheus.MustNewConstMetric(c.depth, prometheus.GaugeValue, depth, name)
	}
	p, err := c.q.publishing.get()
	if err == nil {
		err = p.blocking()
	}
	to <- prometheus.MustNewConstMetric(c.up, prometheus.GaugeValue, oneIf(err == nil), c.q.publishing.name)
	_, err = c.q.working.get()
	to <- prometheus.MustNewConstMetric(c.up, prometheus.GaugeValue, oneIf(err == nil), c.q.working.name)
	for name, opened := range map[string]int{c.q.publishing.name: c.q.publishing.sessions(), c.q.working.name: c.q.working.sessions()} {
		to <- prometheus.MustNewConstMetric(c.opens, prometheus.CounterValue, float64(opened), name)
	}
}

func oneIf(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
