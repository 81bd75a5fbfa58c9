package business

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"oalab/server/internal/queue"
	"oalab/server/internal/reply"
)

// Config of a Service; the zero value of a field that says nothing else is refused.
type Config struct {
	// InlineWait is how long a query may keep the callback waiting.
	InlineWait time.Duration
	// CarrierTimeout bounds each call of a worker.
	CarrierTimeout time.Duration
	// LeaseMargin is by how much the lease of an order outlives the call that it
	// covers; 0 means 2 s.
	LeaseMargin time.Duration
	// SweepEvery is the rhythm of the sweeper, SweepAfter the time without
	// progress after which it brings an order back.
	SweepEvery, SweepAfter time.Duration
	// RetryMax is the longest wait of a job between two attempts: the sweeper counts it in.
	RetryMax time.Duration
	// Places is how many jobs of each kind are worked at at once.
	Places Places
	// Replies is a cache in front of the store's replies; nil means none.
	Replies reply.Cache
	// Recent keeps the carrier's answers to queries; nil means that each query asks it.
	Recent Recent
	// Tells is a broker: what it has confirmed it keeps. The jobs that tell a follower go
	// there unstored, before the order's own job ends. nil: they are stored with the
	// order's end.
	Tells queue.Publisher
	// Holding is the broker that has the jobs, for the sweeper to ask; nil: each job keeps
	// its row until it is done.
	Holding queue.Holding
	// MoneyEnded is told of each top-up that has come to its end, before its follower is; nil
	// means nothing. It bears being told again; after an error it is.
	MoneyEnded func(ctx context.Context, o Order) error
	// Results are the templates of accounts that do not use DefaultResult.
	Results map[string]ResultTemplate
	// PageLife is how long a number chooses from a page; 0 means 10 min.
	PageLife time.Duration
	// Zone is where the carrier's months begin; nil means UTC.
	Zone *time.Location
	// Now is the clock of serials and job times; nil means time.Now.
	Now func() time.Time
}

// Service answers business commands and does the jobs that follow from them.
// It is safe for concurrent use.
type Service struct {
	cfg     Config
	store   Store
	stored  reply.Store
	phones  Phones
	waiting Waiting
	carrier Carrier
	wechat  WeChat
	log     *slog.Logger
	replies *reply.Keeper
	pushed  prometheus.Histogram
	swept   prometheus.Counter
	codes   atomic.Pointer[catalogue] // never nil
}

// New makes a Service with an empty catalogue (see Reload). With a nil Carrier all
// business is answered "not available". It registers its metrics with reg, which may
// be nil.
func New(cfg Config, in Stores, c Carrier, w WeChat, log *slog.Logger, reg prometheus.Registerer) (*Service, error) {
	if min(cfg.InlineWait, cfg.CarrierTimeout, cfg.SweepEvery, cfg.SweepAfter) <= 0 {
		return nil, fmt.Errorf("business: each of InlineWait %v, CarrierTimeout %v, SweepEvery %v and SweepAfter %v must be above 0",
			cfg.InlineWait, cfg.CarrierTimeout, cfg.SweepEvery, cfg.SweepAfter)
	}
	if cfg.LeaseMargin <= 0 {
		cfg.LeaseMargin = 2 * time.Second
	}
	if cfg.PageLife <= 0 {
		cfg.PageLife = 10 * time.Minute
	}
	if cfg.Zone == nil {
		cfg.Zone = time.UTC
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	replies, err := reply.New(in.Replies, cfg.Replies, cfg.InlineWait)
	if err != nil {
		return nil, fmt.Errorf("business: %w", err)
	}
	s := &Service{
		cfg: cfg, store: in.Orders, stored: in.Replies, phones: in.Phones, waiting: in.Waiting,
		replies: replies, carrier: c, wechat: w, log: log, pushed: newPushDelay(),
	}
	s.swept = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "oalab_orders_swept_total", Help: "Orders without progress that were given a job again.",
	})
	if reg != nil {
		if err := errors.Join(reg.Register(s.pushed), reg.Register(s.swept)); err != nil {
			return nil, fmt.Errorf("register business metrics: %w", err)
		}
	}
	s.codes.Store(&catalogue{})
	return s, nil
}

// Reload reads the catalogue. On an error the old one stays in use.
func (s *Service) Reload(ctx context.Context) error {
	codes, err := s.store.Catalogue(ctx)
	if err != nil {
		return fmt.Errorf("reload catalogue: %w", err)
	}
	c, err := newCatalogue(codes)
	if err != nil {
		return fmt.Errorf("reload catalogue: %w", err)
	}
	s.codes.Store(c)
	return nil
}
