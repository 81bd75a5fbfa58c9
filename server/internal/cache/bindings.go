package cache

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/singleflight"

	"oalab/server/internal/business"
	"oalab/server/internal/freshness"
)

// How long an answer about a follower's number is kept, at most: each life is
// shorter by up to a fifth, by chance, so that what was filled together does not
// end together. A change of bindings ends them all sooner: see Bindings.
const (
	// BindingTTL is the life in this process, SharedBindingTTL that in Redis.
	BindingTTL       = 300 * time.Second
	SharedBindingTTL = 600 * time.Second
	// UnboundTTL is the life of "not bound", in both.
	UnboundTTL = 3 * time.Second
)

// lookupTimeout bounds one shared look-up in Redis and the database.
const lookupTimeout = 3 * time.Second

// BindingStore is the database behind Bindings.
type BindingStore interface {
	// Phone returns the number bound to a follower, or business.ErrUnbound.
	Phone(ctx context.Context, account, openid string) (string, error)
	// EachBinding visits every follower that has a number bound.
	EachBinding(ctx context.Context, visit func(account, openid, phone string)) error
}

// BindingsConfig sizes Bindings; zero values take the defaults.
type BindingsConfig struct {
	// Seed is that of the jitter of the lives.
	Seed uint64
	// Entries bounds what this process keeps; 0 means 100 000 followers. Up to so many
	// bindings are kept from the start, with the filter, and kept warm.
	Entries int
	// Keys is the number of bindings that the filter is sized for; 0 means 10⁶
	// (1.9 MB). More cost more look-ups in the database, and are never wrong.
	Keys uint
}

// Bindings looks up the number that is bound to a follower: in this process, in
// the filter of all that are bound, in Redis, and in the database, where
// look-ups of one follower at one time share one statement (STO-5).
//
// How old an answer may be: a look-up that begins freshness.Window (3 s) or more
// after the commit of a change, by whichever process, sees that change or a later
// one; usually it is as soon as the change was broadcast. For that, every answer and
// the filter are kept under the generation of the bindings, a name that every change
// replaces, and count only under the one that See told last, and only for Window from
// when it was asked for; when nobody tells it, every look-up is one statement of its own.
// Who changes the table past this program must change the name too, or wait for
// the lives to end.
//
// The filter says "surely not bound" without a statement; on its false positives
// (0.1 %) the database is asked. After a change it is filled again, not more
// often than each 10 s; until then it is not asked. What it is filled from is kept in
// this process, as far as there is room: where all bindings have room, it is filled
// again before their lives end, and nobody has to be asked for.
//
// Numbers are in Redis as they are; what protects them is what protects the
// tokens, and the lives above. It is safe for concurrent use.
type Bindings struct {
	client  *Client
	store   BindingStore
	log     *slog.Logger
	keys    uint
	entries int
	process *otter.Cache[bound, binding]
	flights singleflight.Group
	view    atomic.Pointer[view]
	seen    chan struct{} // holds one when the view is newer than what Run has seen
	filter  atomic.Pointer[filter]

	hits     prometheus.Counter
	refusals prometheus.Counter

	mu     sync.Mutex // guards chance
	chance *rand.Rand
}

// bound is a follower of an account.
type bound struct{ account, openid string }

// binding is what is known of a follower under one generation.
type binding struct {
	generation string
	phone      string // "" is not bound
	until      time.Time
}

func (b binding) answer() (string, error) {
	if b.phone == "" {
		return "", business.ErrUnbound
	}
	return b.phone, nil
}

// NewBindings makes a Bindings that asks the database until it is told a generation, and
// registers oalab_bloom_refusals_total with reg, which may be nil.
func NewBindings(cfg BindingsConfig, c *Client, store BindingStore, log *slog.Logger, reg prometheus.Registerer) (*Bindings, error) {
	if cfg.Entries <= 0 {
		cfg.Entries = 100_000
	}
	if cfg.Keys == 0 {
		cfg.Keys = 1_000_000
	}
	// Lives are in the entries: the cache needs no clock and no goroutine of its own.
	process, err := otter.New(&otter.Options[bound, binding]{MaximumSize: cfg.Entries})
	if err != nil {
		return nil, fmt.Errorf("make the cache of bindings: %w", err)
	}
	b := &Bindings{
		client: c, store: store, log: log, keys: cfg.Keys, entries: cfg.Entries, process: process, seen: make(chan struct{}, 1),
		hits: c.requests.WithLabelValues(cacheBindings, resultHit),
		refusals: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "oalab_bloom_refusals_total", Help: "Look-ups of followers that the filter knew to have no number bound.",
		}),
		chance: rand.New(rand.NewPCG(cfg.Seed, 0)),
	}
	if reg != nil {
		if err := reg.Register(b.refusals); err != nil {
			return nil, fmt.Errorf("register metrics of bindings: %w", err)
		}
	}
	return b, nil
}

// Phone returns the number bound to a follower, or business.ErrUnbound; another
// error is the database's, and is not kept.
func (b *Bindings) Phone(ctx context.Context, account, openid string) (string, error) {
	now := time.Now()
	v := b.view.Load()
	if v == nil || now.Sub(v.asked) >= freshness.Window {
		return b.store.Phone(ctx, account, openid)
	}
	who := bound{account, openid}
	if kept, ok := b.kept(who, v.generation, now); ok {
		b.hits.Inc()
		return kept.answer()
	}
	if f := b.filter.Load(); f != nil && f.generation == v.generation && !f.has(who) {
		b.refusals.Inc()
		return "", business.ErrUnbound
	}
	return b.shared(ctx, who, v.generation)
}

// kept is what this process keeps of a follower.
func (b *Bindings) kept(who bound, generation string, now time.Time) (binding, bool) {
	kept, ok := b.process.GetIfPresent(who)
	return kept, ok && kept.generation == generation && now.Before(kept.until)
}

// shared lets look-ups of one follower share one. It goes on when the caller that
// began it is gone: the others wait for it too.
func (b *Bindings) shared(ctx context.Context, who bound, generation string) (string, error) {
	key := bindingKey(who, generation)
	done := b.flights.DoChan(key, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookupTimeout)
		defer cancel()
		return b.fetch(ctx, key, who, generation)
	})
	select {
	case res := <-done:
		if res.Err != nil {
			return "", res.Err
		}
		return res.Val.(binding).answer()
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// fetch asks Redis, then the database. The generation was read before: what is
// found is of that state or of a later one.
func (b *Bindings) fetch(ctx context.Context, key string, who bound, generation string) (binding, error) {
	if kept, ok := b.kept(who, generation, time.Now()); ok { // by a flight that has just landed
		b.hits.Inc()
		return kept, nil
	}
	found := binding{generation: generation}
	var ok bool
	if found.phone, ok = b.client.getBinding(ctx, key); !ok {
		phone, err := b.store.Phone(ctx, who.account, who.openid)
		if err != nil && !errors.Is(err, business.ErrUnbound) {
			return binding{}, err
		}
		found.phone = phone
		b.client.putBinding(ctx, key, phone, b.life(SharedBindingTTL, phone))
	}
	found.until = time.Now().Add(b.life(BindingTTL, found.phone))
	b.process.Set(who, found)
	return found, nil
}

// life is how long an answer is kept that may be kept for ttl.
func (b *Bindings) life(ttl time.Duration, phone string) time.Duration {
	if phone == "" {
		ttl = UnboundTTL
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return ttl - time.Duration(b.chance.Int64N(int64(ttl/5)+1))
}

func bindingKey(who bound, generation string) string {
	return "oalab:bind:" + generation + ":" + who.account + ":" + who.openid
}

// How a binding is written in Redis.
const (
	sharedBound   = '+' // the number follows
	sharedUnbound = "-"
)

// getBinding returns the number kept under a key, "" for a follower without; false
// when nothing is known.
func (c *Client) getBinding(ctx context.Context, key string) (phone string, ok bool) {
	ok = c.visit(ctx, cacheBindings, resultHit, func(ctx context.Context) error {
		raw, err := c.rdb.Get(ctx, key).Result()
		switch {
		case err != nil:
			return err
		case raw == sharedUnbound:
			return nil
		case len(raw) > 1 && raw[0] == sharedBound:
			phone = raw[1:]
			return nil
		}
		return errors.New("a binding in the cache has an unknown form")
	})
	return phone, ok
}

func (c *Client) putBinding(ctx context.Context, key, phone string, life time.Duration) {
	raw := sharedUnbound
	if phone != "" {
		raw = string(sharedBound) + phone
	}
	c.visit(ctx, cacheBindings, resultDone, func(ctx context.Context) error {
		return c.rdb.Set(ctx, key, raw, life).Err()
	})
}
