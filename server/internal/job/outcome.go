package job

import (
	"errors"
	"fmt"
	"time"
)

// RetryError is a handler's wish to be called again with the same job.
type RetryError struct {
	// After is the wait before the next attempt; 0 leaves it to the worker's back-off.
	After time.Duration
	// Free: the attempt does not count. The job waits for something that concerns all jobs,
	// such as a credential; its handler bounds how long.
	Free bool
	Err  error
}

// Error says why the attempt did not finish the job.
func (e *RetryError) Error() string { return fmt.Sprintf("to be retried: %v", e.Err) }

// Unwrap returns the cause.
func (e *RetryError) Unwrap() error { return e.Err }

// GiveUpError is a handler's wish to see a job never again: it goes to the dead letters.
type GiveUpError struct{ Err error }

// Error says why the job can never succeed.
func (e *GiveUpError) Error() string { return fmt.Sprintf("given up: %v", e.Err) }

// Unwrap returns the cause.
func (e *GiveUpError) Unwrap() error { return e.Err }

// Retry wraps err: try again after the worker's back-off. A plain error means the same.
func Retry(err error) error { return &RetryError{Err: err} }

// RetryAfter wraps err: try again after d.
func RetryAfter(d time.Duration, err error) error { return &RetryError{After: d, Err: err} }

// Postpone wraps err: try again after d. The attempt does not count.
func Postpone(d time.Duration, err error) error { return &RetryError{After: d, Free: true, Err: err} }

// IsPostponed reports whether err asks for an attempt that does not count.
func IsPostponed(err error) bool {
	r, ok := errors.AsType[*RetryError](err)
	return ok && r.Free
}

// GiveUp wraps err: do not try again.
func GiveUp(err error) error { return &GiveUpError{Err: err} }

// IsGiveUp reports whether err asks for no further attempt.
func IsGiveUp(err error) bool {
	var g *GiveUpError
	return errors.As(err, &g)
}

// Delay returns the wait that err asks for, 0 when it leaves that to the worker.
func Delay(err error) time.Duration {
	if r, ok := errors.AsType[*RetryError](err); ok {
		return r.After
	}
	return 0
}
