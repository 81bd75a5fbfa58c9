package token_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"oalab/server/internal/token"
)

func replace(c *token.Config) { c.Replace = true }

func TestOneRefreshHoweverManyAsk(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*token.Config){"stable": func(*token.Config) {}, "replacing": replace} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, time.Hour)
			w.platform.slow = 50 * time.Millisecond
			servers := make([]server, 4)
			for i := range servers {
				servers[i] = w.serve(false, change)
			}
			got := make(chan string, 100)
			var together sync.WaitGroup
			for i := range cap(got) {
				together.Go(func() {
					token, err := servers[i%len(servers)].Token(t.Context(), account)
					if err != nil {
						t.Error(err)
					}
					got <- token
				})
			}
			together.Wait()
			close(got)
			for token := range got {
				if token != w.platform.current() {
					t.Fatalf("got %q, the platform's is %q", token, w.platform.current())
				}
			}
			if calls, issued, _ := w.platform.set(nil); calls != 1 || issued != 1 {
				t.Errorf("%d calls, %d tokens, want one for four servers and a hundred callers", calls, issued)
			}
		})
	}
}

func TestServersRenewAheadAndOneAtATime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 4*time.Second)
	var servers []server
	for i := range 3 {
		servers = append(servers, w.serve(true, replace, func(c *token.Config) { c.Seed = uint64(i) }))
	}
	started := time.Now()
	until(t, "four tokens", func() bool {
		for _, s := range servers {
			w.token(s) // fails when none lives
		}
		_, issued, _ := w.platform.set(nil)
		return issued >= 4
	})
	calls, issued, most := w.platform.set(nil)
	if took := time.Since(started); took < 3*3*time.Second || calls != issued || most != 1 {
		t.Errorf("%d calls for %d tokens in %s, %d at once; want one each 3 to 3.5 s", calls, issued, took, most)
	}
}

func TestAnAnswerThatRepeatsIsAskedForAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 4*time.Second)
	s := w.serve(true)
	until(t, "first token", func() bool { return w.platform.current() != "" })
	// The platform's clock is late: in its view the token lives 300 ms longer.
	w.platform.set(func() { w.platform.until = w.platform.until.Add(time.Second) })
	until(t, "second token", func() bool { _, issued, _ := w.platform.set(nil); return issued == 2 })
	calls, _, _ := w.platform.set(nil)
	if same := refreshes(t, s, "same"); same < 1 || calls != same+2 || same > 15 {
		t.Errorf("%d calls, %d of them repeated; want some, w/10 apart", calls, same)
	}
}

func TestPlatformAwayTheTokenIsServedToItsEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2*time.Second)
	s := w.serve(true)
	token := w.token(s)
	end := time.Now().Add(2 * time.Second)
	w.platform.set(func() { w.platform.err = errAway })
	until(t, "a failed refresh", func() bool { return refreshes(t, s, "failed") > 0 })
	if got := w.token(s); got != token {
		t.Errorf("got %q while the platform is away, want %q", got, token)
	}
	until(t, "no token", func() bool {
		got, err := s.Token(t.Context(), account)
		if now := time.Now(); err == nil && (got != token || now.After(end)) {
			t.Fatalf("got %q %s after the end of the last token", got, now.Sub(end))
		}
		if err != nil && !errors.Is(err, errAway) {
			t.Errorf("the error hides its cause: %v", err)
		}
		return err != nil
	})
	before, _, _ := w.platform.set(nil)
	for range 1000 {
		if got, err := s.Token(t.Context(), account); err == nil {
			t.Fatalf("got %q", got)
		}
	}
	if after, _, _ := w.platform.set(nil); after > before+2 {
		t.Errorf("a thousand callers made %d calls to a platform that is away", after-before)
	}
	w.platform.set(func() { w.platform.err = nil })
	until(t, "a token again", func() bool { _, err := s.Token(t.Context(), account); return err == nil })
}

func TestAReportMakesOneRefresh(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Hour)
	one, other := w.serve(false), w.serve(false)
	dead := w.token(one)
	if w.token(other) != dead {
		t.Fatal("two servers have two tokens")
	}
	w.platform.set(w.platform.issue) // an operator forced a new one
	var together sync.WaitGroup
	for i := range 20 {
		together.Go(func() {
			s := []server{one, other}[i%2]
			s.Report(account, dead)
			if got, err := s.Token(t.Context(), account); err != nil || got == dead {
				t.Errorf("after the report: %q, %v", got, err)
			}
		})
	}
	together.Wait()
	one.Report(account, dead) // late: it is replaced already
	one.Report(account, "never seen")
	if calls, _, _ := w.platform.set(nil); calls != 2 || w.token(one) != w.platform.current() {
		t.Errorf("%d calls, want one for the start and one for all reports", calls)
	}
}

func TestReportsOfATokenThatThePlatformInsistsOnAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Hour)
	s := w.serve(false)
	for range 200 {
		if token, err := s.Token(t.Context(), account); err == nil {
			s.Report(account, token)
		}
	}
	if calls, issued, _ := w.platform.set(nil); calls < 2 || calls > 5 || issued != 1 {
		t.Errorf("200 reports made %d calls", calls)
	}
}

// A server killed at any moment of a refresh leaves a row that the next one goes
// on from.
func TestALostAnswerCostsNothing(t *testing.T) {
	t.Parallel()
	t.Run("stable: the platform repeats it", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, time.Hour)
		w.platform.lose = true
		if _, err := w.serve(false).Token(t.Context(), account); !errors.Is(err, errAway) {
			t.Fatal(err)
		}
		w.platform.set(func() { w.platform.lose = false })
		if w.token(w.serve(false)) != w.platform.current() || w.platform.issued != 1 {
			t.Errorf("%d tokens were issued", w.platform.issued)
		}
	})
	t.Run("replacing: the intent says that the token may be dying", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 4*time.Second)
		first := w.serve(false, replace)
		old := w.token(first)
		db := w.open()
		row, err := db.TokenRow(t.Context(), account)
		if err != nil {
			t.Fatal(err)
		}
		// The server dies between the call and the commit.
		if _, err := db.LeaseToken(t.Context(), account, row.Version, token.Lease{Owner: "dead", For: time.Millisecond, Intent: true}); err != nil {
			t.Fatal(err)
		}
		lost := time.Now()
		w.platform.set(w.platform.issue)
		second := w.serve(false, replace)
		if got := w.token(second); got != old {
			t.Errorf("within the overlap: %q, want the old %q", got, old)
		}
		until(t, "a token that is not the old one", func() bool { return w.token(second) != old })
		if took := time.Since(lost); took > token.Window(4*time.Second) {
			t.Errorf("the old token was given out %s after its replacement", took)
		}
	})
}

func TestARefusedServerAsksSeldom(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Hour)
	w.platform.err = refusal{}
	s := w.serve(true)
	until(t, "three refusals", func() bool { return refreshes(t, s, "failed") >= 3 })
	if calls, _, _ := w.platform.set(nil); calls > 4 {
		t.Errorf("%d calls within a moment", calls)
	}
}

func TestCallersGoWithTheirContext(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Hour)
	w.platform.slow = time.Minute
	s := w.serve(false)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := s.Token(ctx, account); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v, want the context's error", err)
	}
	s.Close() // does not wait for the minute
	if _, err := s.Token(t.Context(), "stranger"); !errors.Is(err, token.ErrNoAccount) {
		t.Errorf("unknown account: %v", err)
	}
}

// brokenStore loses the database at a point of the test's choice.
type brokenStore struct {
	token.Store
	mu   sync.Mutex
	away bool
}

func (b *brokenStore) down(away bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.away = away
}

var errDB = errors.New("database is away")

func (b *brokenStore) TokenRow(ctx context.Context, account string) (token.Row, error) {
	b.mu.Lock()
	away := b.away
	b.mu.Unlock()
	if away {
		return token.Row{}, errDB
	}
	return b.Store.TokenRow(ctx, account)
}

func (b *brokenStore) CommitToken(ctx context.Context, account string, version int64, token string, until time.Time) (int64, error) {
	b.mu.Lock()
	away := b.away
	b.mu.Unlock()
	if away {
		return 0, errDB
	}
	return b.Store.CommitToken(ctx, account, version, token, until)
}

// seenCache tells what was put into it and when.
type seenCache struct {
	mu    sync.Mutex
	token token.Token
	saved func(token.Token)
}

func (c *seenCache) Load(context.Context, string) (token.Token, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.token, c.token.Value != ""
}

func (c *seenCache) Save(_ context.Context, _ string, t token.Token) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.token = t
	if c.saved != nil {
		c.saved(t)
	}
}

func (c *seenCache) Drop(context.Context, string, int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.token = token.Token{}
}

// CTL-6: a token is in the database before the cache has it, and no caller gets one
// that is not.
func TestCommittedBeforeAnybodySeesIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Hour)
	db := w.open()
	seen := &seenCache{}
	saves := 0
	seen.saved = func(saved token.Token) {
		saves++
		row, err := db.TokenRow(t.Context(), account)
		if err != nil || row.Value != saved.Value || row.Version != saved.Version {
			t.Errorf("the cache has %+v, the database %+v, %v", saved, row, err)
		}
	}
	store := &brokenStore{Store: db}
	s := w.serveWith(false, store, seen)
	w.platform.slow = 50 * time.Millisecond
	failed := make(chan error, 1)
	go func() { _, err := s.Token(t.Context(), account); failed <- err }()
	until(t, "the platform is asked", func() bool { calls, _, _ := w.platform.set(nil); return calls == 1 })
	store.down(true)
	if err := <-failed; !errors.Is(err, errDB) || saves != 0 {
		t.Fatalf("the commit fails: %v, %d saves", err, saves)
	}
	store.down(false)
	until(t, "the lease of the failed refresh ends", func() bool {
		_, err := s.Token(t.Context(), account)
		return err == nil
	})
	if _, issued, _ := w.platform.set(nil); issued != 1 || saves != 1 {
		t.Errorf("%d tokens issued, %d saved", issued, saves)
	}
	store.down(true)
	if got := w.token(w.serveWith(false, store, seen)); got != w.platform.current() {
		t.Errorf("a server that starts without a database got %q", got)
	}
}

func TestNoLogLineHoldsAToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2*time.Second)
	var mu sync.Mutex
	var log bytes.Buffer
	k, err := token.New(token.Config{Accounts: []token.Account{{Name: account, Lifetime: 2 * time.Second}}},
		w.open(), &seenCache{}, w.platform, slog.New(slog.NewJSONHandler(lockedWriter{&mu, &log}, nil)), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	if _, err := k.Token(t.Context(), account); err != nil {
		t.Fatal(err)
	}
	w.platform.set(func() { w.platform.err = errAway })
	k.Report(account, w.platform.current())
	_, err = k.Token(t.Context(), account)
	mu.Lock()
	defer mu.Unlock()
	if text := log.String(); err == nil || strings.Contains(text+err.Error(), "TOKEN") || !strings.Contains(text, "refreshed") {
		t.Errorf("error %v, log:\n%s", err, text)
	}
}

type lockedWriter struct {
	mu *sync.Mutex
	to *bytes.Buffer
}

func (l lockedWriter) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.to.Write(b)
}
