package packet

import (
	"context"
	crand "crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"oalab/server/internal/resilience"
	"oalab/server/redpacket"
)

// Follower is who asks.
type Follower struct {
	OpenID string
	// Snapshot: the openid is made up, so nothing may be given to it.
	Snapshot bool
}

// Followers knows who asks. Its errors are those of package web.
type Followers interface {
	Follower(w http.ResponseWriter, r *http.Request, account string) (Follower, error)
}

// Known is what a Gate knows of a packet and a follower.
type Known struct {
	// Has says that the follower has a share, of Mine units.
	Has  bool
	Mine int64
	// Closed is ErrSoldOut or ErrEnded; nil where the packet may have something left.
	Closed error
}

// Gate remembers what the store has said and what never changes there. It spares the store
// grabs that must fail; it never gives anything, and may forget. Its methods are safe for
// concurrent use and return soon.
type Gate interface {
	Look(ctx context.Context, account, id, openid string) Known
	// Close notes that the store has said ErrSoldOut or ErrEnded of a packet.
	Close(ctx context.Context, account, id string, why error)
	// Grabbed notes that a follower has a share.
	Grabbed(ctx context.Context, account, id, openid string, units int64)
}

// Activity counts what followers have sent.
type Activity interface {
	// Messages is how many messages a follower has sent since a time; limit at most.
	Messages(ctx context.Context, account, openid string, since time.Time, limit int) (int, error)
}

// Phones knows which number a follower has bound; binding.ErrUnbound where there is none.
type Phones interface {
	Phone(ctx context.Context, account, openid string) (string, error)
}

// Config of a Service. What is not said to be optional must be there.
type Config struct {
	Settings
	// Accounts are the names of those that have packets.
	Accounts []string
	// Zone is where the day of the daily packet begins.
	Zone *time.Location
	// Divide divides packets whose shares are random; nil takes the allocator of Settings.
	Divide redpacket.Allocator
	// Seed gives the seed of each division; nil takes it from the system's source of secrets.
	Seed func() [32]byte
}

// Service is the red packets. It is safe for concurrent use.
type Service struct {
	cfg       Config
	accounts  map[string]bool
	store     Store
	gate      Gate
	followers Followers
	activity  Activity
	phones    Phones
	log       *slog.Logger
	metrics   *metrics
	sends     *resilience.Buckets
	grabs     *resilience.Buckets
}

// New makes a Service and registers its metrics with reg, which may be nil.
func New(cfg Config, store Store, gate Gate, followers Followers, activity Activity, phones Phones, log *slog.Logger, reg prometheus.Registerer) (*Service, error) {
	if cfg.Life <= 0 || cfg.MaxShares < 1 || cfg.MaxUnits < 1 || cfg.Activity <= 0 || cfg.ReturnEvery <= 0 || phones == nil || len(cfg.Daily) == 0 || cfg.Zone == nil {
		return nil, errors.New("the red packets lack a bound, a level, the phones or a time zone")
	}
	s := &Service{cfg: cfg, accounts: make(map[string]bool), store: store, gate: gate, followers: followers, activity: activity, phones: phones, log: log}
	for _, name := range cfg.Accounts {
		s.accounts[name] = true
	}
	var err error
	if cfg.Divide == nil {
		if s.cfg.Divide, err = redpacket.ByName(cfg.Allocator); err != nil {
			return nil, err
		}
	}
	if cfg.Seed == nil {
		s.cfg.Seed = secretSeed
	}
	if s.sends, err = resilience.NewBuckets(cfg.SendsPerMinute); err != nil {
		return nil, err
	}
	if s.grabs, err = resilience.NewBuckets(cfg.GrabsPerMinute); err != nil {
		return nil, err
	}
	if s.metrics, err = newMetrics(reg); err != nil {
		return nil, fmt.Errorf("register metrics of the red packets: %w", err)
	}
	return s, nil
}

func secretSeed() (seed [32]byte) {
	_, _ = crand.Read(seed[:]) // it never fails
	return seed
}

// divide makes the shares of a packet.
func (s *Service) divide(kind string, units, shares int) (split string, amounts []int, err error) {
	if kind == SplitEqual {
		amounts = make([]int, shares)
		for i := range amounts {
			amounts[i] = units / shares
		}
		return SplitEqual, amounts, nil
	}
	amounts, err = s.cfg.Divide.Split(rand.New(rand.NewChaCha8(s.cfg.Seed())), units, shares)
	return s.cfg.Divide.Name(), amounts, err
}
