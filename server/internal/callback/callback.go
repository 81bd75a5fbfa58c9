// Package callback owns the address that the platform calls for each account:
// the access check, the judgement of what arrives, the routing of a message to
// business or to the smart answer, and the promise that each try is answered
// within its budget (MSG-1 to MSG-9).
package callback

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Command is a message that may ask for business: the exact text that a
// follower sent or said, or the key of the menu button that they tapped.
type Command struct {
	Account, OpenID string
	// Key identifies the message among those of its account (MSG-6).
	Key  string
	Text string
	// At is the message's CreateTime, the same for all tries.
	At time.Time
}

// Outcome is what business answers. With Later set the answer comes as a
// message of its own and Text is not used.
type Outcome struct {
	Text  string
	Later bool
}

// Business does what exact commands and menu keys ask for.
type Business interface {
	// Answer is false when the command is none of business. The same Account and
	// Key get the same Outcome for ever, and have their effects once. After an
	// error the same Key may be asked again. It returns soon after ctx ends.
	Answer(ctx context.Context, c Command) (Outcome, bool, error)
}

// Answers is the smart answer.
type Answers interface {
	// Answer is false when nothing matches. It is a function of its arguments
	// and of the keyword table alone, and does not wait for anything.
	Answer(account, message, key string) (string, bool)
}

// Texts are what followers read when nothing more particular applies.
type Texts struct {
	// Default answers what no command and no keyword matches.
	Default string
	// Welcome answers a new follower.
	Welcome string
}

// Config of a Handler; zero values take the defaults.
type Config struct {
	Accounts []Account
	// Budget is the hard end of the answer to one try, from its arrival; 0 means 4.5 s.
	Budget time.Duration
	// WorkLimit is how long the work for one message may go on, for later tries
	// of it to find it finished; 0 means three budgets, the life of a message.
	WorkLimit time.Duration
	// BodyLimit is the size of the largest body that is read, in bytes; 0 means 64 KiB.
	BodyLimit int64
	// MaxInFlight is how many messages may be worked on at once; beyond it new
	// ones are refused and the platform tries again. 0 means 4096.
	MaxInFlight int
	// MaxConcurrent is how many tries are served at once; further ones wait for their
	// turn within the budget and are then answered 503. 0 means no bound.
	MaxConcurrent int
	// Alone makes each try of a message do its own work. It is a planted defect.
	Alone bool
	Texts Texts
	// Current is asked before a message is answered by what this server keeps of the
	// database: an error means that it may be too old for that. Nil means never.
	Current func(ctx context.Context) error
	// UserLog gets every message that is answered, before the answer; nil means none.
	UserLog UserLog
}

// Handler answers the platform. It is safe for concurrent use.
type Handler struct {
	cfg      Config
	accounts map[string]*Account // by name
	business Business
	answers  Answers
	flights  *flights
	slots    slots
	recent   recent
	metrics  *metrics
	log      *slog.Logger
}

// New makes a Handler and registers its metrics with reg. An account that is
// named twice, has no token, or has no key for its mode is an error.
func New(cfg Config, business Business, answers Answers, log *slog.Logger, reg prometheus.Registerer) (*Handler, error) {
	if cfg.Budget <= 0 {
		cfg.Budget = 4500 * time.Millisecond
	}
	if cfg.WorkLimit <= 0 {
		cfg.WorkLimit = 3 * cfg.Budget
	}
	if cfg.BodyLimit <= 0 {
		cfg.BodyLimit = 64 << 10
	}
	if cfg.MaxInFlight <= 0 {
		cfg.MaxInFlight = 4096
	}
	if cfg.Texts.Default == "" {
		cfg.Texts.Default = "您好，没有找到与您的问题对应的答案。请换一个说法，或拨打客服热线。"
	}
	if cfg.Texts.Welcome == "" {
		cfg.Texts.Welcome = "欢迎关注！回复关键词即可查询和办理业务。"
	}
	accounts := make(map[string]*Account, len(cfg.Accounts))
	for _, a := range cfg.Accounts {
		if _, twice := accounts[a.Name]; twice || a.Name == "" || a.Token == "" {
			return nil, errors.New("callback: each account needs a name of its own and a token: " + a.Name)
		}
		if !a.plain() && a.Keys == nil {
			return nil, fmt.Errorf("callback: account %s: mode %s needs a key", a.Name, a.Mode)
		}
		accounts[a.Name] = &a
	}
	m, err := newMetrics(reg)
	if err != nil {
		return nil, err
	}
	return &Handler{
		cfg: cfg, accounts: accounts, business: business, answers: answers, metrics: m, log: log,
		flights: newFlights(cfg.MaxInFlight, cfg.WorkLimit, !cfg.Alone),
		slots:   newSlots(cfg.MaxConcurrent),
	}, nil
}

// Drain refuses new work and waits until the work under way has ended, or until
// ctx ends; then the work is cut short, and Drain returns ctx's error once it
// has ended.
func (h *Handler) Drain(ctx context.Context) error { return h.flights.drain(ctx) }
