//go:build defects

package token

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"oalab/server/internal/defect"
)

// The planted defects of the token keeper.
const (
	// DefectDeadTokenKept uses a token beyond its life and does not hear that the
	// platform refuses it.
	DefectDeadTokenKept = "dead-token-kept"
	// DefectDoubleRefresh lets two refreshers look before they ask, as two servers
	// without the row's arbitration do. It is meant for /cgi-bin/token.
	DefectDoubleRefresh = "double-refresh"
	// DefectRedisBeforeCommit gives a token to Redis before it is committed. It is meant for
	// /cgi-bin/token.
	DefectRedisBeforeCommit = "redis-before-commit"
)

// Planted is a Keeper with defects.
type Planted struct {
	keepers []*Keeper
	always  []Account // those that are kept while nothing asks
	turn    atomic.Uint64
	dead    bool // keep tokens beyond their life

	mu   sync.Mutex
	last map[string]string // token given out last, by account
}

// NewPlanted is New with the defects that are planted.
func NewPlanted(planted defect.Set, cfg Config, store Store, cache Cache, platform Platform, log *slog.Logger, reg prometheus.Registerer) (*Planted, error) {
	p := &Planted{always: cfg.Accounts, dead: planted.Has(DefectDeadTokenKept), last: make(map[string]string)}
	if planted.Has(DefectRedisBeforeCommit) {
		store = hasty{store, cache}
	}
	moments := []func() float64{cfg.Moment}
	if planted.Has(DefectDoubleRefresh) {
		store = unleased{store}
		if cfg.Moment == nil { // otherwise the second refresher is at another node
			early, late := func() float64 { return 1 }, func() float64 { return 0 }
			moments = []func() float64{early, late} // as far apart as can be
		}
	}
	for _, moment := range moments {
		cfg.Moment = moment
		k, err := New(cfg, store, cache, platform, log, reg)
		if err != nil {
			p.Close()
			return nil, err
		}
		p.keepers = append(p.keepers, k)
		reg = nil // the metrics are those of the first one
	}
	return p, nil
}

// next is a keeper, in turns, as servers behind a balancer have it.
func (p *Planted) next() *Keeper { return p.keepers[p.turn.Add(1)%uint64(len(p.keepers))] }

// Token is that of the next keeper.
func (p *Planted) Token(ctx context.Context, account string) (string, error) {
	value, _, _, err := p.Lookup(ctx, account)
	return value, err
}

// Lookup is that of the next keeper. One that keeps dead tokens gives out the last one it had, for
// as long as a call takes.
func (p *Planted) Lookup(ctx context.Context, account string) (value string, version int64, left time.Duration, err error) {
	value, version, left, err = p.next().Lookup(ctx, account)
	if !p.dead {
		return value, version, left, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err == nil {
		p.last[account] = value
	}
	if dead, ok := p.last[account]; ok {
		return dead, version, left, nil
	}
	return value, version, left, err
}

// Dead is Report.
func (p *Planted) Dead(_ context.Context, account, token string) error {
	p.Report(account, token)
	return nil
}

// Report tells the keepers, or does not.
func (p *Planted) Report(account, token string) {
	if p.dead {
		return
	}
	for _, k := range p.keepers {
		k.Report(account, token)
	}
}

// Run runs the keepers. The second one begins when the first one has fetched for both.
func (p *Planted) Run(ctx context.Context) error {
	var loops sync.WaitGroup
	for i, k := range p.keepers {
		loops.Go(func() {
			if pass(ctx, time.Duration(i)*time.Second) != nil {
				return
			}
			for _, a := range p.always[:min(i, 1)*len(p.always)] {
				_, _ = p.keepers[0].Token(ctx, a.Name) // an error is the first one's matter
			}
			_ = k.Run(ctx) // it returns nil
		})
	}
	loops.Wait()
	return nil
}

// Close closes the keepers.
func (p *Planted) Close() {
	for _, k := range p.keepers {
		k.Close()
	}
}

// unleased is a Store that arbitrates nothing: each keeper that asks has the lease, and a
// commit writes over what is there by then.
type unleased struct{ Store }

// TokenRow implements Store.
func (s unleased) TokenRow(ctx context.Context, account string) (Row, error) {
	row, err := s.Store.TokenRow(ctx, account)
	row.Leased = false
	return row, err
}

// LeaseToken implements Store.
func (unleased) LeaseToken(_ context.Context, _ string, version int64, _ Lease) (int64, error) {
	return version, nil
}

// CommitToken implements Store.
func (s unleased) CommitToken(ctx context.Context, account string, _ int64, token string, until time.Time) (int64, error) {
	for {
		row, err := s.Store.TokenRow(ctx, account)
		if err != nil {
			return 0, err
		}
		version, err := s.Store.CommitToken(ctx, account, row.Version, token, until)
		if !errors.Is(err, ErrTaken) {
			return version, err
		}
	}
}

// ReleaseToken implements Store.
func (unleased) ReleaseToken(context.Context, string, int64, bool) error { return nil }

// hasty is a Store whose tokens are in the Cache before they are committed.
type hasty struct {
	Store

	cache Cache
}

// CommitToken implements Store.
func (s hasty) CommitToken(ctx context.Context, account string, version int64, token string, until time.Time) (int64, error) {
	s.cache.Save(ctx, account, Token{Value: token, Version: version + 1, Left: time.Until(until)})
	return s.Store.CommitToken(ctx, account, version, token, until)
}
