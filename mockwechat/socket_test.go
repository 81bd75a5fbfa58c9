package mockwechat

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"oalab/chaos/upstream"
	"oalab/internal/deadport"
	"oalab/internal/jsonl"
	"oalab/mockwechat/ledger"
	"oalab/mockwechat/platform"
)

// socketPusher pushes to a real server, with short limits.
func socketPusher(t *testing.T, callback string) (*Pusher, *[]ledger.Delivery, *Platform) {
	t.Helper()
	p, err := New(Config{Accounts: []Account{demoAccount()}})
	if err != nil {
		t.Fatal(err)
	}
	var lines []ledger.Delivery
	pu, err := p.Pusher("demo", PusherConfig{
		CallbackURL: callback, TrySpacing: 100 * time.Millisecond, TryTimeout: 100 * time.Millisecond,
		Record: func(d ledger.Delivery) error { lines = append(lines, d); return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		pu.Close()
		if err := p.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return pu, &lines, p
}

func TestTheConnectionIsDroppedAtTheLimit(t *testing.T) {
	gone := make(chan struct{}, MaxTries)
	tests := map[string]http.HandlerFunc{
		"no answer": func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
			gone <- struct{}{}
		},
		"an answer that never ends": func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			_, _ = w.Write([]byte("succ"))
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
			gone <- struct{}{}
		},
	}
	for name, handler := range tests {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(handler)
			defer server.Close()
			pu, lines, _ := socketPusher(t, server.URL)
			o, err := pu.Push(t.Context(), pushed)
			if err != nil || o.OK || !o.TimedOut || o.Tries != MaxTries || o.Seen != Unavailable {
				t.Fatalf("outcome %+v, %v", o, err)
			}
			for range MaxTries {
				select {
				case <-gone:
				case <-time.After(10 * time.Second):
					t.Fatal("the server never saw the connection go")
				}
			}
			for _, d := range *lines {
				if !d.TimedOut || d.OK || d.Refused || d.TookS < 0.1 {
					t.Errorf("line %+v", d)
				}
			}
		})
	}
}

func TestRefusedConnections(t *testing.T) {
	pu, lines, _ := socketPusher(t, "http://"+deadport.Addr(t)+"/")
	o, err := pu.Push(t.Context(), pushed)
	if err != nil || o.OK || o.TimedOut || o.Tries != MaxTries {
		t.Fatalf("outcome %+v, %v", o, err)
	}
	for _, d := range *lines {
		if !d.Refused || d.TimedOut || d.Status != 0 {
			t.Errorf("line %+v", d)
		}
	}
}

func TestAResetReachesTheServer(t *testing.T) {
	arrived := make(chan string, MaxTries)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			body = []byte(err.Error())
		}
		arrived <- string(body)
		<-r.Context().Done()
	}))
	defer server.Close()
	pu, lines, p := socketPusher(t, server.URL)
	if err := p.Rules().Set([]upstream.Rule{{Match: upstream.Match{Path: "push"}, Action: upstream.ActionReset}}); err != nil {
		t.Fatal(err)
	}
	if o, err := pu.Push(t.Context(), pushed); err != nil || o.OK || o.TimedOut {
		t.Fatalf("outcome %+v, %v", o, err)
	}
	for i := range MaxTries {
		if d := (*lines)[i]; d.Error != "reset by an injected fault" || d.TookS >= 0.1 {
			t.Errorf("line %+v", d)
		}
		select {
		case body := <-arrived:
			if len(body) < 100 {
				t.Errorf("the server read %q", body)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("the try never arrived")
		}
	}
}

func TestPushedHeaders(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Content-Type"); got != "text/xml" || r.ContentLength <= 0 {
			http.Error(w, got, http.StatusUnsupportedMediaType)
		}
	}))
	defer server.Close()
	pu, _, _ := socketPusher(t, server.URL)
	if o, err := pu.Push(t.Context(), pushed); err != nil || !o.OK {
		t.Errorf("outcome %+v, %v", o, err)
	}
}

// served is a platform behind real sockets.
func served(t *testing.T, cfg Config) *Platform {
	t.Helper()
	p, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(t.Context(), "127.0.0.1:0", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Second)
		defer cancel()
		if err := p.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	return p
}

func get(t *testing.T, client *http.Client, address string) (status int, body string, err error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b), err
}

func TestFaultsOfTheAPIs(t *testing.T) {
	type want struct {
		status int // 0: no answer
		lines  int
		code   int
		valid  int // lines with a token that was given out
	}
	tests := []struct {
		name string
		rule upstream.Rule
		want want
	}{
		{"none", upstream.Rule{Match: upstream.Match{Op: "stable_token"}, Action: upstream.ActionReset}, want{200, 1, 0, 1}},
		{"errcode", upstream.Rule{ErrCode: 45009}, want{200, 1, 45009, 0}},
		{"status", upstream.Rule{Status: 502}, want{502, 1, -1, 0}},
		{"reset", upstream.Rule{Action: upstream.ActionReset}, want{0, 1, -1, 0}},
		{"hang", upstream.Rule{Action: upstream.ActionHang}, want{0, 1, -1, 0}},
		{"answer lost", upstream.Rule{Action: upstream.ActionAnswerLost}, want{0, 1, 0, 1}},
		{"double", upstream.Rule{Action: upstream.ActionDouble}, want{200, 2, 0, 2}},
		{"latency beyond the client's patience", upstream.Rule{Latency: &upstream.Latency{Dist: upstream.DistConstant, MedianS: 0.4}}, want{0, 1, 0, 1}},
		{"drip beyond it", upstream.Rule{Action: upstream.ActionDrip}, want{0, 1, 0, 1}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := served(t, Config{Accounts: []Account{demoAccount()}})
			if err := p.Rules().Set([]upstream.Rule{test.rule}); err != nil {
				t.Fatal(err)
			}
			client := &http.Client{Timeout: 300 * time.Millisecond, Transport: &http.Transport{DisableKeepAlives: true}}
			status, body, err := get(t, client, "http://"+p.Addr()+"/cgi-bin/token?grant_type=client_credential&appid=wxdemo&secret=s3cret")
			if (err == nil) != (test.want.status != 0) || (err == nil && status != test.want.status) {
				t.Errorf("status %d, body %q, error %v; want status %d", status, body, err, test.want.status)
			}
			lines := eventually(t, p, test.want.lines)
			valid := 0
			for _, c := range lines {
				if c.ErrCode != test.want.code {
					t.Errorf("line %+v, want errcode %d", c, test.want.code)
				}
				if c.Token != "" {
					valid++
				}
			}
			if len(lines) != test.want.lines || valid != test.want.valid {
				t.Errorf("%d lines, %d with a token; want %d and %d", len(lines), valid, test.want.lines, test.want.valid)
			}
		})
	}
}

// eventually waits until the ledger has n lines and returns them.
func eventually(t *testing.T, p *Platform, n int) []ledger.Call {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(10 * time.Second); ; {
		var calls []ledger.Call
		if err := p.core.EachCall(func(c *ledger.Call) error { calls = append(calls, *c); return nil }); err != nil {
			t.Fatal(err)
		}
		if len(calls) >= n {
			return calls
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d lines, want %d", len(calls), n)
		}
		<-tick.C
	}
}

func TestALineIsOnDiskBeforeTheAnswer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "wechat.jsonl")
	p := served(t, Config{Accounts: []Account{demoAccount()}, LedgerPath: path})
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for i := 1; i <= 3; i++ {
		if _, _, err := get(t, client, "http://"+p.Addr()+"/cgi-bin/message/custom/send?access_token="+url.QueryEscape("76_x")); err != nil {
			t.Fatal(err)
		}
		lines, err := jsonl.Read[ledger.Call](path)
		if err != nil || len(lines) != i {
			t.Fatalf("%d lines, %v; want %d", len(lines), err, i)
		}
	}
}

func TestALedgerThatCannotBeWrittenIsLoud(t *testing.T) {
	p, err := New(Config{Accounts: []Account{demoAccount()}, LedgerPath: filepath.Join(t.TempDir(), "m.jsonl")})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.core.Close(); err != nil {
		t.Fatal(err)
	}
	broken := &bench{Platform: p, t: t, clock: newClock()}
	if a := broken.stable(false); a.code() != int(platform.CodeSystem) || a.Token != "" {
		t.Errorf("answer %+v, want %d", a, platform.CodeSystem)
	}
	if !errors.Is(p.Err(), jsonl.ErrClosed) || !errors.Is(p.Stop(t.Context()), jsonl.ErrClosed) {
		t.Errorf("error %v, want %v", p.Err(), jsonl.ErrClosed)
	}
}

func TestStartAndStop(t *testing.T) {
	p := served(t, Config{})
	if err := p.Start(t.Context(), "127.0.0.1:0", ""); !errors.Is(err, ErrStopped) {
		t.Errorf("second start: %v, want %v", err, ErrStopped)
	}
	busy, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := busy.Start(t.Context(), "127.0.0.1:0", p.Addr()); err == nil {
		t.Error("a busy port is no error")
	}
	if busy.Addr() != "" || busy.ControlAddr() != "" {
		t.Error("a failed start left a listener open")
	}
	if err := errors.Join(busy.Stop(t.Context()), busy.Stop(t.Context())); err != nil {
		t.Error(err)
	}
}
