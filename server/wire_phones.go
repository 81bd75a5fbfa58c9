package server

import (
	"time"

	"oalab/server/internal/business"
	"oalab/server/internal/cache"
	"oalab/server/internal/sqlstore"
)

// What stands between the bound numbers, their caches and the database.
var (
	_ cache.BindingStore = (*sqlstore.DB)(nil)
	_ business.Phones    = (*cache.Bindings)(nil)
)

// phoneBook looks up bound numbers: through the caches, or straight from the database where
// those are off.
type phoneBook struct {
	business.Phones
	cached *cache.Bindings // nil where the caches are off
}

func (b *build) phones() (phoneBook, error) { return shared(b, "phones", b.openPhones) }

func (b *build) openPhones() (phoneBook, error) {
	var err error
	db := ask(&err, b.core)
	redis := ask(&err, b.redis)
	if err != nil {
		return phoneBook{}, err
	}
	bindings, err := cache.NewBindings(cache.BindingsConfig{Seed: uint64(time.Now().UnixNano())}, redis, db, b.log, b.reg)
	if err != nil || b.cfg.Cache.Bindings == cache.Off {
		return phoneBook{Phones: db}, err
	}
	return phoneBook{Phones: bindings, cached: bindings}, nil
}
