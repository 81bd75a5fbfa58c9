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

	"oalab/server/internal/domain"
)

// Account is one official account whose token is kept.
type Account struct {
	Name string
	// Lifetime is the full life of a token; 0 means 7 200 s.
	Lifetime time.Duration
}

// Config of a Keeper; zero values take the defaults.
type Config struct {
	// Accounts are those whose tokens are kept fresh also while nothing asks for them.
	Accounts []Account
	// Find knows the other accounts, whose tokens are kept from the first question on for as
	// long as they are asked for; its error for one that does not exist is ErrNoAccount. nil
	// means that there are no others.
	Find func(ctx context.Context, account string) (Account, error)
	// Capacity is how many tokens of other accounts are in memory; 0 means DefaultCapacity.
	Capacity int
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

const (
	// DefaultLifetime is the life of the platform's tokens.
	DefaultLifetime = 7200 * time.Second
	// DefaultCapacity is how many accounts a keeper has in memory (CTL-7).
	DefaultCapacity = 100_000
	// callsAtOnce bounds the calls to the platform: accounts whose tokens end together wait
	// for each other. Half of them are left to callers that have no token.
	callsAtOnce = 64
)

// ErrNoAccount is returned for an account that is not kept.
var ErrNoAccount = errors.New("no token is kept for this account")

// Keeper keeps the tokens of accounts. It is safe for concurrent use. Run refreshes ahead of
// time; without it a token is fetched when one is needed.
type Keeper struct {
	cfg      Config
	store    Store
	cache    Cache
	platform Platform
	owner    string
	log      *slog.Logger
	metrics  *metrics
	slots    *domain.Container[*slot]
	plan     *plan
	calls    chan struct{} // one is put in for each call to the platform
	ahead    chan struct{} // and for each refresh ahead of time
	chance   func() float64

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
	if cfg.Capacity <= 0 {
		cfg.Capacity = DefaultCapacity
	}
	k := &Keeper{
		cfg: cfg, store: store, cache: cache, platform: platform, owner: rand.Text(), log: log,
		metrics: newMetrics(cfg.Kind), plan: newPlan(), chance: cfg.Moment,
		calls: make(chan struct{}, callsAtOnce), ahead: make(chan struct{}, callsAtOnce/2),
	}
	if k.chance == nil {
		k.chance = atRandom(cfg.Seed)
	}
	var err error
	if k.slots, err = domain.New(domain.Config[*slot]{Capacity: cfg.Capacity, Load: k.find, Busy: (*slot).busy, Evicted: (*slot).leave}); err != nil {
		return nil, err
	}
	k.life, k.end = context.WithCancel(context.Background())
	for _, a := range cfg.Accounts {
		k.slots.Pin(a.Name, k.slot(a, true))
		k.metrics.account(a.Name)
	}
	if reg == nil {
		return k, nil
	}
	if err := k.metrics.register(reg, k); err != nil {
		return nil, fmt.Errorf("register token metrics: %w", err)
	}
	return k, nil
}

// atRandom is a source of numbers from 0 to 1 for all accounts.
func atRandom(seed uint64) func() float64 {
	var mu sync.Mutex
	random := mrand.New(mrand.NewPCG(seed, 0))
	return func() float64 {
		mu.Lock()
		defer mu.Unlock()
		return random.Float64()
	}
}

// find loads the slot of an account that is not always kept.
func (k *Keeper) find(ctx context.Context, account string) (*slot, error) {
	if k.cfg.Find == nil {
		return nil, fmt.Errorf("account %q: %w", account, ErrNoAccount)
	}
	a, err := k.cfg.Find(ctx, account)
	if err != nil {
		return nil, fmt.Errorf("account %q: %w", account, err)
	}
	return k.slot(a, false), nil
}

func (k *Keeper) slot(a Account, always bool) *slot {
	if a.Lifetime <= 0 {
		a.Lifetime = DefaultLifetime
	}
	return &slot{keeper: k, account: a.Name, always: always, lifetime: a.Lifetime}
}

// Window is the last stretch of a token's life, in which it is renewed: a
// quarter of the life, five minutes at most, as at the platform.
func Window(lifetime time.Duration) time.Duration { return min(5*time.Minute, lifetime/4) }

// Token returns a token that lives, and fetches one when none is at hand. Many
// callers wait for one fetch; a fetch that failed is not repeated at once.
func (k *Keeper) Token(ctx context.Context, account string) (string, error) {
	t, err := k.token(ctx, account)
	return t.Value, err
}

// Lookup is Token with the token's version and how long it will be given out.
func (k *Keeper) Lookup(ctx context.Context, account string) (value string, version int64, left time.Duration, err error) {
	t, err := k.token(ctx, account)
	return t.Value, t.Version, t.Left, err
}

func (k *Keeper) token(ctx context.Context, account string) (Token, error) {
	for {
		s, err := k.slots.Get(ctx, account)
		if err != nil {
			return Token{}, err
		}
		t, err := s.get(ctx)
		switch {
		case errors.Is(err, errGone):
			continue // it was evicted between the two
		case err != nil:
			return Token{}, fmt.Errorf("%s of account %s: %w", k.cfg.Kind, account, err)
		}
		return t, nil
	}
}

// Report says that the platform refused a token (40001, 42001). It is not given
// out again, and the next caller that needs a token makes one refresh.
func (k *Keeper) Report(account, token string) {
	if s, ok := k.slots.Peek(account); ok {
		s.reject(token)
	}
}

// Dead is Report for a caller that may have the token from another server: what the others have
// committed is read first. A token that is not the one in use is no news.
func (k *Keeper) Dead(ctx context.Context, account, token string) error {
	_, err := k.token(ctx, account)
	if errors.Is(err, ErrNoAccount) || ctx.Err() != nil {
		return err
	}
	k.Report(account, token) // also after another error: a token that nothing knows is not in use
	return nil
}

// Run keeps tokens fresh until ctx ends; it returns nil then. A token that was not asked for
// since it came leaves memory in place of its renewal, unless its account is one of Config.Accounts.
func (k *Keeper) Run(ctx context.Context) error {
	for s := range k.slots.All() {
		s.replan()
	}
	k.plan.run(ctx, func(s *slot) { k.turn(ctx, s) })
	return nil
}

// turn renews the token of a slot that is due, or lets it go. It waits for its turn among the
// renewals.
func (k *Keeper) turn(ctx context.Context, s *slot) {
	if s.idle() {
		k.slots.Drop(s.account, func(in *slot) bool { return in == s && s.idle() })
		s.replan() // unless it has left
		return
	}
	select {
	case k.ahead <- struct{}{}:
	case <-ctx.Done():
		return
	}
	if !s.renew(func() { <-k.ahead }) {
		<-k.ahead
	}
}

// Close cuts refreshes under way short and waits for them.
func (k *Keeper) Close() {
	k.end()
	k.work.Wait()
}
