package callback

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

var (
	// errBusy: as many messages as allowed are being worked on, or the server stops.
	errBusy = errors.New("too many messages at once")
	// errPanicked: the work for a message panicked.
	errPanicked = errors.New("work panicked")
)

// flights lets the tries of one message that arrive while it is being worked on
// share that work. The work does not end with the try that began it: the
// platform hangs up after 5 s and comes again, and then the work may be done.
type flights struct {
	limit    int
	duration time.Duration
	share    bool

	cut    context.Context // ended by drain when its patience ends
	cutNow context.CancelFunc

	mu       sync.Mutex
	byKey    map[string]*flight
	count    int
	draining bool
	idle     chan struct{} // closed when draining and count is 0
}

// flight is the work for one message. done is closed when result and err are set.
type flight struct {
	done   chan struct{}
	result answer
	err    error
}

func newFlights(limit int, duration time.Duration, share bool) *flights {
	f := &flights{
		limit: limit, duration: duration, share: share,
		byKey: make(map[string]*flight), idle: make(chan struct{}),
	}
	f.cut, f.cutNow = context.WithCancel(context.Background())
	return f
}

// do returns what work returned for this key, its own or that of a flight under
// way. When ctx ends first its error is returned and the work goes on.
func (f *flights) do(ctx context.Context, key string, work func(context.Context) (answer, error)) (answer, error) {
	f.mu.Lock()
	current, underWay := f.byKey[key]
	if !underWay || !f.share {
		if f.draining || f.count >= f.limit {
			f.mu.Unlock()
			return answer{}, errBusy
		}
		current = &flight{done: make(chan struct{})}
		f.byKey[key] = current
		f.count++
		go f.run(context.WithoutCancel(ctx), key, current, work)
	}
	f.mu.Unlock()

	select {
	case <-current.done:
		return current.result, current.err
	case <-ctx.Done():
		return answer{}, ctx.Err()
	}
}

func (f *flights) run(ctx context.Context, key string, current *flight, work func(context.Context) (answer, error)) {
	ctx, cancel := context.WithTimeout(ctx, f.duration)
	stop := context.AfterFunc(f.cut, cancel)
	defer func() {
		if r := recover(); r != nil {
			current.err = fmt.Errorf("%w: %v\n%s", errPanicked, r, debug.Stack())
		}
		stop()
		cancel()
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.byKey[key] == current {
			delete(f.byKey, key)
		}
		f.count--
		if f.draining && f.count == 0 {
			close(f.idle)
		}
		close(current.done)
	}()
	current.result, current.err = work(ctx)
}

func (f *flights) drain(ctx context.Context) error {
	f.mu.Lock()
	if !f.draining {
		f.draining = true
		if f.count == 0 {
			close(f.idle)
		}
	}
	f.mu.Unlock()
	defer f.cutNow()
	select {
	case <-f.idle: // also when ctx has ended before
		return nil
	default:
	}
	select {
	case <-f.idle:
		return nil
	case <-ctx.Done():
	}
	f.cutNow()
	<-f.idle
	return fmt.Errorf("work for messages was cut short: %w", ctx.Err())
}
