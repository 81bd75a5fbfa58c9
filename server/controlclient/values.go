package controlclient

import (
	"context"
	"errors"
	"sync"
	"time"

	"oalab/server/internal/domain"
)

// Values are the tokens, or the tickets, of accounts. A value is asked for once however many
// want it, kept for as long as it may be used, and asked for anew in the last tenth of that
// time, while it is given out. It is safe for concurrent use.
type Values struct {
	client *Client
	kind   string
	kept   *domain.Container[*value]
}

// value is that of one account.
type value struct {
	mu      sync.Mutex
	text    string
	version int64
	until   time.Time // it may be used
	askAt   time.Time // it is asked for anew
	dead    string    // the platform refused this one
	flight  *flight
	failed  time.Time // when no node gave one
	err     error
}

// flight is a question that many may wait for.
type flight struct {
	done chan struct{}
	err  error
	last given // what was given in the last second of its life; zero: something else
}

// pause is how long nothing is asked after no node gave a value and there is none.
const pause = 100 * time.Millisecond

// Token returns a value that may be used.
func (v *Values) Token(ctx context.Context, account string) (string, error) {
	text, _, _, err := v.Lookup(ctx, account)
	return text, err
}

// Lookup is Token with the value's version and how long it may be used.
func (v *Values) Lookup(ctx context.Context, account string) (text string, version int64, left time.Duration, err error) {
	k, err := v.kept.Get(ctx, account)
	if err != nil {
		return "", 0, 0, err
	}
	for tries := 0; ; tries++ {
		k.mu.Lock()
		now := time.Now()
		good := k.text != "" && now.Before(k.until)
		if good && !now.Before(k.askAt) {
			v.start(k, account)
		}
		// A second try is for a report that came while the first one was under way.
		if good || k.flight == nil && (tries > 1 || k.err != nil && (tries > 0 || now.Sub(k.failed) < pause)) {
			defer k.mu.Unlock()
			if good {
				return k.text, k.version, k.until.Sub(now), nil
			}
			if k.err == nil {
				return "", 0, 0, errors.New("what the control nodes gave has ended already")
			}
			return "", 0, 0, k.err
		}
		f := v.start(k, account)
		k.mu.Unlock()
		select {
		case <-f.done:
		case <-ctx.Done():
			return "", 0, 0, ctx.Err()
		}
		if f.last.Value != "" {
			return f.last.Value, f.last.Version, 0, nil
		}
	}
}

// start begins a question, or joins the one under way. The lock is held.
func (v *Values) start(k *value, account string) *flight {
	if k.flight != nil {
		return k.flight
	}
	f := &flight{done: make(chan struct{})}
	k.flight = f
	dead := k.dead
	v.client.work.Go(func() {
		ctx, cancel := context.WithTimeout(v.client.life, 4*v.client.cfg.Timeout)
		defer cancel()
		asked := time.Now()
		q := question{account: account, kind: v.kind}
		if v.kind == KindToken {
			q.dead = dead
		}
		got, err := v.client.ask(ctx, q)
		k.mu.Lock()
		defer k.mu.Unlock()
		defer close(f.done)
		k.flight, k.err, f.err = nil, err, err
		if err != nil {
			k.failed = time.Now()
			k.askAt = k.failed.Add(v.client.cfg.Timeout) // while one is good
			return
		}
		if k.take(got, asked, dead) && got.ExpiresIn == 0 {
			f.last = got
		}
	})
	return f
}

// take brings what was given into use, and reports whether it did. What is dead, or older than a
// value that lives, is not taken: after its end the versions may have begun anew, with a database
// that was restored. The lock is held.
func (k *value) take(got given, asked time.Time, reported string) bool {
	life := time.Duration(got.ExpiresIn) * time.Second
	again := got.Version <= k.version // the node has not renewed it yet
	k.askAt = time.Now().Add(max(time.Second, life/10))
	if got.Version < k.version && asked.Before(k.until) || got.Value == k.dead && k.dead != reported {
		return false
	}
	if k.dead == reported {
		k.dead = ""
	}
	k.text, k.version, k.until = got.Value, got.Version, asked.Add(life)
	if !again {
		k.askAt = asked.Add(life * 9 / 10)
	}
	return true
}

// Report says that the platform refused a value (40001, 42001). It is not given out again; the
// next caller reports it to a control node and waits for the next one.
func (v *Values) Report(account, text string) {
	k, ok := v.kept.Peek(account)
	if !ok {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.text == text {
		k.dead, k.text = text, ""
	}
}

// Dead is Report.
func (v *Values) Dead(_ context.Context, account, text string) error {
	v.Report(account, text)
	return nil
}

// Run waits for the end of ctx: control nodes renew.
func (*Values) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}
