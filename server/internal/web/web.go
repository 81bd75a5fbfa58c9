// Package web owns the HTTP server: the router, which no other package knows,
// what every request goes through (id, log line, recovery, body limit, time
// limits), the JSON envelope, and the one table from errors to statuses.
package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Callback answers the platform's calls for an account. Its answers follow the
// platform's protocol, not the JSON envelope.
type Callback interface {
	ServeAccount(w http.ResponseWriter, r *http.Request, account string)
}

// Readiness says what this server depends on.
type Readiness interface {
	// Check returns the state of every part by its name; nil means that it is
	// well, and a *DispensableError that the server is ready without it. It
	// returns when ctx ends.
	Check(ctx context.Context) map[string]error
}

// DispensableError says what is wrong with a part that the server can do without.
type DispensableError struct{ Err error }

func (e *DispensableError) Error() string { return "away, and dispensable: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *DispensableError) Unwrap() error { return e.Err }

// Config of a Server.
type Config struct {
	// Callback is nil on a server without that role.
	Callback  Callback
	Readiness Readiness
	Metrics   prometheus.Gatherer
	Log       *slog.Logger
}

// Time limits of every connection. The callback's own budget is shorter.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 10 * time.Second
	writeTimeout      = 20 * time.Second
	idleTimeout       = 75 * time.Second
	maxHeaderBytes    = 16 << 10
	bodyLimit         = "1M"
	readyTimeout      = 2 * time.Second
)

const callbackPath = "/wechat/:account"

// isCallback reports whether the platform called: it has its own protocol, also
// for errors, and its own body limit.
func isCallback(c echo.Context) bool { return c.Path() == callbackPath }

// Server serves HTTP. Listen once, then Serve, then Stop.
type Server struct {
	http     *http.Server
	listener net.Listener
}

// New makes the router.
func New(cfg Config) *Server {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = errorHandler(cfg.Log)
	e.Use(requestID, access(cfg.Log), recovery(cfg.Log),
		middleware.BodyLimitWithConfig(middleware.BodyLimitConfig{Limit: bodyLimit, Skipper: isCallback}))

	e.GET("/healthz", func(c echo.Context) error { return ok(c, map[string]string{"status": "alive"}) })
	e.GET("/readyz", ready(cfg.Readiness))
	e.GET("/metrics", echo.WrapHandler(promhttp.HandlerFor(cfg.Metrics, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(cfg.Log.Handler(), slog.LevelError),
		// Compressing a page costs more than all that is on it.
		DisableCompression: true,
	})))
	if cfg.Callback != nil {
		serve := func(c echo.Context) error {
			cfg.Callback.ServeAccount(c.Response(), c.Request(), c.Param("account"))
			return nil
		}
		e.GET(callbackPath, serve)
		e.POST(callbackPath, serve)
	}
	return &Server{http: &http.Server{
		Handler:           e,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(cfg.Log.Handler(), slog.LevelDebug),
	}}
}

// Handler is the router itself, for tests that need no socket.
func (s *Server) Handler() http.Handler { return s.http.Handler }

// Listen opens the socket, so that a busy port is known before anything is
// served. Port 0 takes a free one.
func (s *Server) Listen(ctx context.Context, address string) error {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		if cause, ok := errors.AsType[*net.OpError](err); ok {
			err = cause.Err // it repeats the address
		}
		return fmt.Errorf("listen on %s: %w", address, err)
	}
	s.listener = listener
	return nil
}

// Addr is the address that Listen opened, or "".
func (s *Server) Addr() string {
	if s.listener == nil {
		return ""
	}
	return s.listener.Addr().String()
}

// Serve serves until Stop; then it returns nil.
func (s *Server) Serve() error {
	if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve %s: %w", s.Addr(), err)
	}
	return nil
}

// Stop closes the socket and waits for the requests under way; when ctx ends
// first their connections are closed.
func (s *Server) Stop(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(fmt.Errorf("requests under way were cut: %w", err), s.http.Close())
	}
	if s.listener != nil { // one that was never served is not closed by Shutdown
		if closing := s.listener.Close(); closing != nil && !errors.Is(closing, net.ErrClosed) {
			err = errors.Join(err, closing)
		}
	}
	return err
}

// ready answers 200 when every part is well and 503 otherwise, and names each
// part either way (LOG-6).
func ready(r Readiness) echo.HandlerFunc {
	return func(c echo.Context) error {
		ctx, cancel := context.WithTimeout(c.Request().Context(), readyTimeout)
		defer cancel()
		parts := make(map[string]string)
		status := http.StatusOK
		for name, err := range r.Check(ctx) {
			parts[name] = "ok"
			if err != nil {
				parts[name] = err.Error()
				if _, dispensable := errors.AsType[*DispensableError](err); !dispensable {
					status = http.StatusServiceUnavailable
				}
			}
		}
		if status == http.StatusOK {
			return ok(c, parts)
		}
		return send(c, status, "not ready", parts)
	}
}
