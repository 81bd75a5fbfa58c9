package rabbit

import (
	"context"
	"errors"
	"fmt"
	"sync"

	amqp "github.com/rabbitmq/amqp091-go"
)

// consumer is a session that takes work. It never publishes, so that the broker
// never blocks it.
type consumer struct {
	q    *Queue
	conn *amqp.Connection

	questions chan question
	gone      chan struct{}
	once      sync.Once
	running   sync.WaitGroup

	mu  sync.Mutex
	err error // why it is gone
}

func (q *Queue) openConsumer(ctx context.Context) (*consumer, error) {
	conn, err := q.connect(ctx, "work", &q.toWork)
	if err != nil {
		return nil, err
	}
	ch, err := conn.Channel()
	if err == nil {
		err = q.declare(ch)
	}
	if err != nil {
		leave(conn)
		return nil, fmt.Errorf("prepare to take work: %w", err)
	}
	c := &consumer{q: q, conn: conn, questions: make(chan question), gone: make(chan struct{})}
	closes := conn.NotifyClose(make(chan *amqp.Error, 1))
	c.running.Go(func() { c.lose(lostBy(<-closes)) })
	c.running.Go(func() { c.answer(ch) })
	for _, l := range q.lines {
		c.running.Go(func() { c.serve(l) })
	}
	return c, nil
}

func (c *consumer) lost() <-chan struct{} { return c.gone }

func (c *consumer) end() error {
	leave(c.conn)
	c.running.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// lose ends the session; the first reason stays.
func (c *consumer) lose(reason error) {
	c.once.Do(func() {
		c.mu.Lock()
		c.err = reason
		c.mu.Unlock()
		close(c.gone)
	})
}

// isGone reports whether its deliveries can be settled no longer.
func (c *consumer) isGone() bool {
	select {
	case <-c.gone:
		return true
	default:
		return false
	}
}

// errCancelled is the end of a consumer on a connection that lives: its
// queue was deleted.
var errCancelled = errors.New("the broker has ended the consumer; was its queue deleted?")

// serve hands out the deliveries of one queue and holds those that wait, as soon
// as there is a receiver.
func (c *consumer) serve(l *line) {
	select {
	case <-l.wanted:
	case <-c.q.draining:
		return
	case <-c.gone:
		return
	}
	work, err := c.consume(l.work, l.prefetch)
	if err != nil {
		c.lose(err)
		return
	}
	wait, err := c.consume(l.wait, maxHeld)
	if err != nil {
		c.lose(err)
		return
	}
	var both sync.WaitGroup
	both.Go(func() { c.deliver(l, work) })
	both.Go(func() { c.hold(l, wait) })
	select {
	case <-c.q.draining:
		// The channels stay: what was received or is being moved is still settled.
		if err := errors.Join(wait.ch.Cancel(wait.tag, false), work.ch.Cancel(work.tag, false)); err != nil {
			c.lose(fmt.Errorf("stop to take work: %w", err))
		}
	case <-c.gone:
	}
	both.Wait()
}

// consumerTag names a consumer on its channel, where it is alone.
const consumerTag = "work"

// stream is the deliveries of one queue, on a channel of their own.
type stream struct {
	ch  *amqp.Channel
	tag string
	in  <-chan amqp.Delivery
	// closes gets why the broker closed the channel.
	closes <-chan *amqp.Error
}

// ended is why no more comes, for a stream that was not cancelled from here.
func (s stream) ended() error {
	select {
	case cause := <-s.closes:
		return lostBy(cause)
	default:
		return errCancelled
	}
}

func (c *consumer) consume(from string, prefetch int) (stream, error) {
	ch, err := c.conn.Channel()
	if err != nil {
		return stream{}, fmt.Errorf("open a channel for %s: %w", from, err)
	}
	if err := ch.Qos(prefetch, 0, false); err != nil {
		return stream{}, fmt.Errorf("prefetch from %s: %w", from, err)
	}
	closes := ch.NotifyClose(make(chan *amqp.Error, 1))
	in, err := ch.Consume(from, consumerTag, false, false, false, false, nil)
	if err != nil {
		return stream{}, fmt.Errorf("consume from %s: %w", from, err)
	}
	return stream{ch: ch, tag: consumerTag, in: in, closes: closes}, nil
}

// deliver puts deliveries where they are received.
func (c *consumer) deliver(l *line, s stream) {
	for raw := range s.in {
		d := &delivery{c: c, l: l, raw: raw, attempt: attempts(raw.Headers) + 1}
		var err error
		if d.env, err = parse(l.name, raw.Body); err != nil {
			l.move(0, 1)
			c.q.log.Error("a message that cannot be read goes to the dead letters", "queue", l.work, "error", err)
			c.running.Go(func() { d.poison(err) })
			continue
		}
		l.move(0, 1)
		l.out <- d // never blocks: the prefetch is its room
	}
	// The stream has ended: by a drain, or with the session.
	if !c.draining() {
		c.lose(s.ended())
	}
	for {
		select {
		case d := <-l.out:
			if d.hand() {
				d.giveBack()
			}
		default:
			return
		}
	}
}

func (c *consumer) draining() bool {
	select {
	case <-c.q.draining:
		return true
	default:
		return false
	}
}

// question is something to be asked of the broker, on the channel for that.
type question struct {
	ask    func(*amqp.Channel) error
	answer chan error // holds one
}

// ask asks the broker; ctx bounds the wait, not the question.
func (c *consumer) ask(ctx context.Context, ask func(*amqp.Channel) error) error {
	asked := question{ask, make(chan error, 1)}
	select {
	case c.questions <- asked:
	case <-c.gone:
		return errLost
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-asked.answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// answer is the only user of the channel for questions: it carries one at a time.
// The broker closes it with an error as its answer.
func (c *consumer) answer(ch *amqp.Channel) {
	for {
		select {
		case asked := <-c.questions:
			var err error
			if ch.IsClosed() {
				var fresh *amqp.Channel
				if fresh, err = c.conn.Channel(); err == nil {
					ch = fresh
				}
			}
			if err == nil {
				err = asked.ask(ch)
			}
			asked.answer <- err
		case <-c.gone:
			return
		}
	}
}
