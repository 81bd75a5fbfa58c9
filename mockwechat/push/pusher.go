// Package push owns the pusher, which sends what followers do to a back end's callback and
// judges the answers as the platform does: signed, 5 s a try, three tries; and the loads
// that the control port begins (MOCKW-2).
package push

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"oalab/mockwechat/ledger"
	"oalab/mockwechat/message"
	"oalab/mockwechat/platform"
)

// The platform's three tries of five seconds, started at 0, 5 and 10 s.
const (
	MaxTries          = 3
	DefaultTrySpacing = 5 * time.Second
	DefaultTryTimeout = 5 * time.Second
)

// The headers by which a generator and the pusher know an operation.
const (
	HeaderAttack = "X-Vegeta-Attack"
	HeaderSeq    = "X-Vegeta-Seq"
	// HeaderTries of the answer says how many tries were made.
	HeaderTries = "X-Oalab-Tries"
	// HeaderStatus and HeaderError are those of an operation that failed: the status of
	// the back end's last answer, 0 for none, and what was wrong with the last try.
	HeaderStatus = "X-Oalab-Status"
	HeaderError  = "X-Oalab-Error"
)

// Unavailable is what the follower reads when all tries have failed.
const Unavailable = "该公众号提供的服务出现故障，请稍后再试"

// Config says how a pusher delivers. Zero fields take the defaults named.
type Config struct {
	// CallbackURL of the back end; empty: that of the account.
	CallbackURL string
	// Transport carries the tries; nil: a transport of the pusher's own, closed
	// by Close. It must not make retries of its own.
	Transport http.RoundTripper
	// TrySpacing is the time from the start of one try to that of the next: 5 s.
	TrySpacing time.Duration
	// TryTimeout is the limit of one try, answer included: 5 s.
	TryTimeout time.Duration
	// Source finds the message of an operation; RoundTrip needs it.
	Source func(attack string, seq uint64) (message.Message, error)
	// Record keeps one line for every delivery. Its error fails the operation.
	// Nil: the lines go to the platform's ledger.
	Record func(ledger.Delivery) error
}

// Pusher delivers what followers do to a back end, as the platform does
// (MOCKW-2). It is an http.RoundTripper, so that a load generator can drive it:
// one request is one operation of a follower, and its answer is what the
// follower saw in the end. It is safe for concurrent use.
type Pusher struct {
	p      *platform.Platform
	name   string
	cfg    Config
	to     platform.Destination // without a URL: the account's messages go to a third-party platform
	given  bool                 // the address was given, and not that of the account
	own    *http.Transport
	nonces atomic.Uint64
}

// New makes a pusher for one account of a platform.
func New(p *platform.Platform, name string, cfg Config) (*Pusher, error) {
	a := p.Named(name)
	if a == nil {
		return nil, fmt.Errorf("%w %q", platform.ErrUnknownAccount, name)
	}
	given := cfg.CallbackURL != ""
	if !given {
		cfg.CallbackURL = a.Config.CallbackURL
	}
	to := platform.Destination{}
	if given || cfg.CallbackURL != "" || p.Lender(a) == nil {
		u, err := platform.ParseCallback(cfg.CallbackURL)
		if err != nil {
			return nil, fmt.Errorf("%w: account %s: %w", platform.ErrConfig, name, err)
		}
		to.URL = u
	}
	if cfg.TrySpacing <= 0 {
		cfg.TrySpacing = DefaultTrySpacing
	}
	if cfg.TryTimeout <= 0 {
		cfg.TryTimeout = DefaultTryTimeout
	}
	pu := &Pusher{p: p, name: name, cfg: cfg, to: to, given: given}
	if cfg.Transport == nil {
		pu.own = newTransport()
		pu.cfg.Transport = pu.own
	}
	if cfg.Record == nil {
		pu.cfg.Record = pu.record
	}
	return pu, nil
}

// newTransport keeps many connections to one host and never follows, decodes or
// upgrades anything.
func newTransport() *http.Transport {
	return &http.Transport{
		DialContext:         (&net.Dialer{Timeout: DefaultTryTimeout}).DialContext,
		MaxIdleConns:        0,
		MaxIdleConnsPerHost: 4096,
		IdleConnTimeout:     30 * time.Second,
		DisableCompression:  true,
	}
}

// Close lets go of idle connections of the pusher's own transport.
func (pu *Pusher) Close() {
	if pu.own != nil {
		pu.own.CloseIdleConnections()
	}
}

var errNoOperation = errors.New("mockwechat: request names no operation: want headers " + HeaderAttack + " and " + HeaderSeq)

// RoundTrip delivers the operation that the headers name. It answers 200 with
// what the follower saw, 504 when the last try timed out and 503 when it failed
// otherwise. Errors are of the harness itself: an operation that cannot be
// found, a line that cannot be recorded, a context that ended.
func (pu *Pusher) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_ = r.Body.Close() // a RoundTripper must; nothing is read from it
	}
	attack := r.Header.Get(HeaderAttack)
	seq, err := strconv.ParseUint(r.Header.Get(HeaderSeq), 10, 64)
	if err != nil || pu.cfg.Source == nil {
		return nil, errNoOperation
	}
	m, err := pu.cfg.Source(attack, seq)
	if err != nil {
		return nil, fmt.Errorf("mockwechat: operation %s/%d: %w", attack, seq, err)
	}
	o, err := pu.deliver(r.Context(), attack, seq, &m)
	if err != nil {
		return nil, err
	}
	return o.response(r), nil
}

// Outcome is what became of one pushed message.
type Outcome struct {
	OK       bool   `json:"ok"`
	Tries    int    `json:"tries"`
	MsgID    string `json:"msg_id"`
	Status   int    `json:"status"` // of the back end's last answer, 0 for none
	TimedOut bool   `json:"timed_out,omitempty"`
	Error    string `json:"error,omitempty"`
	// Stale: the server marked its answer as made from memory, which may be too old.
	Stale bool `json:"stale,omitempty"`
	// Seen is what the follower reads: the reply in plaintext, "success" or
	// nothing, or Unavailable.
	Seen string `json:"seen"`
}

// Push delivers one message and waits for what comes of it.
func (pu *Pusher) Push(ctx context.Context, m message.Message) (Outcome, error) {
	return pu.deliver(ctx, "", 0, &m)
}

func (o Outcome) response(r *http.Request) *http.Response {
	status := http.StatusOK
	switch {
	case o.OK:
	case o.TimedOut:
		status = http.StatusGatewayTimeout
	default:
		status = http.StatusServiceUnavailable
	}
	h := http.Header{HeaderTries: {strconv.Itoa(o.Tries)}}
	if !o.OK {
		h[HeaderStatus], h[HeaderError] = []string{strconv.Itoa(o.Status)}, []string{o.Error}
	}
	return &http.Response{
		Status: strconv.Itoa(status) + " " + http.StatusText(status), StatusCode: status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        h,
		Body:          io.NopCloser(strings.NewReader(o.Seen)),
		ContentLength: int64(len(o.Seen)),
		Request:       r,
	}
}
