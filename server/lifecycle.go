package server

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// stopGrace is how much longer than its context a stop may take before it is
// left behind, so that one that hangs cannot keep the others from stopping.
const stopGrace = 2 * time.Second

// lifecycle is a stack of named stops. The zero value is empty.
type lifecycle struct {
	mu     sync.Mutex
	stops  []namedStop
	done   bool
	result error
}

type namedStop struct {
	name string
	stop func(context.Context) error
}

// push adds what undoes the step just taken.
func (l *lifecycle) push(name string, stop func(context.Context) error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stops = append(l.stops, namedStop{name, stop})
}

// unwind calls the stops, the last pushed first, each once, and joins their
// errors. All of them run, also after ctx has ended; limit bounds a ctx without
// a deadline. A second unwind returns the result of the first.
func (l *lifecycle) unwind(ctx context.Context, limit time.Duration) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.done {
		return l.result
	}
	l.done = true
	if _, bounded := ctx.Deadline(); !bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	var errs []error
	for _, v := range slices.Backward(l.stops) {
		if err := call(ctx, v.stop); err != nil {
			errs = append(errs, fmt.Errorf("stop %s: %w", v.name, err))
		}
	}
	l.stops = nil
	l.result = errors.Join(errs...)
	return l.result
}

var errHangs = errors.New("does not end, left behind")

// call waits for one stop, but not for ever.
func call(ctx context.Context, stop func(context.Context) error) error {
	done := make(chan error, 1)
	go func() { done <- stop(ctx) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	grace := time.NewTimer(stopGrace)
	defer grace.Stop()
	select {
	case err := <-done:
		return err
	case <-grace.C:
		return errHangs
	}
}
