package server

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"oalab/server/internal/business"
	"oalab/server/internal/cache"
	"oalab/server/internal/freshness"
	"oalab/server/internal/job"
	"oalab/server/internal/sqlstore"
	"oalab/server/internal/support"
)

// What stands between the features, their copies and the database.
var (
	_ cache.BindingStore  = (*sqlstore.DB)(nil)
	_ business.Phones     = (*cache.Bindings)(nil)
	_ freshness.Store     = (*sqlstore.DB)(nil)
	_ freshness.Broadcast = (*cache.News)(nil)
)

// newPhones makes the look-up of bound numbers: through the caches, or straight
// from the database where those are off.
func (s *Server) newPhones(db *sqlstore.DB, redis *cache.Client, reg prometheus.Registerer) (business.Phones, *cache.Bindings, error) {
	bindings, err := cache.NewBindings(cache.BindingsConfig{Seed: uint64(time.Now().UnixNano())}, redis, db, s.log, reg)
	if err != nil {
		return nil, nil, err
	}
	if s.cfg.Cache.Bindings == CacheOff {
		return db, nil, nil
	}
	return bindings, bindings, nil
}

// newWatch makes what keeps the copies of a server that answers messages up to date,
// and loads them. bindings may be nil.
func (s *Server) newWatch(ctx context.Context, db *sqlstore.DB, redis *cache.Client, service *business.Service,
	answers *support.Service, bindings *cache.Bindings, reg prometheus.Registerer,
) (*freshness.Watch, error) {
	cfg := freshness.Config{NewsOnly: job.Defects(s.cfg.Defects).Has(job.DefectStaleCache)}
	watch, err := freshness.New(cfg, db, cache.NewNews(redis), s.log, reg)
	if err != nil {
		return nil, err
	}
	watch.Keep(freshness.Business, service.Reload)
	watch.Keep(freshness.Keywords, answers.Reload)
	if bindings != nil {
		watch.Follow(freshness.Bindings, bindings.See)
		s.keepBindings = bindings.Run
	}
	s.keepCopies = watch.Run
	return watch, watch.Look(ctx)
}
