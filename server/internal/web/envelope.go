package web

import (
	"errors"
	"log/slog"
	"net/http"

	"github.com/labstack/echo/v4"
)

// Envelope is the JSON form of the answers of the areas API, Admin and Control, except /metrics.
// Code is 0 for success and the HTTP status otherwise.
type Envelope struct {
	Code      int    `json:"code"`
	Message   string `json:"message"`
	Data      any    `json:"data"`
	RequestID string `json:"request_id"`
}

// Refuse answers with an error that has data of its own, in an envelope. Its code is the status.
func Refuse(w http.ResponseWriter, status int, message string, data any) error {
	return answer(w, status, Envelope{Code: status, Message: message, Data: data})
}

// Errors that handlers return; the table below turns them into statuses.
var (
	// ErrInvalid: the request cannot be understood.
	ErrInvalid = errors.New("invalid request")
	// ErrForbidden: the caller may not do this.
	ErrForbidden = errors.New("forbidden")
	// ErrNotFound: there is no such thing.
	ErrNotFound = errors.New("not found")
	// ErrUnauthorized: the caller has to log in first.
	ErrUnauthorized = errors.New("login required")
	// ErrSignature: a signed request is not what it should be.
	ErrSignature = errors.New("signature not accepted")
	// ErrConflict: what the request is based on has changed since.
	ErrConflict = errors.New("changed meanwhile")
	// ErrTooMany: the caller asks too often. The answer says when to come back (Retry-After),
	// where the handler has set that header.
	ErrTooMany = errors.New("too many requests")
	// ErrUnavailable: not now; the same request may succeed later.
	ErrUnavailable = errors.New("temporarily unavailable")
)

// statuses is the one table from errors to statuses. What is not in it is an
// internal error, and its text is not shown.
func statuses() []struct {
	err    error
	status int
} {
	return []struct {
		err    error
		status int
	}{
		{ErrInvalid, http.StatusBadRequest},
		{ErrForbidden, http.StatusForbidden},
		{ErrNotFound, http.StatusNotFound},
		{ErrUnauthorized, http.StatusUnauthorized},
		{ErrSignature, http.StatusUnauthorized},
		{ErrConflict, http.StatusConflict},
		{ErrTooMany, http.StatusTooManyRequests},
		{ErrUnavailable, http.StatusServiceUnavailable},
	}
}

// classify returns the status of an error and what the caller may read of it.
func classify(err error) (status int, message string) {
	for _, entry := range statuses() {
		if errors.Is(err, entry.err) {
			return entry.status, err.Error()
		}
	}
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return http.StatusRequestEntityTooLarge, http.StatusText(http.StatusRequestEntityTooLarge)
	}
	// The router's own errors, such as an unknown path.
	if routed, ok := errors.AsType[*echo.HTTPError](err); ok && routed.Code < http.StatusInternalServerError {
		return routed.Code, http.StatusText(routed.Code)
	}
	return http.StatusInternalServerError, "internal error"
}

// errorHandler writes an error in the form of its area.
func (s *site) errorHandler(log *slog.Logger) echo.HTTPErrorHandler {
	return func(err error, c echo.Context) {
		status, message := classify(err)
		if status >= http.StatusInternalServerError {
			log.ErrorContext(c.Request().Context(), "request failed",
				"request_id", id(c), "path", c.Path(), "status", status, "error", err)
		}
		if c.Response().Committed {
			return
		}
		if err := policies[s.area(c.Request().URL.Path)].fail(c.Response(), status, message); err != nil {
			log.DebugContext(c.Request().Context(), "error answer was not sent", "request_id", id(c), "error", err)
		}
	}
}
