package cache

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/singleflight"

	"oalab/server/internal/binding"
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
	// Phone returns the number bound to a follower, or binding.ErrUnbound.
	Phone(ctx context.Context, account, openid string) (string, error)
	// EachBinding visits every follower that has a number bound.
	EachBinding(ctx context.Context, visit func(account, openid, phone string)) error
	// BindingChanges tells which bindings have changed after a change that is known; 0 asks
	// for all that are remembered.
	BindingChanges(ctx context.Context, after int64) (binding.Changes, error)
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
// one; usually it is as soon as the change was broadcast. For that, every change of a
// binding is numbered in the order of the commits, and Load, which is called when the
// generation of the bindings is another one, voids what is kept of the followers that
// have changed, and of no others. What is in Redis names the number up to which its
// writer knew all changes, and is believed when its follower has not changed since. All
// that counts for Window from when See told that the changes are known; when See is not told,
// every look-up is one statement of its own.
// A program that changes the table must give the generation another name too. Otherwise
// its change is seen when the lives end. One that does not note which followers it has
// changed voids all that is kept.
//
// The filter says "surely not bound" without a statement; on its false positives
// (0.1 %) the database is asked. It grows by the followers that are bound later, and is
// filled again when these are many, not more often than each 10 s. What it is filled from
// is kept in this process, as far as there is room: where all bindings have room, it is
// filled again before their lives end, and no follower has to be asked for.
//
// Numbers are in Redis as they are; what protects them is what protects the
// tokens, and the lives above. It is safe for concurrent use.
type Bindings struct {
	client  *Client
	store   BindingStore
	log     *slog.Logger
	keys    uint
	entries int
	process *otter.Cache[bound, number]
	flights singleflight.Group
	view    atomic.Pointer[view]
	seen    chan struct{} // holds one when the view is newer than what Run has seen
	filter  atomic.Pointer[filter]
	known   known

	hits     prometheus.Counter
	refusals prometheus.Counter

	mu     sync.Mutex // guards chance
	chance *rand.Rand
}

// bound is a follower of an account.
type bound struct{ account, openid string }

// number is what is known of the number of a follower.
type number struct {
	phone string // "" is not bound
	until time.Time
}

func (b number) answer() (string, error) {
	if b.phone == "" {
		return "", binding.ErrUnbound
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
	process, err := otter.New(&otter.Options[bound, number]{MaximumSize: cfg.Entries})
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

// Phone returns the number bound to a follower, or binding.ErrUnbound; another
// error is the database's, and is not kept.
func (b *Bindings) Phone(ctx context.Context, account, openid string) (string, error) {
	now := time.Now()
	v := b.view.Load()
	if v == nil || now.Sub(v.asked) >= freshness.Window {
		return b.store.Phone(ctx, account, openid)
	}
	who := bound{account, openid}
	if kept, ok := b.kept(who, now); ok {
		b.hits.Inc()
		return kept.answer()
	}
	// In this order: a new filter takes the place of the followers beside the old one.
	if isNew := b.known.isNew(who); !isNew {
		if f := b.filter.Load(); f != nil && !f.has(who) {
			b.refusals.Inc()
			return "", binding.ErrUnbound
		}
	}
	return b.shared(ctx, who)
}

// kept is what this process keeps of a follower.
func (b *Bindings) kept(who bound, now time.Time) (number, bool) {
	kept, ok := b.process.GetIfPresent(who)
	return kept, ok && now.Before(kept.until)
}

// shared lets look-ups of one follower share one, as long as the follower does not change.
// It goes on when the caller that began it is gone: the others wait for it too.
func (b *Bindings) shared(ctx context.Context, who bound) (string, error) {
	at := b.known.at(who)
	done := b.flights.DoChan(at.flight(who), func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookupTimeout)
		defer cancel()
		return b.fetch(ctx, who, at)
	})
	select {
	case res := <-done:
		if res.Err != nil {
			return "", res.Err
		}
		return res.Val.(number).answer()
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// fetch asks Redis, then the database. All changes up to at were known before: what is
// found is of that state or of a later one.
func (b *Bindings) fetch(ctx context.Context, who bound, at point) (number, error) {
	if kept, ok := b.kept(who, time.Now()); ok { // by a flight that has just landed
		b.hits.Inc()
		return kept, nil
	}
	var found number
	key := bindingKey(who, at.database)
	phone, seq, ok := b.client.getBinding(ctx, key)
	if ok = ok && b.known.believes(who, seq); ok {
		found.phone = phone
	} else {
		phone, err := b.store.Phone(ctx, who.account, who.openid)
		if err != nil && !errors.Is(err, binding.ErrUnbound) {
			return number{}, err
		}
		found.phone = phone
		b.client.putBinding(ctx, key, phone, at.seq, b.life(SharedBindingTTL, phone))
	}
	found.until = time.Now().Add(b.life(BindingTTL, found.phone))
	b.keep(who, found, at.seq)
	return found, nil
}

// keep keeps what was read when all changes up to seq were known, unless the follower has
// changed since.
func (b *Bindings) keep(who bound, found number, seq int64) {
	b.known.unchanged(who, seq, func() { b.process.Set(who, found) })
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

func bindingKey(who bound, database string) string {
	return "oalab:binding:" + database + ":" + who.account + ":" + who.openid
}

// How a binding is written in Redis: the number of the last change that its writer knew,
// then one of these.
const (
	sharedBound   = "+" // the number follows
	sharedUnbound = "-" // nothing follows
)

// getBinding returns the number kept under a key, "" for a follower without, and the last
// change that its writer knew; false when nothing is known.
func (c *Client) getBinding(ctx context.Context, key string) (phone string, seq int64, ok bool) {
	ok = c.visit(ctx, cacheBindings, resultHit, func(ctx context.Context) error {
		raw, err := c.rdb.Get(ctx, key).Result()
		if err != nil {
			return err
		}
		if number, bound, is := strings.Cut(raw, sharedBound); is && bound != "" {
			phone = bound
			seq, err = strconv.ParseInt(number, 10, 64)
		} else if number, rest, is := strings.Cut(raw, sharedUnbound); is && rest == "" {
			seq, err = strconv.ParseInt(number, 10, 64)
		} else {
			err = errForm
		}
		return err
	})
	return phone, seq, ok
}

var errForm = errors.New("a binding in the cache has an unknown form")

func (c *Client) putBinding(ctx context.Context, key, phone string, seq int64, life time.Duration) {
	raw := strconv.FormatInt(seq, 10) + sharedUnbound
	if phone != "" {
		raw = strconv.FormatInt(seq, 10) + sharedBound + phone
	}
	c.visit(ctx, cacheBindings, resultDone, func(ctx context.Context) error {
		return c.rdb.Set(ctx, key, raw, life).Err()
	})
}
