package resilience

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sony/gobreaker/v2"
)

// ErrRefused is returned when a Lane does not make a call: its breaker is open
// or its bulkhead is full. The call has surely not happened.
var ErrRefused = errors.New("call not made")

// LaneConfig sizes a Lane; zero values take the defaults.
type LaneConfig struct {
	Name string
	// Width is how many calls may run at once; 0 means 64.
	Width int
	// Wait is how long a call may wait for a place; 0 refuses it at once.
	Wait time.Duration
	// MinCalls is how many calls an interval needs before the share of failures
	// counts; 0 means 20.
	MinCalls uint32
	// FailureShare opens the breaker; 0 means 0.5.
	FailureShare float64
	// Interval is the age at which counts are forgotten; 0 means 5 s.
	Interval time.Duration
	// OpenFor is how long the breaker stays open before it probes; 0 means 2 s.
	OpenFor time.Duration
	// Probes is how many calls may probe a half-open breaker; 0 means 3.
	Probes uint32
	// Failed says which errors count against the other side; nil means all.
	Failed func(error) bool
}

// Lane is a way to a neighbour that is guarded by a bulkhead, which bounds the
// calls under way, and a circuit breaker, which stops calling one that fails.
// It is safe for concurrent use.
type Lane[T any] struct {
	name    string
	wait    time.Duration
	places  chan struct{}
	breaker *gobreaker.CircuitBreaker[T]
}

// NewLane makes a Lane.
func NewLane[T any](c LaneConfig) *Lane[T] {
	if c.Width <= 0 {
		c.Width = 64
	}
	if c.MinCalls == 0 {
		c.MinCalls = 20
	}
	if c.FailureShare <= 0 {
		c.FailureShare = 0.5
	}
	if c.Interval <= 0 {
		c.Interval = 5 * time.Second
	}
	if c.OpenFor <= 0 {
		c.OpenFor = 2 * time.Second
	}
	if c.Probes == 0 {
		c.Probes = 3
	}
	return &Lane[T]{
		name:   c.Name,
		wait:   c.Wait,
		places: make(chan struct{}, c.Width),
		breaker: gobreaker.NewCircuitBreaker[T](gobreaker.Settings{
			Name: c.Name, MaxRequests: c.Probes, Interval: c.Interval, Timeout: c.OpenFor,
			ReadyToTrip: func(n gobreaker.Counts) bool {
				return n.Requests >= c.MinCalls && float64(n.TotalFailures) >= c.FailureShare*float64(n.Requests)
			},
			IsSuccessful: func(err error) bool {
				return err == nil || (c.Failed != nil && !c.Failed(err))
			},
		}),
	}
}

// Do makes the call, or returns an error that wraps ErrRefused.
func (l *Lane[T]) Do(ctx context.Context, call func(context.Context) (T, error)) (T, error) {
	var zero T
	if !l.enter(ctx) {
		return zero, fmt.Errorf("%w: %s has %d calls under way", ErrRefused, l.name, cap(l.places))
	}
	defer func() { <-l.places }()
	v, err := l.breaker.Execute(func() (T, error) { return call(ctx) })
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		return zero, fmt.Errorf("%w: %s: %w", ErrRefused, l.name, err)
	}
	return v, err
}

// enter takes a place, and waits for one as long as the lane lets a call wait and ctx lasts.
func (l *Lane[T]) enter(ctx context.Context) bool {
	select {
	case l.places <- struct{}{}:
		return true
	default:
	}
	if l.wait <= 0 {
		return false
	}
	over := time.NewTimer(l.wait)
	defer over.Stop()
	select {
	case l.places <- struct{}{}:
		return true
	case <-over.C:
	case <-ctx.Done():
	}
	return false
}
