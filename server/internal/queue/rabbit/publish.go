package rabbit

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"

	amqp "github.com/rabbitmq/amqp091-go"
)

// errNoQueue is returned for a message that the broker could not put anywhere.
var errNoQueue = errors.New("the broker returned it, as there is no such queue")

// errRefused is returned for a message that the broker did not take into a queue.
var errRefused = errors.New("the broker refused it")

// publisher is a session that publishes. Any number of messages may be on their
// way: each caller waits for its own confirm alone.
type publisher struct {
	conn *amqp.Connection
	ch   *amqp.Channel

	// requests go to the one goroutine that writes, so that a socket that takes
	// nothing more holds up that goroutine and no caller beyond its context.
	requests chan *request
	// watched passes through the goroutine that hears what the broker says.
	watched chan struct{}
	gone    chan struct{}
	running sync.WaitGroup

	mu      sync.Mutex
	err     error // why it is gone
	next    uint64
	sent    map[string]*request // by correlation id
	blocked string              // why the broker blocks; "" when it does not
	freed   chan struct{}       // closed while it does not
}

type request struct {
	to   string
	msg  amqp.Publishing
	sent chan sent // holds one
	back string    // why the broker returned it, under publisher.mu
}

type sent struct {
	confirm *amqp.DeferredConfirmation
	err     error
}

func (q *Queue) openPublisher(ctx context.Context) (*publisher, error) {
	conn, err := q.connect(ctx, "publish", &q.toPublish)
	if err != nil {
		return nil, err
	}
	p := &publisher{
		conn: conn, requests: make(chan *request), watched: make(chan struct{}), gone: make(chan struct{}),
		sent: make(map[string]*request), freed: make(chan struct{}),
	}
	close(p.freed)
	if p.ch, err = conn.Channel(); err == nil {
		// So that nothing is published to a queue that is not there yet.
		err = errors.Join(q.declare(p.ch), p.ch.Confirm(false))
	}
	if err != nil {
		leave(conn)
		return nil, fmt.Errorf("prepare to publish: %w", err)
	}
	heard := hearing{
		// Unbuffered: the library reads the confirm of a returned message only after
		// the return has been taken from it.
		returns: p.ch.NotifyReturn(make(chan amqp.Return)),
		blocks:  conn.NotifyBlocked(make(chan amqp.Blocking)),
		closes:  p.ch.NotifyClose(make(chan *amqp.Error, 1)), // the connection closes its channels
	}
	p.running.Go(func() { p.watch(heard) })
	p.running.Go(p.write)
	return p, nil
}

func (p *publisher) lost() <-chan struct{} { return p.gone }

func (p *publisher) end() error {
	leave(p.conn)
	p.running.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// hearing is what the broker says without being asked.
type hearing struct {
	returns <-chan amqp.Return
	blocks  <-chan amqp.Blocking
	closes  <-chan *amqp.Error
}

func (p *publisher) watch(h hearing) {
	for {
		select {
		case r, ok := <-h.returns:
			if !ok {
				h.returns = nil
				continue
			}
			p.returned(r)
		case b, ok := <-h.blocks:
			if !ok {
				h.blocks = nil
				continue
			}
			p.block(b)
		case <-p.watched:
		case cause := <-h.closes:
			p.mu.Lock()
			p.err = lostBy(cause)
			p.mu.Unlock()
			close(p.gone)
			return
		}
	}
}

func (p *publisher) write() {
	for {
		select {
		case r := <-p.requests:
			confirm, err := p.ch.PublishWithDeferredConfirm("", r.to, true, false, r.msg)
			r.sent <- sent{confirm, err}
		case <-p.gone:
			return
		}
	}
}

// publish sends a message to a queue and waits for the broker's confirm. On any
// error but an unroutable message it may have been taken.
func (p *publisher) publish(ctx context.Context, to string, m message) error {
	if err := p.free(ctx); err != nil {
		return err
	}
	r := &request{to: to, sent: make(chan sent, 1)}
	id := p.enter(r, m)
	defer p.forget(id)
	select {
	case p.requests <- r:
	case <-ctx.Done():
		return fmt.Errorf("%w: the connection to the broker takes nothing", ctx.Err())
	case <-p.gone:
		return p.why()
	}
	var s sent
	select {
	case s = <-r.sent:
	case <-ctx.Done():
		return fmt.Errorf("%w: the connection to the broker takes nothing", ctx.Err())
	}
	if s.err != nil {
		return fmt.Errorf("%w: %w", errLost, s.err)
	}
	select {
	case <-s.confirm.Done():
	case <-ctx.Done():
		return fmt.Errorf("%w: the broker did not confirm in time", ctx.Err())
	}
	// The broker returns a message before it confirms it. Once watched has gone
	// through, the hearer of the returns has noted all that came before.
	select {
	case p.watched <- struct{}{}:
	case <-p.gone:
		return p.why()
	}
	if back := p.returnOf(r); back != "" {
		return fmt.Errorf("%w: %s", errNoQueue, back)
	}
	if !s.confirm.Acked() {
		return errRefused
	}
	return nil
}

// enter gives a request its number, by which a return finds it.
func (p *publisher) enter(r *request, m message) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next++
	id := strconv.FormatUint(p.next, 10)
	r.msg = m.publishing(id)
	p.sent[id] = r
	return id
}

func (p *publisher) forget(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.sent, id)
}

func (p *publisher) returned(back amqp.Return) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r, ok := p.sent[back.CorrelationId]; ok {
		r.back = back.ReplyText
	}
}

func (p *publisher) returnOf(r *request) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return r.back
}

func (p *publisher) why() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// block notes whether the broker reads what is published.
func (p *publisher) block(b amqp.Blocking) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case b.Active && p.blocked == "":
		p.blocked, p.freed = "blocked: "+b.Reason, make(chan struct{})
	case !b.Active && p.blocked != "":
		p.blocked = ""
		close(p.freed)
	}
}

// blocking says why the broker does not read what is published, nil when it does.
func (p *publisher) blocking() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.blocked == "" {
		return nil
	}
	return fmt.Errorf("the broker takes nothing (%s); free its disk or memory", p.blocked)
}

// free waits until the broker reads what is published. Written meanwhile, a
// message would be taken after its publisher has given it up.
func (p *publisher) free(ctx context.Context) error {
	p.mu.Lock()
	freed := p.freed
	p.mu.Unlock()
	select {
	case <-freed:
		return nil
	case <-p.gone:
		return p.why()
	case <-ctx.Done():
		if why := p.blocking(); why != nil {
			return fmt.Errorf("%w: %w", ctx.Err(), why)
		}
		return ctx.Err()
	}
}

// lostBy is the error of a session that the broker (nil: this side) has closed.
func lostBy(cause *amqp.Error) error {
	if cause == nil {
		return errLost
	}
	return fmt.Errorf("%w: %w", errLost, cause)
}
