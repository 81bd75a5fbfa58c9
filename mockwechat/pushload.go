package mockwechat

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
)

// pushRequest is the body of POST /control/push: one message, or a load.
type pushRequest struct {
	Message

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

// pushState is how far a load is.
type pushState struct {
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

func (l *pushLoad) state() pushState {
	return pushState{l.n, l.started.Load(), l.dropped.Load(), l.ok.Load(), l.failed.Load(), l.done.Load()}
}

func (p *Platform) controlPush(w http.ResponseWriter, r *http.Request) {
	var body pushRequest
	if err := upstream.ReadJSON(w, r, &body); err != nil {
		upstream.WriteError(w, http.StatusBadRequest, fmt.Errorf("push: %w", err))
		return
	}
	if body.Account == "" {
		p.mu.RLock()
		if len(p.order) > 0 {
			body.Account = p.order[0].cfg.Name
		}
		p.mu.RUnlock()
	}
	pusher, err := p.Pusher(body.Account, PusherConfig{})
	if err != nil {
		upstream.WriteError(w, http.StatusBadRequest, err)
		return
	}
	if body.Rate != 0 {
		p.beginLoad(w, pusher, body)
		return
	}
	defer pusher.Close()
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(p.life.ctx, cancel)()
	o, err := pusher.Push(ctx, body.Message)
	switch {
	case errors.Is(err, ErrMessage):
		upstream.WriteError(w, http.StatusBadRequest, err)
	case err != nil:
		upstream.WriteError(w, http.StatusInternalServerError, err)
	default:
		upstream.WriteJSON(w, http.StatusOK, o)
	}
}

func (p *Platform) controlPushState(w http.ResponseWriter, _ *http.Request) {
	l := p.load.Load()
	if l == nil {
		upstream.WriteError(w, http.StatusNotFound, errors.New("no load has been pushed"))
		return
	}
	upstream.WriteJSON(w, http.StatusOK, l.state())
}

func (p *Platform) beginLoad(w http.ResponseWriter, pusher *Pusher, body pushRequest) {
	acc, _ := p.Account(body.Account)
	source, err := body.source(acc.Followers, p.cfg.Seed)
	if err == nil {
		n := math.Round(body.Rate * body.DurationS)
		if n < 1 || n > maxLoad || body.Rate < 0 {
			err = fmt.Errorf("rate × duration_s is %g messages, want 1 to %d", n, maxLoad)
		} else {
			l := &pushLoad{n: int64(n)}
			if err = p.startLoad(l, pusher, body.Rate, source); err == nil {
				upstream.WriteJSON(w, http.StatusAccepted, l.state())
				return
			}
		}
	}
	pusher.Close()
	upstream.WriteError(w, http.StatusBadRequest, err)
}

var errLoadRuns = errors.New("a load is still being pushed")

func (p *Platform) startLoad(l *pushLoad, pusher *Pusher, rate float64, source func(int64) Message) error {
	p.life.mu.Lock() // Stop must see the load or the load must see Stop
	defer p.life.mu.Unlock()
	if p.life.stopped {
		return ErrStopped
	}
	if old := p.load.Load(); old != nil && !old.done.Load() {
		return errLoadRuns
	}
	p.load.Store(l)
	p.life.work.Go(func() {
		defer l.done.Store(true)
		defer pusher.Close()
		l.run(p.life.ctx, pusher, rate, source)
	})
	return nil
}

// run starts every message when it is due, however long the ones before take.
func (l *pushLoad) run(ctx context.Context, pusher *Pusher, rate float64, source func(int64) Message) {
	var flight sync.WaitGroup
	defer flight.Wait()
	places := make(chan struct{}, maxFlight)
	start := time.Now()
	for n := range l.n {
		due := start.Add(time.Duration(float64(n) / rate * float64(time.Second)))
		if !wait(ctx, time.Until(due)) {
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
func (b pushRequest) source(followers Followers, seed uint64) (func(int64) Message, error) {
	if _, ok := followers.pick(0); !ok && b.OpenID == "" {
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
	return func(n int64) Message {
		rng := rand.New(rand.NewPCG(seed, uint64(n)))
		m := Message{Op: "text", OpenID: b.OpenID, MsgType: "text"}
		if m.OpenID == "" {
			m.OpenID, _ = followers.pick(rng.Uint64())
		}
		if rng.Float64()*(text+event) < text {
			m.Content = contents[rng.IntN(len(contents))]
			return m
		}
		m.Op, m.MsgType, m.Event, m.EventKey = "event", "event", "CLICK", keys[rng.IntN(len(keys))]
		return m
	}, nil
}

// recordPush puts a try into the platform's own ledger.
func (p *Platform) recordPush(d ledger.Delivery) error {
	c := ledger.Call{
		At: d.At, Kind: ledger.KindPush, Account: d.Account, OpenID: d.OpenID, MsgID: d.MsgID, Try: d.Try,
		Status: d.Status, TimedOut: d.TimedOut, Reply: d.Reply, Effect: ledger.EffectDelivered,
	}
	if !d.OK {
		c.Effect = ledger.EffectRefused
	}
	return p.record(&c)
}
