//go:build defects

package freshness

import (
	"context"
	"sync"
)

// DefectStaleCache is the name of the planted defect that makes a server believe its copies
// until it is told otherwise: a change whose broadcast was lost is never asked for.
const DefectStaleCache = "stale-cache"

// Believe is that defect: the store says that nothing has changed until the broadcast brings
// news. What it did bring is asked for until there is an answer, so that nothing but a
// broadcast that is lost shows the defect.
func Believe(store Store, news Broadcast) (Store, Broadcast) {
	b := &believer{store: store, news: news}
	return b, b
}

type believer struct {
	store Store
	news  Broadcast

	mu    sync.Mutex
	known map[Topic]string
	told  bool // news has come that the store was not asked for
}

// Generations implements Store.
func (b *believer) Generations(ctx context.Context) (map[Topic]string, error) {
	b.mu.Lock()
	if b.known != nil && !b.told {
		defer b.mu.Unlock()
		return b.known, nil
	}
	b.told = false
	b.mu.Unlock()
	found, err := b.store.Generations(ctx)
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case err == nil:
		b.known = found
	case b.known == nil:
		return nil, err
	default:
		b.told = true
	}
	return b.known, nil
}

// Listen implements Broadcast.
func (b *believer) Listen(ctx context.Context, heard func()) {
	b.news.Listen(ctx, func() {
		b.mu.Lock()
		b.told = true
		b.mu.Unlock()
		heard()
	})
}
