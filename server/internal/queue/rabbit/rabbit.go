// Package rabbit owns the work queue on a RabbitMQ broker (BIZ-5, STO-6): durable
// quorum queues, persistent messages, publisher confirms, acknowledgements by hand.
//
// It reconnects by itself and leaves the client library's recovery off. That one
// reopens a channel in place, so that a delivery of the time before would be
// settled under the number that another delivery has by then; it gives up after
// a number of tries, and does not cover a broker that is away at the start. Here
// a session is one connection with everything on it: when any of it is lost all
// of it is, its deliveries can no longer be settled, and a new one is built.
//
// There are two connections: one publishes, the other takes work and asks for
// figures. A broker short of disk or memory stops to read from connections that
// publish; acknowledgements then still go through.
//
// Each queue of the contract is three at the broker: NAME, NAME.wait and
// NAME.dead. A job given back with a delay is published anew to NAME.wait, with
// the number of its attempts, then acknowledged on NAME. Every server with
// workers takes all that waits, holds it without acknowledging, and publishes it
// to NAME when its time has come. So each delay is exact, none stands behind a
// longer one, and what waits is safe at the broker; when the server that held it
// dies, the delay starts again with another one. Queues with a time to live
// would need one for each length of a delay, as only their head expires.
//
// A job may come twice: when a confirm or an acknowledgement is lost with its
// connection. Handlers bear that.
package rabbit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	amqp "github.com/rabbitmq/amqp091-go"

	"oalab/server/internal/job"
	"oalab/server/internal/queue"
	"oalab/server/internal/resilience"
)

// Config of a Queue; zero values take the defaults.
type Config struct {
	// URL is amqp:// or amqps://, with user, password and virtual host.
	URL string
	// Nodes are the host:port of further nodes of its cluster. Each new connection goes to
	// the next one (DIS-6).
	Nodes []string
	// Prefix begins the names of the queues at the broker; it is not empty.
	Prefix string
	// Prefetch is how many deliveries of a queue this process may have at once, by
	// queue name; 0 means 32. More than there are workers would keep jobs from
	// other servers that are idle.
	Prefetch map[string]int
	// Timeout bounds each Publish, also while the broker is away or blocks; 0 means 5 s.
	Timeout time.Duration
	// Heartbeat is how often each side shows that it lives; a connection that is
	// silent for three of them is given up. 0 means 5 s.
	Heartbeat time.Duration
	// Dial opens the connections; nil means TCP.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	hold time.Duration // 0 means longestHold
}

// The waits between attempts to reach the broker.
const (
	reconnectBase = 100 * time.Millisecond
	reconnectMax  = 2 * time.Second
)

// Queue is a set of named queues at a broker. It is safe for concurrent use.
type Queue struct {
	cfg   Config
	log   *slog.Logger
	names []string
	lines map[string]*line // fixed after New

	toPublish, toWork nodes // where the next connection of each goes

	publishing *link[*publisher]
	working    *link[*consumer]

	closed   chan struct{}
	draining chan struct{}
	once     struct{ close, drain sync.Once }
	cancel   context.CancelFunc
	running  sync.WaitGroup
}

// New makes the queues of the named kinds of work and registers their metrics
// with reg, which may be nil. It returns at once and connects by itself, however
// long the broker is away. Close ends it.
func New(cfg Config, names []string, log *slog.Logger, reg prometheus.Registerer) (*Queue, error) {
	if err := CheckURL(cfg.URL); err != nil {
		return nil, fmt.Errorf("address of the broker %w", err)
	}
	at, err := newNodes(cfg)
	if err != nil {
		return nil, err
	}
	if cfg.Prefix == "" {
		return nil, errors.New("queues at the broker: Prefix is empty")
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = 5 * time.Second
	}
	if cfg.Heartbeat <= 0 {
		cfg.Heartbeat = 5 * time.Second
	}
	if cfg.hold <= 0 {
		cfg.hold = longestHold
	}
	if cfg.Dial == nil {
		cfg.Dial = (&net.Dialer{Timeout: handshake}).DialContext
	}
	q := &Queue{
		cfg: cfg, log: log, names: names, lines: make(map[string]*line), toPublish: at, toWork: at,
		closed: make(chan struct{}), draining: make(chan struct{}),
	}
	for _, n := range names {
		q.lines[n] = newLine(n, cfg.Prefix+n, cfg.Prefetch[n])
	}
	seed := uint64(time.Now().UnixNano())
	q.publishing = newLink("publish", q.openPublisher, resilience.NewBackoff(reconnectBase, reconnectMax, seed), log)
	q.working = newLink("work", q.openConsumer, resilience.NewBackoff(reconnectBase, reconnectMax, seed+1), log)
	if reg != nil {
		if err := reg.Register(newCollector(q)); err != nil {
			return nil, fmt.Errorf("register metrics of the queues: %w", err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	q.cancel = cancel
	q.running.Go(func() { q.publishing.run(ctx) })
	q.running.Go(func() { q.working.run(ctx) })
	return q, nil
}

// CheckURL judges the address of a broker. The error continues a sentence and
// does not show the address, which holds a password.
func CheckURL(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "amqp" && u.Scheme != "amqps" || u.Hostname() == "" {
		return errors.New("is not an amqp:// or amqps:// address with a host")
	}
	if _, err := amqp.ParseURI(address); err != nil {
		return errors.New("is an amqp:// address with an option or a path that cannot be read")
	}
	return nil
}

// Publish returns nil once the broker has confirmed the job; see queue.Publisher.
// It waits while the broker is away or blocks, no longer than ctx and Config.Timeout.
func (q *Queue) Publish(ctx context.Context, env job.Envelope) error {
	l, err := q.line(env.Queue)
	if err != nil {
		return err
	}
	msg, err := encode(env)
	if err != nil {
		return err
	}
	select {
	case <-q.closed:
		return queue.ErrClosed
	default:
	}
	ctx, cancel := context.WithTimeout(ctx, q.cfg.Timeout)
	defer cancel()
	p, err := q.publishing.wait(ctx)
	if err == nil {
		err = q.publishBy(ctx, p, l.work, msg)
	}
	if err != nil {
		return fmt.Errorf("publish %s to %s: %w", env.Key, l.work, err)
	}
	return nil
}

// publishNow publishes only to a broker that is there and does not block.
func (q *Queue) publishNow(ctx context.Context, to string, msg message) error {
	ctx, cancel := context.WithTimeout(ctx, q.cfg.Timeout)
	defer cancel()
	p, err := q.publishing.get()
	if err != nil {
		return err
	}
	if err := p.blocking(); err != nil {
		return err
	}
	return q.publishBy(ctx, p, to, msg)
}

// publishBy publishes over a session. A queue that was deleted is made
// again, so that the next try finds it.
func (q *Queue) publishBy(ctx context.Context, p *publisher, to string, msg message) error {
	err := p.publish(ctx, to, msg)
	if errors.Is(err, errNoQueue) {
		if c, away := q.working.get(); away == nil {
			err = errors.Join(err, c.ask(ctx, q.declare))
		}
	}
	return err
}

// Receive waits for a job, also while the broker is away; see queue.Consumer.
// The first call for a queue makes this process one of its consumers.
func (q *Queue) Receive(ctx context.Context, name string) (queue.Delivery, error) {
	l, err := q.line(name)
	if err != nil {
		return nil, err
	}
	l.want()
	for {
		select {
		case <-q.draining:
			return nil, queue.ErrClosed
		case <-q.closed:
			return nil, queue.ErrClosed
		case <-ctx.Done():
			return nil, ctx.Err()
		default:
		}
		select {
		case d := <-l.out:
			if d.hand() {
				return d, nil
			}
		case <-q.draining:
		case <-q.closed:
		case <-ctx.Done():
		}
	}
}

// Drain takes no further deliveries, gives back those that were not received,
// which does not count as an attempt, and waits until the others are settled or
// ctx ends. Publishing goes on. Receive returns queue.ErrClosed from now on.
func (q *Queue) Drain(ctx context.Context) error {
	q.once.drain.Do(func() { close(q.draining) })
	for _, l := range q.lines {
		if err := l.idle(ctx); err != nil {
			return fmt.Errorf("drain %s: %d jobs unsettled: %w", l.work, l.figures().InFlight, err)
		}
	}
	return nil
}

// Close refuses everything from now on and leaves the broker, which gives what
// is unsettled to others.
func (q *Queue) Close() {
	q.once.close.Do(func() {
		close(q.closed)
		q.cancel()
	})
	q.running.Wait()
}

// Ready says what keeps the broker from being used, nil when nothing does.
func (q *Queue) Ready(context.Context) error {
	p, err := q.publishing.get()
	if err == nil {
		err = p.blocking()
	}
	if err != nil {
		return err
	}
	_, err = q.working.get()
	return err
}

func (q *Queue) line(name string) (*line, error) {
	l, ok := q.lines[name]
	if !ok {
		return nil, fmt.Errorf("no queue %q", name)
	}
	return l, nil
}
