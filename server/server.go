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

	"github.com/prometheus/client_golang/prometheus"

	"oalab/server/internal/oauth"
	"oalab/server/internal/part"
	"oalab/server/internal/telemetry"
	"oalab/server/internal/web"
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
	cfg     Config
	planted planted
	roles   roles
	log     *slog.Logger

	web   *web.Server
	admin *web.Server // /readyz and /metrics; nil when the first has them
	parts []part.Part // in the order of their start
	reg   *prometheus.Registry
	ready *readiness

	stops  lifecycle
	failed chan error // holds one: an end of serving that was not asked for

	mu      sync.Mutex // held by Start and Stop
	started bool
	address atomic.Pointer[string]
	private atomic.Pointer[string] // address of admin
	reads   string                 // address of gRPC
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
	s := &Server{cfg: cfg, planted: cfg.Defects, roles: r, log: newLogger(cfg, opt.Log), ready: &readiness{}, reg: telemetry.NewRegistry(), failed: make(chan error, 1)}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.stops.unwind(context.WithoutCancel(ctx), stopTimeout))
		}
	}()
	if err := newBuild(ctx, s).all(); err != nil {
		return nil, err
	}
	if err := s.openWeb(); err != nil {
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
	if err := s.listen(ctx); err != nil {
		return errors.Join(err, s.stops.unwind(context.WithoutCancel(ctx), stopTimeout))
	}
	for _, p := range s.parts {
		s.begin(p)
	}
	if s.admin != nil {
		s.serve("admin web", s.admin)
	}
	s.serve("web", s.web)
	s.ready.turn(nil)
	s.stops.push("readiness", func(context.Context) error { s.ready.turn(errStopping); return nil })
	s.log.Info("server started", "address", s.Addr(), "admin_address", s.AdminAddr(), "roles", s.roles.names(), "accounts", len(s.cfg.Accounts))
	if !s.roles[RoleScaler] {
		s.warn()
	}
	s.planted.tell(s.log)
	return nil
}

// warn says what this configuration leaves out.
func (s *Server) warn() {
	if len(s.cfg.Accounts) == 0 {
		s.log.Warn("no accounts are configured: every callback is answered with 404")
	}
	if len(s.cfg.API.Apps) == 0 && s.roles[RoleControl] && !s.roles[RoleCallback] {
		s.log.Warn("api.apps is empty: role control answers nothing; list the systems that may ask it")
	}
	if s.cfg.WeChat.APIBase == "" {
		s.log.Warn("wechat.api_base is empty: the platform is never called, and no follower is told how an order ended")
	}
	if !s.cfg.Carrier.Known() {
		s.log.Warn("carrier.wsdl_url and carrier.endpoint are empty: business answers that it is not available")
	}
	if s.roles[RoleOAuth] && s.cfg.OAuth.Sessions == oauth.SessionsShared && s.cfg.Redis.Addr != "" && s.cfg.OAuth.Key == "" {
		s.log.Warn("oauth.key is empty, so this server has a key of its own: a login that begins here cannot end at another server; give all servers one key")
	}
}

// mount takes in what a feature gives. It is called before the server starts.
func (s *Server) mount(p part.Part) {
	s.parts = append(s.parts, p)
	s.ready.health = append(s.ready.health, p.Health...)
}

// begin starts a part, and says how it is stopped.
func (s *Server) begin(p part.Part) {
	if p.Start != nil {
		p.Start()
	}
	if p.Stop != nil {
		s.stops.push(p.Name, p.Stop)
	}
	for _, l := range p.Loops {
		s.background(l.Name, l.Run)
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

// openWeb makes what answers HTTP, on one address or two. Routes are judged together,
// whichever address they have.
func (s *Server) openWeb() (err error) {
	routes := web.Inside(s.ready, s.reg, s.log)
	for _, p := range s.parts {
		for _, r := range p.Routes {
			r.Feature = p.Name
			routes = append(routes, r)
		}
	}
	if s.web, err = web.New(s.log, routes...); err != nil {
		return err
	}
	if s.cfg.AdminListen == "" {
		return s.openDoor()
	}
	var inside, outside []web.Route
	for _, r := range routes {
		if r.Area == web.Admin {
			inside = append(inside, r)
		} else {
			outside = append(outside, r)
		}
	}
	if s.admin, err = web.New(s.log, inside...); err != nil {
		return err
	}
	if s.web, err = web.New(s.log, outside...); err != nil {
		return err
	}
	return s.openDoor()
}

// openDoor finishes the server that the outside reaches.
func (s *Server) openDoor() error {
	s.web.ScriptsFrom(s.cfg.WeChat.JSBase)
	if err := s.reg.Register(s.web.Refused()); err != nil {
		return fmt.Errorf("register what the web server refuses: %w", err)
	}
	return nil
}

// listen opens the sockets.
func (s *Server) listen(ctx context.Context) error {
	if s.admin != nil {
		if err := s.admin.Listen(ctx, s.cfg.AdminListen); err != nil {
			return fmt.Errorf("admin_listen: %w", err)
		}
		address := s.admin.Addr()
		s.private.Store(&address)
	}
	if err := s.web.Listen(ctx, s.cfg.Listen); err != nil {
		if s.admin != nil {
			err = errors.Join(err, s.admin.Stop(ctx))
		}
		return err
	}
	address := s.web.Addr()
	s.address.Store(&address)
	return nil
}

// serve answers until the server is stopped.
func (s *Server) serve(name string, w *web.Server) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := w.Serve(); err != nil {
			s.fail(err)
		}
	}()
	s.stops.push(name, func(ctx context.Context) error {
		err := w.Stop(ctx)
		<-done
		return err
	})
}

// fail notes that serving ended without being asked to.
func (s *Server) fail(err error) {
	s.log.Error("serving ended", "error", err)
	select {
	case s.failed <- err:
	default: // another one has ended before
	}
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

// AdminAddr is the address of /readyz and /metrics where admin_listen gives them one of
// their own; "" without it, and before Start.
func (s *Server) AdminAddr() string {
	if a := s.private.Load(); a != nil {
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
