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
	// errBusy: as many messages as allowed are being worked on.
	errBusy = errors.New("too many messages at once")
	// errStopping: the server takes no new work.
	errStopping = errors.New("the server is stopping")
	// errPanicked: the work for a message panicked.
	errPanicked = errors.New("work panicked")
)

// flights lets the tries of one message that arrive while it is being worked on
// share that work. The work does not end with the try that began it: the
// platform hangs up after 5 s and comes again, and then the work may be done.
type flights struct {
	limit    int
	duration time.Duration

	cut    context.Context // ended by drain when its patience ends
	cutNow context.CancelFunc

	mu       sync.Mutex
	byKey    map[string]*flight
	kept     kept
	count    int
	draining bool
	idle     chan struct{} // closed when draining and count is 0
}

// flight is the work for one message. done is closed when result and err are set.
type flight struct {
	done   chan struct{}
	result answer
	err    error

	sender   string
	place    place // among the tries that are worked on
	forsaken bool  // a try left before it was done
}

func newFlights(limit int, duration time.Duration) *flights {
	f := &flights{
		limit: limit, duration: duration,
		byKey: make(map[string]*flight), idle: make(chan struct{}),
	}
	f.cut, f.cutNow = context.WithCancel(context.Background())
	return f
}

// awaits reports whether a message of this sender is being worked on, or is answered, for
// a try that has left: the next try costs no work.
func (f *flights) awaits(sender string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.kept.has(sender, time.Now())
}

// ready reports whether a try with this key would find its answer, or work under way.
func (f *flights) ready(key string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, underWay := f.byKey[key]
	_, answered := f.kept.answer(key)
	return underWay || answered
}

// do returns what work returned for this key, its own or that of a flight under
// way or of one that ended when no try waited for it any more. When ctx ends first its error
// is returned and the work goes on, in the place of the try that began it.
func (f *flights) do(ctx context.Context, key, sender string, p *place, work func(context.Context) (answer, error)) (answer, error) {
	f.mu.Lock()
	if a, ok := f.kept.answer(key); ok {
		f.mu.Unlock()
		return a, nil
	}
	current, underWay := f.byKey[key]
	if !underWay {
		if f.draining || f.count >= f.limit {
			err := errBusy
			if f.draining {
				err = errStopping
			}
			f.mu.Unlock()
			return answer{}, err
		}
		current = &flight{done: make(chan struct{}), sender: sender, place: *p}
		*p = place{}
		f.byKey[key] = current
		f.count++
		go f.run(context.WithoutCancel(ctx), key, current, work)
	}
	f.mu.Unlock()

	select {
	case <-current.done:
		return current.result, current.err
	case <-ctx.Done():
		f.forsake(current)
		return answer{}, ctx.Err()
	}
}

// forsake notes that a try left a flight without its answer.
func (f *flights) forsake(current *flight) {
	f.mu.Lock()
	defer f.mu.Unlock()
	select {
	case <-current.done: // too late to be kept
		return
	default:
	}
	if !current.forsaken {
		current.forsaken = true
		f.kept.expect(current.sender)
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
		current.place.leave()
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.byKey[key] == current {
			delete(f.byKey, key)
		}
		if current.forsaken {
			f.kept.settle(key, current.sender, current.result, current.err == nil, time.Now())
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
