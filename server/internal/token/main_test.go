package token_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"oalab/server/internal/cache"
	"oalab/server/internal/sqldb"
	"oalab/server/internal/token"
	tokenstore "oalab/server/internal/token/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const account = "demo"

var errAway = errors.New("platform is away")

// refusal is an answer of the platform that says no.
type refusal struct{}

func (refusal) Error() string { return "invalid appsecret" }

// platform gives tokens out as WeChat does, with a clock of its own.
type platform struct {
	lifetime time.Duration

	mu     sync.Mutex
	calls  int
	issued int
	now    int // calls under way
	most   int
	token  string
	until  time.Time
	err    error
	slow   time.Duration
	lose   bool // does what is asked and loses the answer
}

func (p *platform) FetchToken(ctx context.Context, _ string, replace bool) (string, time.Duration, error) {
	p.mu.Lock()
	p.calls++
	p.now++
	p.most = max(p.most, p.now)
	slow := p.slow
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		p.now--
		p.mu.Unlock()
	}()
	if slow > 0 {
		select {
		case <-time.After(slow):
		case <-ctx.Done():
			return "", 0, ctx.Err()
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return "", 0, p.err
	}
	if replace || time.Until(p.until) <= token.Window(p.lifetime) {
		p.issue()
	}
	if p.lose {
		return "", 0, errAway
	}
	return p.token, time.Until(p.until), nil
}

func (p *platform) Refused(err error) bool {
	var r refusal
	return errors.As(err, &r)
}

func (p *platform) issue() {
	p.issued++
	p.token, p.until = fmt.Sprintf("TOKEN+%d", p.issued), time.Now().Add(p.lifetime)
}

// set changes the platform, and returns what it counted so far.
func (p *platform) set(change func()) (calls, issued, most int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if change != nil {
		change()
	}
	return p.calls, p.issued, p.most
}

func (p *platform) current() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.token
}

// world is what servers share.
type world struct {
	t        *testing.T
	platform *platform
	path     string
}

func newWorld(t *testing.T, lifetime time.Duration) *world {
	t.Helper()
	return &world{t: t, platform: &platform{lifetime: lifetime}, path: filepath.Join(t.TempDir(), "core.db")}
}

func (w *world) open() *tokenstore.Store {
	w.t.Helper()
	db, err := sqldb.Open(w.t.Context(), sqldb.Config{CoreDSN: w.path})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		if err := db.Close(); err != nil {
			w.t.Error(err)
		}
	})
	if err := db.Migrate(w.t.Context(), sqldb.Core()); err != nil {
		w.t.Fatal(err)
	}
	return tokenstore.New(db)
}

// server is one keeper with a database connection and a cache of its own.
type server struct {
	*token.Keeper
	reg *prometheus.Registry
}

// serve starts a server; run says whether it refreshes ahead of time.
func (w *world) serve(run bool, change ...func(*token.Config)) server {
	w.t.Helper()
	client, err := cache.New(cache.Config{}, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		if err := client.Close(); err != nil {
			w.t.Error(err)
		}
	})
	return w.serveWith(run, w.open(), cache.NewTokens(client), change...)
}

func (w *world) serveWith(run bool, store token.Store, c token.Cache, change ...func(*token.Config)) server {
	w.t.Helper()
	cfg := token.Config{Accounts: []token.Account{{Name: account, Lifetime: w.platform.lifetime}}, Seed: 1}
	for _, f := range change {
		f(&cfg)
	}
	reg := prometheus.NewRegistry()
	k, err := token.New(cfg, store, c, w.platform, slog.New(slog.DiscardHandler), reg)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(k.Close)
	if run {
		ctx, cancel := context.WithCancel(w.t.Context())
		done := make(chan struct{})
		go func() { defer close(done); _ = k.Run(ctx) }()
		w.t.Cleanup(func() { cancel(); <-done })
	}
	return server{k, reg}
}

func (w *world) token(s server) string {
	w.t.Helper()
	token, err := s.Token(w.t.Context(), account)
	if err != nil {
		w.t.Fatal(err)
	}
	return token
}

// refreshes reads the server's own count of a result.
func refreshes(t *testing.T, s server, result string) int {
	t.Helper()
	families, err := s.reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if f.GetName() == "oalab_token_refreshes_total" && l.GetName() == "result" && l.GetValue() == result {
					return int(m.GetCounter().GetValue())
				}
			}
		}
	}
	return 0
}

// until waits for a condition.
func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	limit := time.After(15 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-limit:
			t.Fatalf("never: %s", what)
		case <-tick.C:
		}
	}
}
