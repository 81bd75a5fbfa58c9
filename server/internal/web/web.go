// Package web owns the HTTP server: the router, which no other package knows,
// what every request goes through (id, log line, recovery, time limits), what the
// area of a path decides (largest body, form of errors), the JSON envelope, and the one table from errors to statuses.
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
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

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

// Time limits of every connection. The callback's own budget is shorter.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 10 * time.Second
	writeTimeout      = 20 * time.Second
	idleTimeout       = 75 * time.Second
	maxHeaderBytes    = 16 << 10
	readyTimeout      = 2 * time.Second
)

// Server serves HTTP. Listen once, then Serve, then Stop.
type Server struct {
	http     *http.Server
	site     *site
	listener net.Listener
}

// New makes a server that answers the routes, and /healthz. Routes that contradict each
// other are an error.
func New(log *slog.Logger, routes ...Route) (*Server, error) {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	s := &site{segments: make(map[string]Route), taken: make(map[string]string), origin: http.NewCrossOriginProtection(), refused: newRefused(), pages: policyOf("")}
	e.HTTPErrorHandler = s.errorHandler(log)
	e.Use(requestID, access(log), recovery(log), s.guard)
	alive := Route{Feature: "web", Method: http.MethodGet, Pattern: "/healthz", Area: API, Serve: func(w http.ResponseWriter, _ *http.Request, _ Path) error {
		return OK(w, map[string]string{"status": "alive"})
	}}
	for _, r := range append([]Route{alive}, routes...) {
		if err := s.mount(e, r); err != nil {
			return nil, err
		}
	}
	return newServer(e, s, log), nil
}

// Inside are the routes that tell of the inside: /readyz names the parts of the system with
// their errors, /metrics tells its load.
func Inside(readiness Readiness, metrics prometheus.Gatherer, log *slog.Logger) []Route {
	page := promhttp.HandlerFor(metrics, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelError),
		// Compressing a page costs more than all that is on it.
		DisableCompression: true,
	})
	return []Route{
		{Feature: "web", Method: http.MethodGet, Pattern: "/readyz", Area: Admin, Serve: ready(readiness)},
		{Feature: "web", Method: http.MethodGet, Pattern: "/metrics", Area: Admin, Serve: func(w http.ResponseWriter, r *http.Request, _ Path) error {
			page.ServeHTTP(w, r)
			return nil
		}},
	}
}

func newServer(e *echo.Echo, s *site, log *slog.Logger) *Server {
	conns := &connections{refused: s.refused}
	return &Server{site: s, http: &http.Server{
		Handler:           e,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		ConnContext:       conns.begin,
		ConnState:         conns.follow,
	}}
}

// Refused counts what was refused before a feature saw it, for a registry.
func (s *Server) Refused() prometheus.Collector { return s.site.refused.count }

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
func ready(of Readiness) Serve {
	return func(w http.ResponseWriter, r *http.Request, _ Path) error {
		ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
		defer cancel()
		parts := make(map[string]string)
		status := http.StatusOK
		for name, err := range of.Check(ctx) {
			parts[name] = "ok"
			if err != nil {
				parts[name] = err.Error()
				if _, dispensable := errors.AsType[*DispensableError](err); !dispensable {
					status = http.StatusServiceUnavailable
				}
			}
		}
		if status == http.StatusOK {
			return OK(w, parts)
		}
		return answer(w, status, Envelope{Code: status, Message: "not ready", Data: parts})
	}
}
