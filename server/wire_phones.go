package server

import (
	"time"

	bindingstore "oalab/server/internal/binding/store"
	"oalab/server/internal/business"
	"oalab/server/internal/cache"
)

// What stands between the bound numbers, their caches and the database.
var (
	_ cache.BindingStore = (*bindingstore.Store)(nil)
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
	db := ask(&err, b.stores)
	redis := ask(&err, b.redis)
	if err != nil {
		return phoneBook{}, err
	}
	bindings, err := cache.NewBindings(cache.BindingsConfig{Seed: uint64(time.Now().UnixNano())}, redis, db.bindings, b.log, b.reg)
	if err != nil || b.cfg.Cache.Bindings == cache.Off {
		return phoneBook{Phones: db.bindings}, err
	}
	return phoneBook{Phones: bindings, cached: bindings}, nil
}
