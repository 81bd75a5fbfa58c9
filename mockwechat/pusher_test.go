package mockwechat

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/chaos/upstream"
	"oalab/mockwechat/ledger"
	"oalab/mockwechat/message"
	"oalab/mockwechat/platform"
)

// backEnd plays the server under a pusher, in memory: after is how long the
// answer to the n-th try takes, err breaks it.
type backEnd struct {
	mu    sync.Mutex
	start time.Time
	at    []time.Duration
	query []url.Values
	body  []string
	plan  func(try int) (after time.Duration, status int, reply string, err error)
	cut   int // tries that were dropped while the back end was at work
}

func (b *backEnd) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	b.at = append(b.at, time.Since(b.start))
	b.query = append(b.query, r.URL.Query())
	b.body = append(b.body, string(body))
	try := len(b.at)
	b.mu.Unlock()
	after, status, reply, err := b.plan(try)
	if !platform.Wait(r.Context(), after) {
		b.mu.Lock()
		b.cut++
		b.mu.Unlock()
		return nil, r.Context().Err()
	}
	if err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: status, Header: http.Header{}, ContentLength: int64(len(reply)),
		Body: io.NopCloser(strings.NewReader(reply)),
	}, nil
}

// pushBench is a pusher over a back end in memory, within a bubble of fake time.
type pushBench struct {
	*Platform
	pusher *Pusher
	back   *backEnd
	mu     sync.Mutex
	lines  []ledger.Delivery
	full   error // of a record that takes no more lines
}

var pushed = Message{Op: "order", OpenID: crowd.OpenID(0), MsgID: "42", Content: "KT10"}

func newPushBench(t *testing.T, plan func(int) (time.Duration, int, string, error)) *pushBench {
	t.Helper()
	p, err := New(Config{Seed: 1, Accounts: []Account{demoAccount()}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	b := &pushBench{Platform: p, back: &backEnd{start: time.Now(), plan: plan}}
	b.pusher, err = p.Pusher("demo", PusherConfig{
		CallbackURL: "http://server/wechat/demo?x=1", Transport: b.back,
		Source: func(attack string, seq uint64) (Message, error) {
			if attack != "main" || seq != 7 {
				return Message{}, errors.New("no such operation")
			}
			return pushed, nil
		},
		Record: func(d ledger.Delivery) error {
			b.mu.Lock()
			defer b.mu.Unlock()
			if b.full != nil {
				return b.full
			}
			b.lines = append(b.lines, d)
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// seen is what the generator hears of an operation.
type seen struct {
	status int
	tries  string
	text   string
}

func (b *pushBench) roundTrip(ctx context.Context, t *testing.T) (seen, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://server/", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set(HeaderAttack, "main")
	r.Header.Set(HeaderSeq, "7")
	resp, err := b.pusher.RoundTrip(r)
	if err != nil {
		return seen{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return seen{resp.StatusCode, resp.Header.Get(HeaderTries), string(text)}, nil
}

func goodReply() string {
	a := demoAccount()
	return "<xml><ToUserName>" + pushed.OpenID + "</ToUserName><FromUserName>" + a.OriginalID +
		"</FromUserName><CreateTime>1</CreateTime><MsgType>text</MsgType><Content>好</Content></xml>"
}

const second = time.Second

// TestTries is the platform's schedule: 0, 5 and 10 s, 5 s each.
func TestTries(t *testing.T) {
	refused := &os.SyscallError{Syscall: "connect", Err: syscall.ECONNREFUSED}
	type outcome struct {
		after  time.Duration
		status int
		reply  string
		err    error
	}
	ok := outcome{status: 200, reply: "success"}
	tests := []struct {
		name   string
		tries  []outcome
		at     []time.Duration
		status int
		seen   string
		took   time.Duration
		last   ledger.Delivery // what of the last line is compared
	}{
		{"at once", []outcome{ok}, []time.Duration{0}, 200, "success", 0, ledger.Delivery{Try: 1, Status: 200, OK: true, Reply: "success"}},
		{"an empty answer", []outcome{{status: 200}}, []time.Duration{0}, 200, "", 0, ledger.Delivery{Try: 1, Status: 200, OK: true}},
		{
			"a reply",
			[]outcome{{after: 3 * second, status: 200, reply: goodReply()}},
			[]time.Duration{0},
			200, goodReply(), 3 * second,
			ledger.Delivery{Try: 1, Status: 200, OK: true, Reply: goodReply(), TookS: 3},
		},
		{
			"4.9 s is in time",
			[]outcome{{after: 4900 * time.Millisecond, status: 200, reply: "success"}},
			[]time.Duration{0},
			200, "success", 4900 * time.Millisecond,
			ledger.Delivery{Try: 1, Status: 200, OK: true, Reply: "success", TookS: 4.9},
		},
		{
			"5.1 s is too late, every time",
			[]outcome{{after: 5100 * time.Millisecond, status: 200, reply: "success"}, {after: 5100 * time.Millisecond}, {after: 5100 * time.Millisecond}},
			[]time.Duration{0, 5 * second, 10 * second},
			504, Unavailable, 15 * second,
			ledger.Delivery{Try: 3, TimedOut: true, Error: "context deadline exceeded", TookS: 5},
		},
		{
			"late, then in time",
			[]outcome{{after: 6 * second}, {after: second, status: 200, reply: "success"}},
			[]time.Duration{0, 5 * second},
			200, "success", 6 * second,
			ledger.Delivery{Try: 2, Status: 200, OK: true, Reply: "success", TookS: 1},
		},
		{
			"refused at once, tried again at 5 s all the same",
			[]outcome{{err: refused}, ok},
			[]time.Duration{0, 5 * second},
			200, "success", 5 * second,
			ledger.Delivery{Try: 2, Status: 200, OK: true, Reply: "success"},
		},
		{
			"refused always",
			[]outcome{{err: refused}, {err: refused}, {err: refused}},
			[]time.Duration{0, 5 * second, 10 * second},
			503, Unavailable, 10 * second,
			ledger.Delivery{Try: 3, Refused: true, Error: refused.Error()},
		},
		{
			"500, JSON, then good",
			[]outcome{{status: 500, reply: "success"}, {status: 200, reply: `{"a":1}`}, {status: 200, reply: goodReply()}},
			[]time.Duration{0, 5 * second, 10 * second},
			200, goodReply(), 10 * second,
			ledger.Delivery{Try: 3, Status: 200, OK: true, Reply: goodReply()},
		},
		{
			"a redirect is not followed",
			[]outcome{{status: 302}, {status: 302}, {status: 302}},
			[]time.Duration{0, 5 * second, 10 * second},
			503, Unavailable, 10 * second,
			ledger.Delivery{Try: 3, Status: 302, Error: "status 302"},
		},
		{
			"a reply to another follower",
			[]outcome{{status: 200, reply: strings.Replace(goodReply(), pushed.OpenID, crowd.OpenID(1), 1)}, ok},
			[]time.Duration{0, 5 * second},
			200, "success", 5 * second,
			ledger.Delivery{Try: 2, Status: 200, OK: true, Reply: "success"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newPushBench(t, func(try int) (time.Duration, int, string, error) {
					o := test.tries[try-1]
					return o.after, o.status, o.reply, o.err
				})
				start := time.Now()
				got, err := b.roundTrip(t.Context(), t)
				if err != nil {
					t.Fatal(err)
				}
				if want := (seen{test.status, strconv.Itoa(len(test.tries)), test.seen}); got != want || time.Since(start) != test.took {
					t.Errorf("%+v after %v; want %+v after %v", got, time.Since(start), want, test.took)
				}
				if diff := cmp.Diff(test.at, b.back.at); diff != "" {
					t.Errorf("tries (-want +got)\n%s", diff)
				}
				if len(b.lines) != len(test.tries) {
					t.Fatalf("%d lines, want %d", len(b.lines), len(test.tries))
				}
				want := test.last
				want.At, want.Attack, want.Seq, want.Op, want.Account = start.Add(test.at[len(test.at)-1]), "main", 7, "order", "demo"
				want.OpenID, want.MsgID, want.Upstream = pushed.OpenID, "42", "server"
				if diff := cmp.Diff(want, b.lines[len(b.lines)-1]); diff != "" {
					t.Errorf("last line (-want +got)\n%s", diff)
				}
			})
		})
	}
}

func TestEveryTryIsTheSameMessageUnderANewSignature(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newPushBench(t, func(int) (time.Duration, int, string, error) { return 0, 500, "", nil })
		if _, err := b.roundTrip(t.Context(), t); err != nil {
			t.Fatal(err)
		}
		if len(b.back.body) != 3 || b.back.body[0] != b.back.body[1] || b.back.body[0] != b.back.body[2] {
			t.Fatalf("bodies differ: %q", b.back.body)
		}
		nonces, stamps := map[string]bool{}, map[string]bool{}
		for _, q := range b.back.query {
			nonces[q.Get("nonce")], stamps[q.Get("timestamp")] = true, true
			if got, want := q.Get("signature"), message.Signature("weixin", q.Get("timestamp"), q.Get("nonce")); got != want {
				t.Errorf("signature %s, want %s", got, want)
			}
			if q.Get("openid") != pushed.OpenID || q.Get("x") != "1" || q.Has("encrypt_type") {
				t.Errorf("query %v", q)
			}
		}
		if len(nonces) != 3 || len(stamps) != 3 {
			t.Errorf("nonces %v, timestamps %v: want three of each", nonces, stamps)
		}
	})
}

func TestALateTryIsReallyDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newPushBench(t, func(int) (time.Duration, int, string, error) { return time.Hour, 200, "success", nil })
		if _, err := b.roundTrip(t.Context(), t); err != nil {
			t.Fatal(err)
		}
		if b.back.cut != 3 {
			t.Errorf("%d tries were dropped at the limit, want 3", b.back.cut)
		}
	})
}

func TestAnswerLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newPushBench(t, func(int) (time.Duration, int, string, error) { return second, 200, goodReply(), nil })
		if err := b.Rules().Set([]upstream.Rule{{Match: upstream.Match{Path: "push", Op: "order"}, Action: upstream.ActionAnswerLost}}); err != nil {
			t.Fatal(err)
		}
		got, err := b.roundTrip(t.Context(), t)
		if err != nil || got != (seen{http.StatusGatewayTimeout, "3", Unavailable}) {
			t.Fatalf("saw %+v, %v", got, err)
		}
		if diff := cmp.Diff([]time.Duration{0, 5 * second, 10 * second}, b.back.at); diff != "" {
			t.Errorf("tries (-want +got)\n%s", diff)
		}
		for _, d := range b.lines {
			if !d.Lost || !d.TimedOut || d.OK || d.Status != 200 || d.Reply != goodReply() || d.TookS != 5 {
				t.Errorf("line %+v", d)
			}
		}
		// The rule is for orders: a text is left alone.
		o, err := b.pusher.Push(t.Context(), Message{Op: "text", OpenID: pushed.OpenID, Content: "x"})
		if err != nil || !o.OK || o.Tries != 1 {
			t.Errorf("a text: %+v, %v", o, err)
		}
	})
}

func TestPushFaults(t *testing.T) {
	tests := []struct {
		name   string
		rule   upstream.Rule
		at     []time.Duration
		lines  int
		status int
	}{
		{"latency within the limit", upstream.Rule{Latency: &upstream.Latency{Dist: upstream.DistConstant, MedianS: 4}}, []time.Duration{4 * second}, 1, 200},
		{"latency beyond it", upstream.Rule{Latency: &upstream.Latency{Dist: upstream.DistConstant, MedianS: 6}}, nil, 3, 504},
		{"hang", upstream.Rule{Action: upstream.ActionHang}, nil, 3, 504},
		{"reset", upstream.Rule{Action: upstream.ActionReset}, []time.Duration{0, 5 * second, 10 * second}, 3, 503},
		{"double", upstream.Rule{Action: upstream.ActionDouble}, []time.Duration{0, 0}, 2, 200},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newPushBench(t, func(int) (time.Duration, int, string, error) { return 0, 200, "success", nil })
				test.rule.Match.Path = "push"
				if err := b.Rules().Set([]upstream.Rule{test.rule}); err != nil {
					t.Fatal(err)
				}
				got, err := b.roundTrip(t.Context(), t)
				if err != nil || got.status != test.status || len(b.lines) != test.lines {
					t.Fatalf("%+v, %v, %d lines; want %d, %d lines", got, err, len(b.lines), test.status, test.lines)
				}
				if diff := cmp.Diff(test.at, b.back.at); diff != "" {
					t.Errorf("tries (-want +got)\n%s", diff)
				}
			})
		})
	}
}

func TestAContextThatEndsStopsFurtherTries(t *testing.T) {
	for name, test := range map[string]struct {
		after time.Duration
		tries int
	}{
		"between two tries": {7 * second, 2},
		"within a try":      {3 * second, 1},
		"before the first":  {0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newPushBench(t, func(try int) (time.Duration, int, string, error) {
					if try == 1 {
						return time.Hour, 0, "", nil
					}
					return 0, 500, "", nil
				})
				ctx, cancel := context.WithTimeout(t.Context(), test.after)
				defer cancel()
				start := time.Now()
				_, err := b.roundTrip(ctx, t)
				if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != test.after {
					t.Errorf("error %v after %v, want the context's after %v", err, time.Since(start), test.after)
				}
				if len(b.lines) != test.tries || len(b.back.at) != test.tries {
					t.Errorf("%d lines, %d tries; want %d", len(b.lines), len(b.back.at), test.tries)
				}
				for _, d := range b.lines {
					if d.OK || d.Error == "" || (d.TimedOut && test.tries == 1) {
						t.Errorf("line %+v", d)
					}
				}
			})
		})
	}
}

func TestALineThatIsNotRecordedFailsTheOperation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newPushBench(t, func(int) (time.Duration, int, string, error) { return 0, 200, "success", nil })
		full := errors.New("disk is full")
		b.full = full
		if _, err := b.roundTrip(t.Context(), t); !errors.Is(err, full) {
			t.Errorf("error %v, want %v", err, full)
		}
	})
}

func TestRoundTripRefusesWhatNamesNoOperation(t *testing.T) {
	b := newPushBench(t, nil)
	for _, header := range []http.Header{{}, {HeaderSeq: {"x"}}, {HeaderAttack: {"main"}, HeaderSeq: {"8"}}} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://server/", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		r.Header = header
		resp, err := b.pusher.RoundTrip(r)
		if err == nil {
			_ = resp.Body.Close()
			t.Errorf("%v: no error", header)
		}
	}
	if len(b.lines) != 0 {
		t.Errorf("%d lines, want none", len(b.lines))
	}
}

func TestAPushOpensTheWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// Even when the back end never answers: the follower has written.
		b := newPushBench(t, func(int) (time.Duration, int, string, error) { return 0, 500, "", nil })
		acc := b.core.Named("demo")
		if code := acc.Spend(pushed.OpenID, b.core.Now()); code != platform.CodeOutOfWindow {
			t.Fatalf("before: %d, want %d", code, platform.CodeOutOfWindow)
		}
		if _, err := b.pusher.Push(t.Context(), pushed); err != nil {
			t.Fatal(err)
		}
		if code := acc.Spend(pushed.OpenID, b.core.Now()); code != platform.CodeOK {
			t.Errorf("after: %d, want %d", code, platform.CodeOK)
		}
	})
}

func TestPusherConfig(t *testing.T) {
	p, err := New(Config{Accounts: []Account{demoAccount()}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Stop(context.WithoutCancel(t.Context())) })
	if _, err := p.Pusher("nobody", PusherConfig{CallbackURL: "http://x"}); !errors.Is(err, ErrUnknownAccount) {
		t.Errorf("error %v, want %v", err, ErrUnknownAccount)
	}
	for _, callback := range []string{"", "x", "ftp://x/y", "http:///y", "http://a b"} {
		if _, err := p.Pusher("demo", PusherConfig{CallbackURL: callback}); !errors.Is(err, ErrConfig) {
			t.Errorf("callback %q: error %v, want %v", callback, err, ErrConfig)
		}
	}
}
