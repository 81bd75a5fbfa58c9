// Package server owns the process of the reference back end: its configuration,
// the wiring of everything under server/, and its life: New, Start, Stop, Addr.
// It owns no rule of the business itself.
package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"oalab/server/internal/outbox"
	"oalab/server/internal/telemetry"
	"oalab/server/internal/web"
	"oalab/server/internal/worker"
)

// stopTimeout bounds a Stop whose context has no deadline.
const stopTimeout = 20 * time.Second

// Options of a Server that are no matter of configuration.
type Options struct {
	// Roles are what this server does; none means all.
	Roles []string
	// Log gets the log, JSON lines; nil discards it.
	Log io.Writer
}

// Server is one running back end. Its methods are safe for concurrent use.
type Server struct {
	cfg   Config
	roles roles
	log   *slog.Logger

	web    *web.Server
	relay  *outbox.Relay
	worker *worker.Worker
	sweep  func(context.Context) error
	// giveBack takes no more from the broker and waits for what was received; nil
	// for the queue in the process.
	giveBack func(context.Context) error
	// keepTokens refreshes the access tokens ahead of time.
	keepTokens func(context.Context) error
	// keepCopies keeps up to date what is kept of the database; nil without the role
	// callback. keepBindings fills the filter of bindings; nil when none are cached.
	keepCopies, keepBindings func(context.Context) error
	// keepLog stores the user log; nil without the role callback.
	keepLog func(context.Context) error
	drain   func(context.Context) error // of the callback; nil without that role
	// scale sizes the pool of app servers; nil without the role scaler, which has nothing else.
	scale func(context.Context) error
	ready *readiness

	stops  lifecycle
	failed chan error // holds one: the end of serving that nobody asked for

	mu      sync.Mutex // held by Start and Stop
	started bool
	address atomic.Pointer[string]
}

// New makes a server from a configuration that it validates: it opens the
// database, brings its tables up to date and loads the catalogue and the
// keywords. On an error everything is closed again. A server that was made must
// be stopped, started or not.
func New(ctx context.Context, cfg Config, opt Options) (_ *Server, err error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	r, err := parseRoles(opt.Roles)
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, roles: r, log: newLogger(cfg, opt.Log), ready: &readiness{}, failed: make(chan error, 1)}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.stops.unwind(context.WithoutCancel(ctx), stopTimeout))
		}
	}()
	if r[RoleScaler] {
		err = s.wireScaler()
	} else {
		err = s.wire(ctx)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

func newLogger(cfg Config, to io.Writer) *slog.Logger {
	if to == nil {
		return slog.New(slog.DiscardHandler)
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(cfg.Log.Level)); err != nil {
		level = slog.LevelInfo // Validate has refused it before
	}
	return telemetry.NewLogger(to, level, telemetry.NewMasker(cfg.secrets()...))
}

// Start opens the socket, starts the work and begins to serve; it returns when
// the server answers. On an error the server is stopped. It may be called once.
func (s *Server) Start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.started {
		return errors.New("server was started or stopped before")
	}
	s.started = true
	if err := s.web.Listen(ctx, s.cfg.Listen); err != nil {
		return errors.Join(err, s.stops.unwind(context.WithoutCancel(ctx), stopTimeout))
	}
	address := s.web.Addr()
	s.address.Store(&address)
	if s.scale != nil {
		s.background("scaler", s.scale)
	}
	s.startWork()
	for name, keep := range map[string]func(context.Context) error{"copies": s.keepCopies, "bindings": s.keepBindings} {
		if keep != nil {
			s.background(name, keep)
		}
	}
	if s.keepLog != nil {
		s.background("user log", s.keepLog)
	}
	if s.drain != nil {
		s.stops.push("callback", s.drain)
	}
	s.serve()
	s.ready.turn(nil)
	s.stops.push("readiness", func(context.Context) error { s.ready.turn(errStopping); return nil })
	s.log.Info("server started", "address", address, "roles", s.roles.names(), "accounts", len(s.cfg.Accounts))
	if !s.roles[RoleScaler] {
		s.warn()
	}
	if len(s.cfg.Defects) > 0 {
		s.log.Warn("defects are planted", "defects", s.cfg.Defects)
	}
	return nil
}

// warn says what this configuration leaves out.
func (s *Server) warn() {
	if len(s.cfg.Accounts) == 0 {
		s.log.Warn("no accounts are configured: every callback is answered with 404")
	}
	if s.cfg.WeChat.APIBase == "" {
		s.log.Warn("wechat.api_base is empty: the platform is never called, and nobody is told how an order ended")
	}
	if s.cfg.Carrier.WSDLURL == "" {
		s.log.Warn("carrier.wsdl_url is empty: business answers that it is not available")
	}
}

// background runs a loop until it is stopped.
func (s *Server) background(name string, loop func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- loop(ctx) }()
	s.stops.push(name, func(context.Context) error {
		cancel()
		return <-done
	})
}

func (s *Server) serve() {
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := s.web.Serve(); err != nil {
			s.log.Error("serving ended", "error", err)
			s.failed <- err
		}
	}()
	s.stops.push("web", func(ctx context.Context) error {
		err := s.web.Stop(ctx)
		<-done
		return err
	})
}

// Failed gives the error by which the server ended to serve without being
// asked to. It must still be stopped.
func (s *Server) Failed() <-chan error { return s.failed }

// Addr is the address that the server listens on, "" before Start.
func (s *Server) Addr() string {
	if a := s.address.Load(); a != nil {
		return *a
	}
	return ""
}

// Stop turns readiness red, lets the requests and the jobs under way end, and
// closes everything, each part in its turn. When ctx ends the rest is cut
// short. What is not finished is taken up at the next start. A second Stop
// waits for the first and returns the same.
func (s *Server) Stop(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.started = true
	s.log.Info("server stops")
	return s.stops.unwind(ctx, stopTimeout)
}
