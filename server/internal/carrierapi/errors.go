package carrierapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"

	"oalab/server/carrier"
	"oalab/server/internal/resilience"
)

// Class groups the ways in which a call fails, as oalab_carrier_errors_total
// counts them.
type Class string

// The classes of errors.
const (
	ClassTimeout Class = "timeout" // no answer in time: outcome unknown
	ClassRefused Class = "refused" // nothing to send it to, or no connection: surely not sent
	ClassReset   Class = "reset"   // the connection broke: outcome unknown
	ClassFault   Class = "fault"   // a SOAP fault: outcome unknown
	ClassBreaker Class = "breaker" // the call was not made: surely not sent
	ClassOther   Class = "other"   // anything else: outcome unknown
)

// Classes returns all classes.
func Classes() []Class {
	return []Class{ClassTimeout, ClassRefused, ClassReset, ClassFault, ClassBreaker, ClassOther}
}

// Error is a call to the carrier that failed. An answer that refuses by a
// business rule is none: that is a *carrier.RefusedError.
type Error struct {
	Op    string
	Class Class
	// NotSent is true when the carrier surely has not seen the request;
	// otherwise the call may have had its effect.
	NotSent bool
	Err     error
}

// Error says which operation failed how.
func (e *Error) Error() string {
	sent := "outcome unknown"
	if e.NotSent {
		sent = "not sent"
	}
	return fmt.Sprintf("carrier %s: %s (%s): %v", e.Op, e.Class, sent, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// NotSent reports whether err says that the carrier surely has not seen the
// request. Of any other error that is not known.
func NotSent(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.NotSent
}

// classify makes an Error of what a call of op met. sending is true once a
// request may have left for the operation itself.
func classify(op string, err error, sending bool) *Error {
	e := &Error{Op: op, Class: ClassOther, NotSent: !sending, Err: err}
	var (
		fault   *carrier.FaultError
		timeout net.Error
	)
	switch {
	case errors.Is(err, resilience.ErrRefused):
		e.Class, e.NotSent = ClassBreaker, true
	case errors.As(err, &fault):
		e.Class = ClassFault
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		e.Class = ClassTimeout
	case !sending:
		e.Class = ClassRefused
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		e.Class = ClassReset
	}
	return e
}
