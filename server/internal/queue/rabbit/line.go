package rabbit

import (
	"context"
	"sync"

	"oalab/server/internal/queue"
)

// line is one queue of the contract in this process. It outlives the sessions.
type line struct {
	name             string
	work, wait, dead string // its queues at the broker
	prefetch         int

	wanted chan struct{} // closed once there is a receiver
	once   sync.Once
	// out has room for all that the broker may have given out to one session.
	out chan *delivery

	mu     sync.Mutex
	flying int           // received, not settled
	held   int           // here, and not received yet
	landed chan struct{} // closed at the next change of flying
}

func newLine(name, work string, prefetch int) *line {
	if prefetch <= 0 {
		prefetch = 32
	}
	return &line{
		name: name, work: work, wait: work + ".wait", dead: work + ".dead", prefetch: prefetch,
		wanted: make(chan struct{}), out: make(chan *delivery, prefetch), landed: make(chan struct{}),
	}
}

func (l *line) want() { l.once.Do(func() { close(l.wanted) }) }

// move changes the counts in one step, so that a job on its way from one to the
// other is never seen as neither.
func (l *line) move(flying, held int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.flying += flying
	l.held += held
	if flying != 0 {
		close(l.landed)
		l.landed = make(chan struct{})
	}
}

// figures is what this process knows: what the broker has is not in it.
func (l *line) figures() queue.Figures {
	l.mu.Lock()
	defer l.mu.Unlock()
	return queue.Figures{Depth: l.held, InFlight: l.flying}
}

// idle waits until all that was received is settled.
func (l *line) idle(ctx context.Context) error {
	for {
		l.mu.Lock()
		flying, landed := l.flying, l.landed
		l.mu.Unlock()
		if flying == 0 {
			return nil
		}
		select {
		case <-landed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
