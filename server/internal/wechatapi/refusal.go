package wechatapi

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"oalab/server/internal/telemetry"
)

// apiToken stands for the calls that fetch a token.
const apiToken = "token"

// While the platform refuses an account, one call at a time asks whether it still does,
// with growing pauses; the others are answered what the last one was.
const (
	firstHold   = time.Second
	longestHold = 5 * time.Second
	// rightHold is how long an interface is left alone that an account has no right to.
	rightHold = 10 * time.Minute
)

// optional are the interfaces without which an account does its work: that one has no right
// to them is no trouble of the account, and there is no alert.
var optional = []string{pathUser, pathUsers, pathFollowers, pathMedia}

// refusals knows which calls the platform refuses for an account's sake. It holds such calls
// back, and is what people are alerted by: one warning at once, one a minute while it lasts,
// and the metrics.
type refusals struct {
	log      *slog.Logger
	warnings *telemetry.Recur
	refusing *prometheus.GaugeVec
	total    *prometheus.CounterVec

	mu  sync.Mutex
	now map[refusedCall]*refusal // guarded by mu
}

type refusedCall struct{ account, api string }

type refusal struct {
	err   *CodeError
	since time.Time
	pause time.Duration
	until time.Time // no call before
	quiet bool      // it is no trouble of the account
}

func newRefusals(accounts []string, log *slog.Logger, reg prometheus.Registerer) (*refusals, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	r := &refusals{
		log: log, warnings: telemetry.NewRecur(telemetry.WarnEvery), now: make(map[refusedCall]*refusal),
		refusing: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "oalab_platform_refusing", Help: "1 while the platform refuses the credential or the account (docs/errcodes.md).",
		}, []string{"account"}),
		total: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "oalab_platform_refusals_total", Help: "Answers by which the platform refused the credential or the account.",
		}, []string{"account", "errcode"}),
	}
	for _, a := range accounts {
		r.refusing.WithLabelValues(a).Set(0)
	}
	if reg != nil {
		if err := errors.Join(reg.Register(r.refusing), reg.Register(r.total)); err != nil {
			return nil, fmt.Errorf("register metrics of the platform: %w", err)
		}
	}
	return r, nil
}

// hold returns what the last call was answered, while no other one is due; nil lets the
// call go.
func (r *refusals) hold(account, api string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	f, refused := r.now[refusedCall{account, api}]
	if !refused {
		return nil
	}
	now := time.Now()
	if now.Before(f.until) {
		return f.err
	}
	f.until = now.Add(max(f.pause, longestHold)) // the others wait for this one
	return nil
}

// note takes in how a call ended.
func (r *refusals) note(account, api string, err error) {
	var code *CodeError
	answered := err == nil || errors.As(err, &code)
	if !answered {
		return // nothing is known of the account
	}
	refused := code != nil && (code.Class() == ClassAccount || code.Class() == ClassToken)
	r.mu.Lock()
	defer r.mu.Unlock()
	call := refusedCall{account, api}
	f, before := r.now[call]
	now := time.Now()
	switch {
	case refused && code.Code == codeNoRight && slices.Contains(optional, api):
		if !before {
			r.log.Info("the account has no right to an interface, which it can do without", "account", account, "api", api, "errcode", code.Code)
		}
		r.now[call] = &refusal{err: code, since: now, pause: rightHold, until: now.Add(rightHold), quiet: true}
	case refused:
		if !before {
			f = &refusal{since: now}
			r.now[call] = f
		}
		f.err, f.quiet = code, false
		f.pause = min(max(2*f.pause, firstHold), longestHold)
		f.until = now.Add(f.pause)
		r.total.WithLabelValues(account, strconv.Itoa(code.Code)).Inc()
		r.refusing.WithLabelValues(account).Set(1)
		if times, tell := r.warnings.Tell(account+" "+api, now); tell {
			r.log.Warn("the platform refuses the credential or the account: followers are told when that is mended",
				"account", account, "errcode", code.Code, "class", code.Class(), "times", times, "since", f.since, "error", code, "remedy", "docs/errcodes.md")
		}
	case before:
		delete(r.now, call)
		if !r.any(account) {
			r.refusing.WithLabelValues(account).Set(0)
		}
		r.log.Info("the platform accepts the account again", "account", account, "api", api, "after", now.Sub(f.since).Round(time.Second))
	}
}

// any reports whether some call of the account is refused. The lock is held.
func (r *refusals) any(account string) bool {
	for call, f := range r.now {
		if call.account == account && !f.quiet {
			return true
		}
	}
	return false
}
