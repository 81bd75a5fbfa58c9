package server

import (
	"oalab/server/internal/cache"
	"oalab/server/internal/freshness"
	"oalab/server/internal/part"
	"oalab/server/internal/sqldb"
)

// What stands between the features, their copies and the database.
var (
	_ freshness.Store     = (*sqldb.DB)(nil)
	_ freshness.Broadcast = (*cache.News)(nil)
)

// copies keeps the copies of a server that answers messages young.
func (b *build) copies() (*freshness.Watch, error) { return shared(b, "copies", b.openCopies) }

// openCopies makes what keeps the copies of a server that answers messages up to date, and
// loads them.
func (b *build) openCopies() (*freshness.Watch, error) {
	var err error
	db := ask(&err, b.core)
	redis := ask(&err, b.redis)
	orders := ask(&err, b.orders)
	answers := ask(&err, b.keywords)
	phones := ask(&err, b.phones)
	contexts := ask(&err, b.contexts)
	files := ask(&err, b.mediaCopies)
	if err != nil {
		return nil, err
	}
	store, news := b.planted.copies(db, cache.NewNews(redis))
	watch, err := freshness.New(store, news, b.log, b.reg)
	if err != nil {
		return nil, err
	}
	watch.Keep(freshness.Business, orders.Reload)
	watch.Keep(freshness.Keywords, answers.Reload)
	watch.Keep(freshness.Settings, contexts.Reload)
	watch.Keep(freshness.Media, files.Reload)
	if bindings := phones.cached; bindings != nil {
		watch.Keep(freshness.Bindings, bindings.Load)
		watch.Follow(freshness.Bindings, bindings.See)
		b.mount(part.Part{Loops: []part.Loop{{Name: "bindings", Run: bindings.Run}}})
	}
	b.mount(part.Part{Loops: []part.Loop{{Name: "copies", Run: watch.Run}}})
	return watch, watch.Look(b.ctx)
}
