package cache

import (
	"context"
	"fmt"
	"time"

	"github.com/bits-and-blooms/bloom/v3"
)

const (
	// fillEvery is the least time between two fillings of the filter, each of which
	// reads all bindings; fillTimeout bounds one.
	fillEvery   = 10 * time.Second
	fillTimeout = time.Minute
	// warmFor is how long all that was kept with a filling lives at least.
	warmFor = BindingTTL * 4 / 5
	// falsePositives is the filter's share when it is full: below 0.1 %, so that a
	// count by chance stays below it too.
	falsePositives = 0.0008
)

// view is since when all changes of bindings are known.
type view struct{ asked time.Time }

// filter holds all that were bound at a moment, and is never changed once made.
type filter struct {
	bits *bloom.BloomFilter
	all  bool // the process has room for all that were bound, too
}

// bytes is how a follower stands in the filter.
func (w bound) bytes(buf []byte) []byte {
	buf = append(buf[:0], w.account...)
	buf = append(buf, 0)
	return append(buf, w.openid...)
}

// has is false only for a follower that was surely not bound.
func (f *filter) has(who bound) bool {
	var buf [128]byte
	return f.bits.Test(who.bytes(buf[:]))
}

// Load learns which bindings have changed, and voids what is kept of them. It is called
// when the generation of the bindings is another one, by one goroutine at a time.
func (b *Bindings) Load(ctx context.Context) error {
	news, err := b.store.BindingChanges(ctx, b.known.last())
	if err != nil {
		return fmt.Errorf("learn which bindings changed: %w", err)
	}
	b.known.learn(news, time.Now(), func(who bound) { b.process.Invalidate(who) }, func() {
		b.process.InvalidateAll()
		b.filter.Store(nil)
	})
	return nil
}

// See tells that all changes are known that were committed before a moment. It does not
// block.
func (b *Bindings) See(_ string, asked time.Time) {
	b.view.Store(&view{asked})
	select {
	case b.seen <- struct{}{}:
	default:
	}
}

// Run fills the filter, and again when it is due, until ctx ends. It may be called once.
func (b *Bindings) Run(ctx context.Context) error {
	var filled time.Time // when the last filling began
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-b.seen:
		}
		if !b.due(filled) {
			continue
		}
		filled = time.Now()
		if err := b.fill(ctx); err != nil && ctx.Err() == nil {
			b.log.Warn("filter of bindings not filled", "error", err)
		}
	}
}

// due reports whether the filter has to be filled, which began last at a time.
func (b *Bindings) due(filled time.Time) bool {
	f, age := b.filter.Load(), time.Since(filled)
	switch {
	case filled.IsZero():
		return true
	case f == nil || b.known.crowded():
		return age >= fillEvery
	}
	return f.all && age >= warmFor-fillEvery // before the first of them ends
}

// fill makes a new filter. The changes that are known were learnt before the bindings are
// read, which may be of a later state.
func (b *Bindings) fill(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, fillTimeout)
	defer cancel()
	seq := b.known.last()
	f := &filter{bits: bloom.NewWithEstimates(b.keys, falsePositives)}
	var buf []byte
	now, n := time.Now(), 0
	err := b.store.EachBinding(ctx, func(account, openid, phone string) {
		who := bound{account, openid}
		buf = who.bytes(buf)
		f.bits.Add(buf)
		if n++; n <= b.entries {
			b.keep(who, number{phone: phone, until: now.Add(b.life(BindingTTL, phone))}, seq)
		}
	})
	if err != nil {
		return fmt.Errorf("fill the filter of bindings: %w", err)
	}
	f.all = n <= b.entries
	b.known.filled(seq, func() { b.filter.Store(f) })
	return nil
}
