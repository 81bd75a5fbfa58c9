package business

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/singleflight"

	"oalab/server/internal/job"
	"oalab/server/internal/queue"
	"oalab/server/internal/worker"
)

// Config of a Service; zero values take the defaults.
type Config struct {
	// InlineWait is how long a query may keep the callback waiting; 0 means 700 ms.
	InlineWait time.Duration
	// CarrierTimeout bounds each call of a worker; 0 means 4 s.
	CarrierTimeout time.Duration
	// LeaseMargin is by how much the lease of an order outlives the call that it
	// covers; 0 means 2 s.
	LeaseMargin time.Duration
	// SweepEvery is the rhythm of the sweeper, SweepAfter the time without
	// progress after which it brings an order back; 0 means 2 s and 15 s.
	SweepEvery, SweepAfter time.Duration
	Defects                job.Defects
	// Replies is a cache in front of the store's replies; nil means none.
	Replies Replies
	// Phones is a cache in front of the store's bindings; nil means none.
	Phones Phones
	// Direct takes the jobs under the planted defect no-outbox; unused otherwise.
	Direct queue.Publisher
	// Tells is a broker: what it has confirmed it keeps. The jobs that tell a follower go
	// there unstored, before the order's own job ends. nil: they are stored with the
	// order's end.
	Tells queue.Publisher
	// Now is the clock of serials and job times; nil means time.Now.
	Now func() time.Time
}

// Service answers business commands and does the jobs that follow from them.
// It is safe for concurrent use.
type Service struct {
	cfg     Config
	store   Store
	carrier Carrier
	wechat  WeChat
	log     *slog.Logger
	replies Replies
	pushed  prometheus.Histogram
	codes   atomic.Pointer[catalogue]
	flights singleflight.Group // queries under way, by account and key
}

// New makes a Service with an empty catalogue (see Reload). With a nil Carrier all
// business is answered "not available". It registers oalab_push_delay_seconds with reg,
// which may be nil.
func New(cfg Config, store Store, c Carrier, w WeChat, log *slog.Logger, reg prometheus.Registerer) (*Service, error) {
	setDefault(&cfg.InlineWait, 700*time.Millisecond)
	setDefault(&cfg.CarrierTimeout, 4*time.Second)
	setDefault(&cfg.LeaseMargin, 2*time.Second)
	setDefault(&cfg.SweepEvery, 2*time.Second)
	setDefault(&cfg.SweepAfter, 15*time.Second)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Defects.Has(job.DefectNoOutbox) && cfg.Direct == nil {
		return nil, errors.New("business: the defect no-outbox needs a queue to publish to")
	}
	if cfg.Replies == nil || cfg.Defects.Has(job.DefectNoDedup) {
		cfg.Replies = noReplies{}
	}
	if cfg.Phones == nil {
		cfg.Phones = store
	}
	s := &Service{cfg: cfg, store: store, replies: cfg.Replies, carrier: c, wechat: w, log: log, pushed: newPushDelay()}
	if reg != nil {
		if err := reg.Register(s.pushed); err != nil {
			return nil, fmt.Errorf("register business metrics: %w", err)
		}
	}
	s.codes.Store(&catalogue{})
	return s, nil
}

func setDefault(d *time.Duration, v time.Duration) {
	if *d <= 0 {
		*d = v
	}
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
	s.codes.Store(&c)
	return nil
}

// Handlers returns the handlers of this package's jobs.
func (s *Service) Handlers() map[job.Kind]worker.Handler {
	return map[job.Kind]worker.Handler{
		job.KindOrder: s.runOrder,
		job.KindQuery: s.runQuery,
		job.KindTell:  s.runTell,
	}
}

// written splits the jobs of a transaction: those that it stores, and those to
// be published after it (all of them under the planted defect no-outbox).
func (s *Service) written(jobs ...job.Envelope) (stored, direct []job.Envelope) {
	if s.cfg.Defects.Has(job.DefectNoOutbox) {
		return nil, jobs
	}
	return jobs, nil
}

func (s *Service) publish(ctx context.Context, jobs []job.Envelope) error {
	for _, env := range jobs {
		if err := s.cfg.Direct.Publish(ctx, env); err != nil {
			return fmt.Errorf("publish %s: %w", env.Key, err)
		}
	}
	return nil
}
