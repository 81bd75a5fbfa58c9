package server

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"oalab/server/internal/business"
	"oalab/server/internal/cache"
	"oalab/server/internal/sqlstore"
)

// What stands between business and the bindings in the database.
var (
	_ cache.BindingStore = (*sqlstore.DB)(nil)
	_ business.Phones    = (*cache.Bindings)(nil)
)

// newPhones makes the look-up of bound numbers: through the caches, or straight
// from the database where those are off. Only a callback looks up so many that
// it keeps up with the changes.
func (s *Server) newPhones(db *sqlstore.DB, redis *cache.Client, reg prometheus.Registerer) (business.Phones, error) {
	bindings, err := cache.NewBindings(cache.BindingsConfig{Seed: uint64(time.Now().UnixNano())}, redis, db, s.log, reg)
	if err != nil {
		return nil, err
	}
	if s.cfg.Cache.Bindings == CacheOff {
		return db, nil
	}
	if s.roles[RoleCallback] {
		s.keepBindings = bindings.Run
	}
	return bindings, nil
}
