package push

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"oalab/chaos/upstream"
	"oalab/mockwechat/ledger"
	"oalab/mockwechat/message"
	"oalab/mockwechat/platform"
)

// pushRequest is the body of POST /control/push: one message, or a load.
type pushRequest struct {
	message.Message

	Account   string             `json:"account"` // empty: the first one
	Rate      float64            `json:"rate"`    // messages a second; 0: one message
	DurationS float64            `json:"duration_s"`
	Mix       map[string]float64 `json:"mix"`        // weights of text and event; empty: all text
	Contents  []string           `json:"contents"`   // of the texts, in turn at random
	EventKeys []string           `json:"event_keys"` // of the CLICK events
}

// The bounds of a load, so that a mistyped number does not take the machine.
const (
	maxLoad   = 10_000_000
	maxFlight = 4096
)

// Progress is how far a load is.
type Progress struct {
	Scheduled int64 `json:"scheduled"`
	Started   int64 `json:"started"`
	Dropped   int64 `json:"dropped"` // all places were taken when it was due
	OK        int64 `json:"ok"`
	Failed    int64 `json:"failed"`
	Done      bool  `json:"done"`
}

// pushLoad is one load that the control port began.
type pushLoad struct {
	n                            int64
	started, dropped, ok, failed atomic.Int64
	done                         atomic.Bool
}

func (l *pushLoad) state() Progress {
	return Progress{l.n, l.started.Load(), l.dropped.Load(), l.ok.Load(), l.failed.Load(), l.done.Load()}
}

// Loads serves POST and GET /control/push: one message, or a load at a time.
type Loads struct {
	p    *platform.Platform
	ctx  context.Context // ends everything that is under way
	work func(func()) error
	mu   sync.Mutex
	load *pushLoad // nil before the first
}

// NewLoads makes the loads of a platform. Work starts a function in the background, or
// says why it may not; ctx ends when the platform stops.
func NewLoads(ctx context.Context, p *platform.Platform, work func(func()) error) *Loads {
	return &Loads{p: p, ctx: ctx, work: work}
}

// Push is POST /control/push.
func (ls *Loads) Push(w http.ResponseWriter, r *http.Request) {
	var body pushRequest
	if err := upstream.ReadJSON(w, r, &body); err != nil {
		upstream.WriteError(w, http.StatusBadRequest, fmt.Errorf("push: %w", err))
		return
	}
	if accounts := ls.p.Accounts(); body.Account == "" && len(accounts) > 0 {
		body.Account = accounts[0].Config.Name
	}
	pusher, err := New(ls.p, body.Account, Config{})
	if err != nil {
		upstream.WriteError(w, http.StatusBadRequest, err)
		return
	}
	if body.Rate != 0 {
		ls.begin(w, pusher, body)
		return
	}
	defer pusher.Close()
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(ls.ctx, cancel)()
	o, err := pusher.Push(ctx, body.Message)
	switch {
	case errors.Is(err, message.ErrMessage):
		upstream.WriteError(w, http.StatusBadRequest, err)
	case err != nil:
		upstream.WriteError(w, http.StatusInternalServerError, err)
	default:
		upstream.WriteJSON(w, http.StatusOK, o)
	}
}

// State is GET /control/push.
func (ls *Loads) State(w http.ResponseWriter, _ *http.Request) {
	ls.mu.Lock()
	l := ls.load
	ls.mu.Unlock()
	if l == nil {
		upstream.WriteError(w, http.StatusNotFound, errors.New("no load has been pushed"))
		return
	}
	upstream.WriteJSON(w, http.StatusOK, l.state())
}

func (ls *Loads) begin(w http.ResponseWriter, pusher *Pusher, body pushRequest) {
	acc, _ := ls.p.Account(body.Account)
	source, err := body.source(acc.Followers, ls.p.Seed)
	if err == nil {
		n := math.Round(body.Rate * body.DurationS)
		if n < 1 || n > maxLoad || body.Rate < 0 {
			err = fmt.Errorf("rate × duration_s is %g messages, want 1 to %d", n, maxLoad)
		} else {
			l := &pushLoad{n: int64(n)}
			if err = ls.start(l, pusher, body.Rate, source); err == nil {
				upstream.WriteJSON(w, http.StatusAccepted, l.state())
				return
			}
		}
	}
	pusher.Close()
	upstream.WriteError(w, http.StatusBadRequest, err)
}

var errLoadRuns = errors.New("a load is still being pushed")

func (ls *Loads) start(l *pushLoad, pusher *Pusher, rate float64, source func(int64) message.Message) error {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if ls.load != nil && !ls.load.done.Load() {
		return errLoadRuns
	}
	err := ls.work(func() {
		defer l.done.Store(true)
		defer pusher.Close()
		l.run(ls.ctx, pusher, rate, source)
	})
	if err == nil {
		ls.load = l
	}
	return err
}

// run starts every message when it is due, however long the ones before take.
func (l *pushLoad) run(ctx context.Context, pusher *Pusher, rate float64, source func(int64) message.Message) {
	var flight sync.WaitGroup
	defer flight.Wait()
	places := make(chan struct{}, maxFlight)
	start := time.Now()
	for n := range l.n {
		due := start.Add(time.Duration(float64(n) / rate * float64(time.Second)))
		if !platform.Wait(ctx, time.Until(due)) {
			return
		}
		select {
		case places <- struct{}{}:
		default:
			l.dropped.Add(1)
			continue
		}
		l.started.Add(1)
		m := source(n)
		flight.Go(func() {
			defer func() { <-places }()
			if o, err := pusher.Push(ctx, m); err != nil || !o.OK {
				l.failed.Add(1)
				return
			}
			l.ok.Add(1)
		})
	}
}

// source makes the n-th message of a load, the same for the same seed.
func (b pushRequest) source(followers platform.Followers, seed uint64) (func(int64) message.Message, error) {
	if _, ok := followers.Pick(0); !ok && b.OpenID == "" {
		return nil, errors.New("the account has no followers: list or generate some, or name an openid")
	}
	text, event := b.Mix["text"], b.Mix["event"]
	for name, weight := range b.Mix {
		if (name != "text" && name != "event") || weight < 0 {
			return nil, fmt.Errorf("mix: want weights of text and event, not %s: %g", name, weight)
		}
	}
	if text+event == 0 {
		text = 1
	}
	contents, keys := slices.Clone(b.Contents), slices.Clone(b.EventKeys)
	if len(contents) == 0 {
		contents = []string{"你好"}
	}
	if len(keys) == 0 {
		keys = []string{"KEY"}
	}
	return func(n int64) message.Message {
		rng := rand.New(rand.NewPCG(seed, uint64(n)))
		m := message.Message{Op: "text", OpenID: b.OpenID, MsgType: "text"}
		if m.OpenID == "" {
			m.OpenID, _ = followers.Pick(rng.Uint64())
		}
		if rng.Float64()*(text+event) < text {
			m.Content = contents[rng.IntN(len(contents))]
			return m
		}
		m.Op, m.MsgType, m.Event, m.EventKey = "event", "event", "CLICK", keys[rng.IntN(len(keys))]
		return m
	}, nil
}

// record puts a try into the platform's own ledger.
func (pu *Pusher) record(d ledger.Delivery) error {
	c := ledger.Call{
		At: d.At, Kind: ledger.KindPush, Account: d.Account, OpenID: d.OpenID, MsgID: d.MsgID, Try: d.Try,
		Status: d.Status, TimedOut: d.TimedOut, Reply: d.Reply, Effect: ledger.EffectDelivered,
	}
	if d.OpenID == "" { // a notice to a third-party platform
		c.Path = d.Op
	}
	if !d.OK {
		c.Effect = ledger.EffectRefused
	}
	return pu.p.Record(&c)
}
