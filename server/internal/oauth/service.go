package oauth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/singleflight"

	"oalab/server/internal/resilience"
	"oalab/server/internal/web"
	"oalab/server/internal/wechatapi"
)

// Config of a Service. What is not said to be optional must be there.
type Config struct {
	Settings
	// OpenBase is the address of the platform's pages; "" means that no follower can log in.
	OpenBase string
	// Accounts are those that followers log in to.
	Accounts []Account
	// Keys protect cookies and tokens.
	Keys *Keyring
	// Named is told of each profile that the platform gave with a follower's consent, after it
	// was kept; nil means nothing. It is safe for concurrent use.
	Named func(ctx context.Context, u User) error
	// Seed is that of the jitter of waits.
	Seed uint64
	// Breaker sizes the way to the platform; its zero value takes the defaults.
	Breaker resilience.LaneConfig
}

// Account is an official account or a mini program.
type Account struct{ Name, AppID string }

// Service is the web login. It is safe for concurrent use.
type Service struct {
	cfg      Config
	targets  *Targets
	proxies  []netip.Prefix
	keys     *Keyring
	sessions Sessions
	users    Users
	platform Platform
	tickets  Tickets
	log      *slog.Logger
	metrics  *metrics
	limits   *limits
	accounts map[string]Account
	grants   *resilience.Lane[wechatapi.WebGrant]
	profiles *resilience.Lane[wechatapi.WebUser]
	minis    *resilience.Lane[wechatapi.MiniGrant]
	backoff  *resilience.Backoff
	renewals singleflight.Group // by account and openid
}

// crowdWait is how long a login waits for its turn at the platform: less than repeatWait, so that a
// callback that was sent again still meets the session of the first one.
const crowdWait = time.Second

// New makes a Service and registers its metrics with reg, which may be nil. It makes no call.
func New(cfg Config, sessions Sessions, users Users, platform Platform, tickets Tickets, log *slog.Logger, reg prometheus.Registerer) (*Service, error) {
	targets, err := NewTargets(cfg.Home, cfg.ReturnPaths, cfg.ReturnSites)
	if err != nil {
		return nil, err
	}
	proxies, err := networks(cfg.Proxies)
	if err != nil {
		return nil, err
	}
	if cfg.Keys == nil || cfg.SessionIdle <= 0 || cfg.SessionLife <= 0 || cfg.TokenLife <= 0 || cfg.ProfileAge <= 0 {
		return nil, errors.New("the login lacks keys, or one of the times of sessions, tokens and profiles")
	}
	s := &Service{
		cfg: cfg, targets: targets, proxies: proxies, keys: cfg.Keys, sessions: sessions, users: users, platform: platform, tickets: tickets, log: log,
		metrics: newMetrics(), accounts: make(map[string]Account), backoff: resilience.NewBackoff(200*time.Millisecond, time.Second, cfg.Seed),
	}
	if s.limits, err = newLimits(cfg.Settings); err != nil {
		return nil, err
	}
	lane := cfg.Breaker
	if lane.Wait == 0 {
		lane.Wait = crowdWait
	}
	lane.Name, lane.Failed = "login at the platform", func(err error) bool { return wechatapi.ErrorClass(err) == wechatapi.ClassBusy }
	s.grants = resilience.NewLane[wechatapi.WebGrant](lane)
	lane.Name = "profiles at the platform"
	s.profiles = resilience.NewLane[wechatapi.WebUser](lane)
	lane.Name = "mini programs at the platform"
	s.minis = resilience.NewLane[wechatapi.MiniGrant](lane)
	for _, a := range cfg.Accounts {
		s.accounts[a.Name] = a
	}
	if reg != nil {
		if err := reg.Register(s.metrics.logins); err != nil {
			return nil, fmt.Errorf("register metrics of the login: %w", err)
		}
	}
	return s, nil
}

// Routes are the addresses of the login and of its API.
func (s *Service) Routes() []web.Route {
	page := func(method, pattern string, serve accountServe) web.Route {
		return web.Route{Method: method, Pattern: "/oauth/{account}/" + pattern, Area: web.Page, Serve: s.forAccount(serve)}
	}
	api := func(method, pattern string, serve accountServe) web.Route {
		return web.Route{Method: method, Pattern: "/api/v1/login/{account}/" + pattern, Area: web.API, Serve: s.forAccount(serve)}
	}
	return []web.Route{
		page(http.MethodGet, "login", s.serveLogin),
		page(http.MethodGet, "style.css", s.serveStyle),
		page(http.MethodGet, "callback", s.serveCallback),
		page(http.MethodPost, "logout", s.serveLogout),
		api(http.MethodGet, "me", s.serveMe),
		api(http.MethodPost, "token", s.serveToken),
		api(http.MethodPost, "refresh", s.serveRefresh),
		api(http.MethodPost, "revoke", s.serveRevoke),
		api(http.MethodPost, "mini", s.serveMini),
		api(http.MethodGet, "keys", s.serveKeys),
		{Method: http.MethodGet, Pattern: "/jssdk/{account}/config", Area: web.API, Serve: s.forAccount(s.serveConfig)},
	}
}

// accountServe answers a request of one account.
type accountServe func(w http.ResponseWriter, r *http.Request, account string) error

// forAccount refuses unknown accounts. What a login answers is one follower's: nothing on
// the way may keep it, and no other page may learn its address.
func (s *Service) forAccount(serve accountServe) web.Serve {
	return func(w http.ResponseWriter, r *http.Request, path web.Path) error {
		account := path.Param("account")
		if _, known := s.accounts[account]; !known {
			return fmt.Errorf("%w: no such account", web.ErrNotFound)
		}
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		return serve(w, r, account)
	}
}

// base is the address under which the browser reaches this server.
func (s *Service) base(r *http.Request) string {
	if s.cfg.BaseURL != "" {
		return strings.TrimSuffix(s.cfg.BaseURL, "/")
	}
	return "http://" + r.Host
}

// secure says that browsers send the cookies over TLS alone.
func (s *Service) secure() bool { return strings.HasPrefix(s.cfg.BaseURL, "https://") }
