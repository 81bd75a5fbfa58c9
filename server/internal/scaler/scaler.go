// Package scaler owns how many app servers a load balancer uses (DIS-2). It runs on the
// load balancer's host, reads the load of both load balancers of the pair, and moves
// app servers into Nginx's upstream and out of it. It starts and stops no server: one
// that is out idles, and may be stopped once the last request at it has ended.
package scaler

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Config of a Scaler.
type Config struct {
	// Own and Partner look at the Nginx of this host and of the other load balancer; a
	// nil Partner means that there is no other. The pool follows the larger rate, so
	// that the host that takes the address over has the pool of the one that had it.
	Own, Partner Reader
	// Every is the interval of the looks; a rate is the average over it.
	Every time.Duration
	// Hold is how long the rate must be in a lower band before the pool shrinks, and
	// Margin the share of that band's upper edge by which it must be below, 0 to 0.9.
	Hold   time.Duration
	Margin float64
	Bands  Bands
	// Servers are all app servers. A band that takes n of them takes the first n that are
	// healthy, and the next healthy one stands by.
	Servers []string
	// Health is asked for each server every HealthEvery; nil means that all count as
	// healthy and none stands by.
	Health      Health
	HealthEvery time.Duration
	Apply       Apply
}

// Scaler keeps the upstream of one Nginx as large as the load wants it. What it does
// not know never makes the pool smaller: it begins with the pool of the highest band, and
// while one of the load balancers cannot be read, the pool only grows.
type Scaler struct {
	cfg     Config
	sources []*source
	sizer   *sizer
	health  *health
	log     *slog.Logger
	metrics *metrics

	applied []string // list that was applied last; nil: none by this scaler

	mu  sync.Mutex
	own error // of the last look at the own Nginx
}

var errNoLook = errors.New("not looked at yet")

// New makes a Scaler; nothing runs yet.
func New(cfg Config, log *slog.Logger, reg prometheus.Registerer) (*Scaler, error) {
	if err := cfg.Bands.Validate(); err != nil {
		return nil, err
	}
	if have := len(cfg.Servers); cfg.Bands.Most() > have {
		return nil, fmt.Errorf("the highest band takes %d app servers, there are %d", cfg.Bands.Most(), have)
	}
	m, err := newMetrics(reg, len(cfg.Servers))
	if err != nil {
		return nil, fmt.Errorf("register metrics of the scaler: %w", err)
	}
	if cfg.Health != nil && cfg.HealthEvery <= 0 {
		return nil, errors.New("the interval of the health checks must be above 0")
	}
	s := &Scaler{cfg: cfg, sizer: newSizer(cfg.Bands, cfg.Hold, cfg.Margin), health: newHealth(cfg.Health, cfg.Servers), log: log, metrics: m, own: errNoLook}
	s.sources = append(s.sources, &source{name: "own", read: cfg.Own})
	if cfg.Partner != nil {
		s.sources = append(s.sources, &source{name: "partner", read: cfg.Partner})
	}
	return s, nil
}

// Run looks and acts until ctx ends; then it returns nil.
func (s *Scaler) Run(ctx context.Context) error {
	tick := time.NewTicker(s.cfg.Every)
	defer tick.Stop()
	var asking sync.WaitGroup
	defer asking.Wait()
	var examine <-chan time.Time // never, without a Health
	if s.health.ask != nil {
		every := time.NewTicker(s.cfg.HealthEvery)
		defer every.Stop()
		examine = every.C
	}
	answers := make(chan []error, 1) // of one examination, which delays no look
	underWay := false
	s.step(ctx)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			s.step(ctx)
		case <-examine:
			if !underWay {
				underWay = true
				asking.Go(func() { answers <- s.health.look(ctx) })
			}
		case errs := <-answers:
			underWay = false
			s.examined(ctx, errs)
		}
	}
}

// examined takes the answers of the app servers, and changes the pool when one has failed
// or come back.
func (s *Scaler) examined(ctx context.Context, errs []error) {
	if ctx.Err() != nil {
		return
	}
	changes := s.health.take(errs)
	if len(changes) == 0 {
		return
	}
	for _, c := range changes {
		if c.err != nil {
			s.log.Warn("an app server is unhealthy; the next healthy one takes its place", "server", c.server, "error", c.err)
		} else {
			s.log.Info("an app server is healthy again", "server", c.server)
		}
	}
	s.metrics.healthy.Set(float64(s.health.healthy()))
	s.follow(ctx)
}

// Check says whether the own Nginx could be read when it was looked at last.
func (s *Scaler) Check(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.own
}

// step is one look, and what follows from it.
func (s *Scaler) step(ctx context.Context) {
	rate, whole := s.look(ctx)
	if ctx.Err() != nil {
		return
	}
	before := s.sizer.band
	band := s.sizer.next(time.Now(), rate, whole)
	s.metrics.band.Set(float64(band + 1))
	if band != before {
		s.log.Info("the rate has another band", "requests_per_second", rate, "from", s.cfg.Bands[band].From, "servers", s.cfg.Bands[band].Servers)
	}
	s.follow(ctx)
}

// follow applies the pool of the present band when another one is in use.
func (s *Scaler) follow(ctx context.Context) {
	n := s.cfg.Bands[s.sizer.band].Servers
	if list := s.health.pool(n); !slices.Equal(list, s.applied) {
		s.apply(context.WithoutCancel(ctx), n, list) // a change is not cut in the middle
	}
}

// look asks all load balancers at once. The rate is the larger of those that are known;
// it is whole when all are.
func (s *Scaler) look(ctx context.Context) (rate float64, whole bool) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Every/2)
	defer cancel()
	rates, before := make([]float64, len(s.sources)), make([]error, len(s.sources))
	for i, from := range s.sources {
		before[i] = from.err
	}
	knowns, resets := make([]bool, len(s.sources)), make([]bool, len(s.sources))
	var all sync.WaitGroup
	for i, from := range s.sources {
		all.Go(func() { rates[i], knowns[i], resets[i] = from.look(ctx) })
	}
	all.Wait()
	whole = true
	for i, from := range s.sources {
		s.metrics.looked(from, rates[i], knowns[i], resets[i])
		switch {
		case from.err != nil && before[i] == nil:
			s.log.Warn("a load balancer could not be read; the pool does not shrink meanwhile", "lb", from.name, "error", from.err)
		case from.err == nil && before[i] != nil:
			s.log.Info("a load balancer can be read again", "lb", from.name)
		}
		whole = whole && knowns[i]
		rate = max(rate, rates[i])
	}
	s.mu.Lock()
	s.own = s.sources[0].err
	s.mu.Unlock()
	return rate, whole
}

// apply gives Nginx a list in which n servers serve. What fails is tried again after the
// next look.
func (s *Scaler) apply(ctx context.Context, n int, list []string) {
	err := s.cfg.Apply(ctx, list)
	switch {
	case err == nil:
		s.applied = list
		s.metrics.servers.Set(float64(n))
		s.metrics.applies.WithLabelValues(resultApplied).Inc()
		return
	case errors.Is(err, ErrRefused):
		s.metrics.applies.WithLabelValues(resultRefused).Inc()
	default:
		s.metrics.applies.WithLabelValues(resultFailed).Inc()
	}
	s.log.Error("the app servers could not be changed", "servers", list, "error", err)
}
