package token

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	mrand "math/rand/v2"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Account is one official account whose token is kept.
type Account struct {
	Name string
	// Lifetime is the full life of a token; 0 means 7 200 s.
	Lifetime time.Duration
}

// Config of a Keeper; zero values take the defaults.
type Config struct {
	Accounts []Account
	// Kind is what is kept; its zero value is the access token.
	Kind Kind
	// Replace asks by /cgi-bin/token instead of /cgi-bin/stable_token.
	Replace bool
	// Timeout bounds each call to the platform; 0 means 5 s.
	Timeout time.Duration
	// Seed makes the moments of the renewals repeatable.
	Seed uint64
	// Moment says where in the renewal window a token is renewed, from 0, which is late, to
	// 1, which is early; nil means at random by Seed.
	Moment func() float64
}

// Kind is a kind of token that an account has one of at a time.
type Kind string

// The kinds. Each has rows, copies and metrics of its own.
const (
	KindAccess Kind = ""       // access_token
	KindTicket Kind = "ticket" // jsapi_ticket, which signs pages
)

// row is the key of an account's row and copy.
func (k Kind) row(account string) string {
	if k == KindAccess {
		return account
	}
	return string(k) + ":" + account // no account has a colon in its name
}

// metric begins the names of the kind's metrics.
func (k Kind) metric() string {
	if k == KindAccess {
		return "oalab_token"
	}
	return "oalab_" + string(k)
}

// String is what logs and errors call the kind.
func (k Kind) String() string {
	if k == KindAccess {
		return "access token"
	}
	return "jsapi " + string(k)
}

// DefaultLifetime is the life of the platform's tokens.
const DefaultLifetime = 7200 * time.Second

// ErrNoAccount is returned for an account that is not kept.
var ErrNoAccount = errors.New("no token is kept for this account")

// Keeper keeps the tokens of all accounts. It is safe for concurrent use. Run
// refreshes ahead of time; without it a token is fetched when one is needed.
type Keeper struct {
	cfg      Config
	store    Store
	cache    Cache
	platform Platform
	owner    string
	log      *slog.Logger
	metrics  *metrics
	slots    map[string]*slot // by account

	life context.Context // of the refreshes under way; ended by Close
	end  context.CancelFunc
	work sync.WaitGroup
}

// New makes a Keeper and registers its metrics with reg, which may be nil. It
// makes no call. It must be closed.
func New(cfg Config, store Store, cache Cache, platform Platform, log *slog.Logger, reg prometheus.Registerer) (*Keeper, error) {
	if cfg.Timeout <= 0 {
		cfg.Timeout = 5 * time.Second
	}
	k := &Keeper{
		cfg: cfg, store: store, cache: cache, platform: platform, owner: rand.Text(), log: log,
		slots: make(map[string]*slot), metrics: newMetrics(cfg.Kind),
	}
	k.life, k.end = context.WithCancel(context.Background())
	for i, a := range cfg.Accounts {
		if a.Lifetime <= 0 {
			a.Lifetime = DefaultLifetime
		}
		moment := cfg.Moment
		if moment == nil {
			moment = mrand.New(mrand.NewPCG(cfg.Seed, uint64(i))).Float64
		}
		k.slots[a.Name] = &slot{
			keeper: k, account: a.Name, row: cfg.Kind.row(a.Name), lifetime: a.Lifetime, window: Window(a.Lifetime),
			moment: moment, wake: make(chan struct{}, 1),
		}
		k.metrics.account(a.Name)
	}
	if reg == nil {
		return k, nil
	}
	if err := errors.Join(reg.Register(k.metrics.refreshes), reg.Register(ages{k})); err != nil {
		return nil, fmt.Errorf("register token metrics: %w", err)
	}
	return k, nil
}

// Window is the last stretch of a token's life, in which it is renewed: a
// quarter of the life, five minutes at most, as at the platform.
func Window(lifetime time.Duration) time.Duration { return min(5*time.Minute, lifetime/4) }

// Token returns a token that lives, and fetches one when none is at hand. Many
// callers wait for one fetch; a fetch that failed is not repeated at once.
func (k *Keeper) Token(ctx context.Context, account string) (string, error) {
	s, ok := k.slots[account]
	if !ok {
		return "", fmt.Errorf("account %q: %w", account, ErrNoAccount)
	}
	token, err := s.get(ctx)
	if err != nil {
		return "", fmt.Errorf("%s of account %s: %w", k.cfg.Kind, account, err)
	}
	return token, nil
}

// Report says that the platform refused a token (40001, 42001). It is not given
// out again, and the next caller that needs a token makes one refresh.
func (k *Keeper) Report(account, token string) {
	if s, ok := k.slots[account]; ok {
		s.reject(token)
	}
}

// Run keeps all tokens fresh until ctx ends; it returns nil then.
func (k *Keeper) Run(ctx context.Context) error {
	var loops sync.WaitGroup
	for _, s := range k.slots {
		loops.Go(func() { s.run(ctx) })
	}
	loops.Wait()
	return nil
}

// Close cuts refreshes under way short and waits for them.
func (k *Keeper) Close() {
	k.end()
	k.work.Wait()
}
