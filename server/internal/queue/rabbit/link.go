package rabbit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"oalab/server/internal/queue"
	"oalab/server/internal/resilience"
)

const (
	// handshake bounds the opening of a connection up to the broker's first answer.
	handshake = 5 * time.Second
	// handshakeOfMany is handshake where the broker has further nodes.
	handshakeOfMany = time.Second
	// farewell bounds its closing.
	farewell = time.Second
	// stable is how long a session lives that is no part of a row of failures.
	stable = 5 * time.Second
)

// errLost is why a session without a better reason is over.
var errLost = errors.New("the connection to the broker is lost")

// session is one connection and what lives on it.
type session interface {
	// lost is closed when it can be used no longer.
	lost() <-chan struct{}
	// end closes the connection, waits for what lives on it and says why it was lost.
	end() error
}

// link keeps one session open: it is the reconnect loop.
type link[S session] struct {
	name    string
	open    func(ctx context.Context) (S, error)
	backoff *resilience.Backoff
	log     *slog.Logger

	mu      sync.Mutex
	now     S
	up      bool
	over    bool
	opened  int           // sessions so far
	err     error         // why it is not up
	changed chan struct{} // closed at the next change of up or over
}

func newLink[S session](name string, open func(context.Context) (S, error), b *resilience.Backoff, log *slog.Logger) *link[S] {
	return &link[S]{
		name: name, open: open, backoff: b, log: log,
		err: errors.New("the broker has not answered yet"), changed: make(chan struct{}),
	}
}

// run opens sessions until ctx ends.
func (l *link[S]) run(ctx context.Context) {
	defer func() {
		l.change(func() { l.over, l.up = true, false })
	}()
	for failures := 1; ctx.Err() == nil; failures++ {
		s, err := l.open(ctx)
		if err == nil {
			opened := time.Now()
			l.log.Info("connected to the broker", "connection", l.name)
			l.change(func() { l.now, l.up, l.err, l.opened = s, true, nil, l.opened+1 })
			select {
			case <-s.lost():
			case <-ctx.Done():
			}
			l.change(func() { l.up, l.err = false, errLost })
			err = s.end()
			if time.Since(opened) > stable {
				failures = 1
			}
		}
		if ctx.Err() != nil {
			return
		}
		l.change(func() { l.err = err })
		l.log.Warn("the broker is away", "connection", l.name, "failures", failures, "error", err)
		pause(ctx, l.backoff.Delay(failures))
	}
}

// change makes a change of the state known.
func (l *link[S]) change(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f()
	close(l.changed)
	l.changed = make(chan struct{})
}

// get returns the session, or why there is none.
func (l *link[S]) get() (S, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return l.now, queue.ErrClosed
	}
	if l.up {
		select {
		case <-l.now.lost(): // run has not seen it yet
			return l.now, errLost
		default:
		}
	}
	return l.now, l.err
}

// sessions is how many were opened so far.
func (l *link[S]) sessions() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.opened
}

// wait returns the session as soon as there is one.
func (l *link[S]) wait(ctx context.Context) (S, error) {
	for {
		l.mu.Lock()
		changed := l.changed
		l.mu.Unlock()
		s, err := l.get()
		if err == nil || errors.Is(err, queue.ErrClosed) {
			return s, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return s, fmt.Errorf("%w; the broker is away: %w", ctx.Err(), err)
		}
	}
}

// connect opens one connection. Its errors do not hold the address.
func (q *Queue) connect(ctx context.Context, purpose string, to *nodes) (*amqp.Connection, error) {
	ctx, cancel := context.WithTimeout(ctx, to.handshake()) // for the address too, not only the answer
	defer cancel()
	properties := amqp.NewConnectionProperties()
	properties.SetClientConnectionName("oaserver " + purpose)
	var release func() bool
	conn, err := amqp.DialConfig(to.next(), amqp.Config{
		Heartbeat: q.cfg.Heartbeat, Properties: properties, Locale: "en_US",
		Dial: func(network, address string) (net.Conn, error) {
			c, err := q.cfg.Dial(ctx, network, address)
			if err != nil {
				return nil, err
			}
			// The library knows no context; it takes the deadline back after the handshake.
			release = context.AfterFunc(ctx, func() { _ = c.Close() })
			return c, c.SetDeadline(time.Now().Add(to.handshake()))
		},
	})
	if release != nil {
		release()
	}
	if err != nil {
		return nil, fmt.Errorf("connect to the broker: %w", err)
	}
	return conn, nil
}

// leave closes a connection; one that is lost already is no error.
func leave(conn *amqp.Connection) {
	_ = conn.CloseDeadline(time.Now().Add(farewell))
}

// pause returns after d or when ctx ends.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
