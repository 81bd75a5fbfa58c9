// Package callback owns the address that the platform calls for each account:
// the access check, the judgement of what arrives, the routing of a message to the
// features that hear of it and to the one that answers it, and the promise that each try
// is answered within its budget (MSG-1 to MSG-9).
package callback

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"

	"oalab/server/internal/message"
	"oalab/server/internal/telemetry"
	"oalab/server/wechat"
)

// Config of a Handler; zero values take the defaults, where a field has one.
type Config struct {
	Accounts []Account
	// Budget is the hard end of the answer to one try, from its arrival; it is above 0.
	Budget time.Duration
	// WorkLimit is how long the work for one message may go on, for later tries
	// of it to find it finished; 0 means three budgets, the life of a message.
	WorkLimit time.Duration
	// BodyLimit is the size of the largest body that is read, in bytes; it is above 0.
	BodyLimit int64
	// MaxInFlight is how many messages may be worked on at once, those included whose tries
	// have left; beyond it new ones are refused and the platform tries again. 0 means 4096.
	MaxInFlight int
	// MaxConcurrent is how many tries are served at once, at the most; further ones wait for
	// their turn while they can still be answered, and are refused with 429 when they cannot.
	// 0 leaves it to the server: it begins tries while its processors have room for them.
	MaxConcurrent int
	// Peer says for how long a request has waited at this host before it was read, and
	// whether its sender has hung up. Nil means 0 and no.
	Peer func(*http.Request) (waited time.Duration, gone bool)
	// Key names a message among those of its account: tries of one key share their work,
	// and business has its effects once for it (MSG-6). Nil means the message's own key.
	Key func(*wechat.Message) string
	// Current is asked before a message is answered by what this server keeps of the
	// database: an error means that it may be too old for that. Nil means never.
	Current func(ctx context.Context) error
	// Answers are asked for the answer to a message, by rank. What none of them answers is
	// answered with "success".
	Answers []message.Answerer
	// Listens are told of messages and events before these are answered.
	Listens []message.Listener
	// Private say which words of followers are secrets: the user log gets none of them.
	Private []func(text string) bool
	// UserLog gets every message that is answered, before the answer; nil means none.
	UserLog UserLog
}

// refusedEvery is how often the log tells of refused calls of one reason.
const refusedEvery = 10 * time.Second

// Handler answers the platform. It is safe for concurrent use.
type Handler struct {
	cfg      Config
	accounts map[string]*Account // by name
	router   *router
	flights  *flights
	recent   recent
	lead     lead
	metrics  *metrics
	log      *slog.Logger
	leave    func(*http.Request) bool // mayBeStale

	admission door
	full      rate.Sometimes // lets it be told that tries are refused
	refusals  *telemetry.Recur
}

// New makes a Handler and registers its metrics with reg. An account that is
// named twice, has no token, or has no key for its mode is an error, and so are two
// answerers of one rank.
func New(cfg Config, log *slog.Logger, reg prometheus.Registerer) (*Handler, error) {
	if cfg.Budget <= 0 || cfg.BodyLimit <= 0 {
		return nil, fmt.Errorf("callback: Budget %v and BodyLimit %d bytes must be above 0", cfg.Budget, cfg.BodyLimit)
	}
	if cfg.WorkLimit <= 0 {
		cfg.WorkLimit = 3 * cfg.Budget
	}
	if cfg.MaxInFlight <= 0 {
		cfg.MaxInFlight = 4096
	}
	router, err := newRouter(cfg.Answers, cfg.Listens)
	if err != nil {
		return nil, fmt.Errorf("callback: %w", err)
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
	if cfg.Peer == nil {
		cfg.Peer = func(*http.Request) (time.Duration, bool) { return 0, false }
	}
	if cfg.Key == nil {
		cfg.Key = (*wechat.Message).Key
	}
	h := &Handler{
		cfg: cfg, accounts: accounts, router: router, log: log,
		leave: mayBeStale, flights: newFlights(cfg.MaxInFlight, cfg.WorkLimit),
		refusals:  telemetry.NewRecur(refusedEvery),
		admission: newAdmission(cfg.MaxConcurrent, cfg.Budget, newProcessors().take), full: rate.Sometimes{Interval: time.Second},
	}
	if h.metrics, err = newMetrics(reg, func() (served, waiting int) { return h.admission.counts() }); err != nil {
		return nil, err
	}
	return h, nil
}

// Drain refuses new work and waits until the work under way has ended, or until
// ctx ends; then the work is cut short, and Drain returns ctx's error once it
// has ended.
func (h *Handler) Drain(ctx context.Context) error { return h.flights.drain(ctx) }
