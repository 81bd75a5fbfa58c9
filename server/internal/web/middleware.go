package web

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/labstack/echo/v4"
)

// requestID takes the caller's id of the request when it is a plain word, and
// makes one otherwise. The answer carries it.
func requestID(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		given := c.Request().Header.Get(echo.HeaderXRequestID)
		if !plain(given) {
			given = rand.Text()
		}
		c.Response().Header().Set(echo.HeaderXRequestID, given)
		return next(c)
	}
}

// id is the request's id.
func id(c echo.Context) string { return c.Response().Header().Get(echo.HeaderXRequestID) }

func plain(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for _, c := range []byte(s) {
		switch {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '-', c == '_':
		default:
			return false
		}
	}
	return true
}

// access writes one line for each request: without the query, which carries
// signatures and codes.
func access(log *slog.Logger) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			started := time.Now()
			err := next(c)
			if err != nil {
				c.Error(err) // writes the answer, so that the status below is the real one
			}
			ctx := c.Request().Context()
			if !log.Enabled(ctx, slog.LevelDebug) {
				return nil
			}
			log.LogAttrs(ctx, slog.LevelDebug, "request",
				slog.String("request_id", id(c)), slog.String("method", c.Request().Method),
				slog.String("path", c.Request().URL.Path), slog.Int("status", c.Response().Status),
				slog.Duration("took", time.Since(started)))
			return nil
		}
	}
}

var errPanicked = errors.New("handler panicked")

// recovery turns a panic into a 500. The one panic that means "hang up" goes on.
func recovery(log *slog.Logger) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) (err error) {
			defer func() {
				r := recover()
				if r == nil {
					return
				}
				if cause, ok := r.(error); ok && errors.Is(cause, http.ErrAbortHandler) {
					panic(r)
				}
				log.ErrorContext(c.Request().Context(), "handler panicked",
					"request_id", id(c), "path", c.Path(), "panic", r, "stack", string(debug.Stack()))
				err = errPanicked
			}()
			return next(c)
		}
	}
}

// guard holds what the area of a path decides of a request: the largest body, from where a
// browser may send it, and what the page that answers it may load.
func (s *site) guard(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		connectionOf(r).serves()
		p := policies[s.area(r.URL.Path)]
		if p.page {
			c.Response().Header().Set(headerPolicy, s.pages)
		}
		if p.bodyLimit > 0 {
			if r.ContentLength > p.bodyLimit {
				return s.refused.guarded(&http.MaxBytesError{Limit: p.bodyLimit})
			}
			r.Body = http.MaxBytesReader(c.Response(), r.Body, p.bodyLimit)
		}
		if p.sameOrigin {
			if err := s.origin.Check(r); err != nil {
				return s.refused.guarded(fmt.Errorf("%w: %w", ErrForbidden, err))
			}
		}
		return next(c)
	}
}
