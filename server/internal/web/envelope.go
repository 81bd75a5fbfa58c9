package web

import (
	"errors"
	"log/slog"
	"net/http"

	"github.com/labstack/echo/v4"
)

// Envelope is the JSON form of every answer but the callback's and /metrics.
// Code is 0 for success and the HTTP status otherwise.
type Envelope struct {
	Code      int    `json:"code"`
	Message   string `json:"message"`
	Data      any    `json:"data"`
	RequestID string `json:"request_id"`
}

// Errors that handlers return; the table below turns them into statuses.
var (
	// ErrInvalid: the request cannot be understood.
	ErrInvalid = errors.New("invalid request")
	// ErrForbidden: the caller may not do this.
	ErrForbidden = errors.New("forbidden")
	// ErrNotFound: there is no such thing.
	ErrNotFound = errors.New("not found")
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
	// The router's own errors, such as an unknown path or a body beyond the limit.
	if routed, ok := errors.AsType[*echo.HTTPError](err); ok && routed.Code < http.StatusInternalServerError {
		return routed.Code, http.StatusText(routed.Code)
	}
	return http.StatusInternalServerError, "internal error"
}

func errorHandler(log *slog.Logger) echo.HTTPErrorHandler {
	return func(err error, c echo.Context) {
		if c.Response().Committed {
			return
		}
		status, message := classify(err)
		if status >= http.StatusInternalServerError {
			log.ErrorContext(c.Request().Context(), "request failed",
				"request_id", id(c), "path", c.Path(), "status", status, "error", err)
		}
		answer := func() error { return send(c, status, message, nil) }
		if isCallback(c) {
			answer = func() error { return c.NoContent(status) }
		}
		if err := answer(); err != nil {
			log.DebugContext(c.Request().Context(), "error answer was not sent", "request_id", id(c), "error", err)
		}
	}
}

func ok(c echo.Context, data any) error {
	return c.JSON(http.StatusOK, Envelope{Message: "ok", Data: data, RequestID: id(c)})
}

func send(c echo.Context, status int, message string, data any) error {
	if c.Request().Method == http.MethodHead {
		return c.NoContent(status)
	}
	return c.JSON(status, Envelope{Code: status, Message: message, Data: data, RequestID: id(c)})
}
