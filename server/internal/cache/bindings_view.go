package cache

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/bits-and-blooms/bloom/v3"
)

const (
	// PollEvery is how often Run asks for the generation of the bindings.
	PollEvery = time.Second
	// Window is how long a generation counts from when it was asked for: the
	// oldest that an answer of Bindings can be.
	Window = 3 * time.Second
)

const (
	pollTimeout = time.Second
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

// view is which generation the bindings had, and when that was asked.
type view struct {
	generation string
	asked      time.Time
}

// filter holds all that were bound in a generation, and is never changed once made.
type filter struct {
	generation string
	bits       *bloom.BloomFilter
	all        bool // the process has room for all that were bound, too
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

// Run keeps up with the changes of the bindings until ctx ends. It may be called once.
func (b *Bindings) Run(ctx context.Context) error {
	var filling sync.WaitGroup
	defer filling.Wait()
	free := make(chan struct{}, 1) // holds one while no filling is under way
	free <- struct{}{}
	var filled time.Time // when the last filling began
	ticker := time.NewTicker(PollEvery)
	defer ticker.Stop()
	for lost := false; ; {
		generation, err := b.poll(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if (err != nil) != lost {
			lost = err != nil
			b.log.Warn("state of the bindings", "known", !lost, "error", err)
		}
		if err == nil && b.due(generation, filled) {
			select {
			case <-free:
				filled = time.Now()
				filling.Go(func() {
					defer func() { free <- struct{}{} }()
					if err := b.fill(ctx); err != nil && ctx.Err() == nil {
						b.log.Warn("filter of bindings not filled", "error", err)
					}
				})
			default:
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// due reports whether the filter has to be filled, which began last at a time.
func (b *Bindings) due(generation string, filled time.Time) bool {
	f, age := b.filter.Load(), time.Since(filled)
	switch {
	case filled.IsZero():
		return true
	case f == nil || f.generation != generation:
		return age >= fillEvery
	}
	return f.all && age >= warmFor-fillEvery // before the first of them ends
}

// poll asks for the generation. It counts from before the question.
func (b *Bindings) poll(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, pollTimeout)
	defer cancel()
	asked := time.Now()
	generation, err := b.store.BindingGeneration(ctx)
	if err != nil {
		return "", err
	}
	b.view.Store(&view{generation, asked})
	return generation, nil
}

// fill makes a new filter. The generation is read before the bindings: they may
// be of a later one, and then the filter is not asked.
func (b *Bindings) fill(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, fillTimeout)
	defer cancel()
	generation, err := b.store.BindingGeneration(ctx)
	if err != nil {
		return err
	}
	f := &filter{generation: generation, bits: bloom.NewWithEstimates(b.keys, falsePositives)}
	var buf []byte
	now, n := time.Now(), 0
	err = b.store.EachBinding(ctx, func(account, openid, phone string) {
		who := bound{account, openid}
		buf = who.bytes(buf)
		f.bits.Add(buf)
		if n++; n <= b.entries {
			b.process.Set(who, binding{generation: generation, phone: phone, until: now.Add(b.life(BindingTTL, phone))})
		}
	})
	if err != nil {
		return fmt.Errorf("fill the filter of bindings: %w", err)
	}
	f.all = n <= b.entries
	b.filter.Store(f)
	return nil
}
