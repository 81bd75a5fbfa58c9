package token_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"oalab/server/internal/token"
)

// book is what happened to the tokens of an account, as the platform and the readers saw it.
type book struct {
	mu     sync.Mutex
	issued []*issued
	handed []handed
}

// issued is a token, from the platform's view.
type issued struct {
	value       string
	at, expires time.Time
	dead        time.Time // it was replaced, and its overlap ended; zero: it was not
	lost        bool      // the node that got it died before it had committed it
}

func (i *issued) live(at time.Time) bool {
	return at.Before(i.expires) && (i.dead.IsZero() || at.Before(i.dead))
}

// handed is a token that a reader got.
type handed struct {
	value string
	node  int
	at    time.Time
}

// wrong is the checker of tokens: no reader gets a token that is dead, or that the platform never
// issued; and one is issued for each validity, those apart that no node could commit (CTL-6).
func (b *book) wrong() (faults []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	known := make(map[string]*issued)
	w := token.Window(token.DefaultLifetime)
	for i, t := range b.issued {
		known[t.value] = t
		if i == 0 {
			continue
		}
		if last := b.issued[i-1]; !last.lost && last.expires.Sub(t.at) > w+time.Second {
			faults = append(faults, fmt.Sprintf("issued twice: %s while %s had %s to live", t.value, last.value, last.expires.Sub(t.at)))
		}
	}
	said := make(map[string]bool)
	for _, h := range b.handed {
		if t := known[h.value]; (t == nil || !t.live(h.at)) && !said[h.value] {
			said[h.value] = true
			faults = append(faults, fmt.Sprintf("dead token: node %d gave out %s", h.node, h.value))
		}
	}
	return faults
}

// bookkeeper is a platform that keeps a book, with the overlap of the real one.
type bookkeeper struct {
	book
	took time.Duration
}

// FetchToken implements token.Platform.
func (p *bookkeeper) FetchToken(ctx context.Context, _ string, replace bool) (value string, life time.Duration, err error) {
	select {
	case <-time.After(p.half()):
	case <-ctx.Done():
		return "", 0, ctx.Err()
	}
	value, life = p.give(replace)
	select {
	case <-time.After(p.half()):
		return value, life, nil
	case <-ctx.Done():
		return "", 0, ctx.Err()
	}
}

// half is how long a question is on its way, and an answer.
func (p *bookkeeper) half() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.took / 2
}

// slow lets a call take so long.
func (p *bookkeeper) slow(took time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.took = took
}

func (p *bookkeeper) give(replace bool) (value string, life time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now, w := time.Now(), token.Window(token.DefaultLifetime)
	if n := len(p.issued); n > 0 {
		last := p.issued[n-1]
		if !replace && last.expires.Sub(now) > w {
			last.lost = false
			return last.value, last.expires.Sub(now)
		}
		last.dead = now.Add(w)
	}
	next := &issued{value: fmt.Sprintf("T%d", len(p.issued)+1), at: now, expires: now.Add(token.DefaultLifetime)}
	p.issued = append(p.issued, next)
	return next.value, token.DefaultLifetime
}

// Refused implements token.Platform.
func (*bookkeeper) Refused(error) bool { return false }

// lose notes that the token issued last reached no node that lived on.
func (p *bookkeeper) lose() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.issued[len(p.issued)-1].lost = true
}

// redis is a token.Cache that nodes share, with the rule of the real one.
type redis struct {
	mu   sync.Mutex
	kept map[string]token.Token
	till map[string]time.Time
}

func newRedis() *redis {
	r := &redis{}
	r.flush()
	return r
}

func (r *redis) flush() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kept, r.till = make(map[string]token.Token), make(map[string]time.Time)
}

// Load implements token.Cache.
func (r *redis) Load(_ context.Context, account string) (token.Token, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t, ok := r.kept[account]
	t.Left = time.Until(r.till[account])
	return t, ok && t.Left > 0
}

// Save implements token.Cache.
func (r *redis) Save(_ context.Context, account string, t token.Token) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.kept[account].Version < t.Version {
		r.kept[account], r.till[account] = t, time.Now().Add(t.Left)
	}
}

// Drop implements token.Cache.
func (r *redis) Drop(_ context.Context, account string, version int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.kept[account].Version <= version {
		delete(r.kept, account)
	}
}

var errDied = errors.New("the node has died, or the database is away")

// mortal is a node's way to the database and to Redis: after its death nothing of it arrives.
type mortal struct {
	*rows
	*redis

	platform token.Platform

	mu    sync.Mutex
	gone  bool
	marks map[mark]func() (dies bool)
}

// mark is a moment in a node's life.
type mark int

const (
	beforeCommit mark = iota
	beforeRedis
)

// when says what happens at a mark.
func (m *mortal) when(point mark, do func() (dies bool)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.marks = map[mark]func() bool{point: do}
}

func (m *mortal) dead() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.gone
}

func (m *mortal) at(point mark) (dies bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if do := m.marks[point]; do != nil && do() {
		m.gone, m.marks = true, nil
	}
	return m.gone
}

// TokenRow implements token.Store.
func (m *mortal) TokenRow(ctx context.Context, account string) (token.Row, error) {
	if m.dead() {
		return token.Row{}, errDied
	}
	return m.rows.TokenRow(ctx, account)
}

// LeaseToken implements token.Store.
func (m *mortal) LeaseToken(ctx context.Context, account string, version int64, l token.Lease) (int64, error) {
	if m.dead() {
		return 0, errDied
	}
	return m.rows.LeaseToken(ctx, account, version, l)
}

// CommitToken implements token.Store.
func (m *mortal) CommitToken(ctx context.Context, account string, version int64, value string, until time.Time) (int64, error) {
	if m.at(beforeCommit) {
		return 0, errDied
	}
	return m.rows.CommitToken(ctx, account, version, value, until)
}

// ReleaseToken implements token.Store.
func (m *mortal) ReleaseToken(ctx context.Context, account string, version int64, keep bool) error {
	if m.dead() {
		return errDied
	}
	return m.rows.ReleaseToken(ctx, account, version, keep)
}

// Save implements token.Cache.
func (m *mortal) Save(ctx context.Context, account string, t token.Token) {
	if !m.at(beforeRedis) {
		m.redis.Save(ctx, account, t)
	}
}

// reader is a keeper as those that read from it see it.
type reader interface {
	Token(ctx context.Context, account string) (string, error)
	Run(ctx context.Context) error
	Close()
}

// stage is where a drill plays: nodes that share a database, a Redis and a platform.
type stage struct {
	*bookkeeper
	store *rows
	redis *redis
	make  func(cfg token.Config, m *mortal) reader

	cfg token.Config

	joining sync.Mutex
	nodes   []*mortal
	read    []reader
}

// all are the nodes of now, with what reads from them.
func (s *stage) all() ([]*mortal, []reader) {
	s.joining.Lock()
	defer s.joining.Unlock()
	return slices.Clone(s.nodes), slices.Clone(s.read)
}

// begin starts a node, which renews as early or late as moment says.
func (s *stage) begin(ctx context.Context, running *sync.WaitGroup, moment float64) *mortal {
	m := &mortal{rows: s.store, redis: s.redis, platform: s.bookkeeper}
	cfg := s.cfg
	cfg.Moment = func() float64 { return moment }
	r := s.make(cfg, m)
	s.joining.Lock()
	defer s.joining.Unlock()
	s.nodes, s.read = append(s.nodes, m), append(s.read, r)
	running.Go(func() { _ = r.Run(ctx) })
	return m
}

// drills are what happens to nodes while they renew, which readers must not notice.
var drills = map[string]func(s *stage, first *mortal, begin func() *mortal){
	"nothing": func(*stage, *mortal, func() *mortal) {},
	"killed between the platform's answer and the commit, the database away": func(s *stage, first *mortal, begin func() *mortal) {
		first.when(beforeCommit, func() bool {
			s.lose()
			s.store.leave(time.Minute)
			begin()
			return true
		})
	},
	"killed between the commit and Redis": func(s *stage, first *mortal, begin func() *mortal) {
		first.when(beforeRedis, func() bool {
			s.store.leave(time.Minute)
			begin()
			return true
		})
	},
	"Redis flushed": func(s *stage, first *mortal, _ func() *mortal) {
		first.when(beforeCommit, func() bool { s.redis.flush(); return false })
	},
	"the platform slow": func(s *stage, _ *mortal, _ func() *mortal) { s.slow(4 * time.Second) },
}

// play runs a drill over three lives of a token, with two nodes that are asked all the time, and
// returns what the checker says. The drill begins with the second token.
func play(t *testing.T, drill string, replace bool, moments [2]float64, make func(cfg token.Config, m *mortal) reader) (faults []string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &stage{bookkeeper: &bookkeeper{took: 200 * time.Millisecond}, store: &rows{rows: map[string]*memoryRow{}}, redis: newRedis(), make: make}
		s.cfg = token.Config{Accounts: []token.Account{{Name: account}}, Replace: replace}
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		defer func() {
			cancel()
			running.Wait()
			_, read := s.all()
			for _, r := range read {
				r.Close()
			}
		}()
		for _, m := range moments {
			s.begin(ctx, &running, m)
			time.Sleep(time.Second)
		}
		nodes, _ := s.all()
		drills[drill](s, nodes[0], func() *mortal { return s.begin(ctx, &running, 0.5) })
		good := 0
		for range 3 * 720 {
			time.Sleep(10 * time.Second)
			nodes, read := s.all()
			for i := range nodes {
				if nodes[i].dead() {
					continue
				}
				if value, err := read[i].Token(ctx, account); err == nil {
					good++
					s.mu.Lock()
					s.handed = append(s.handed, handed{value, i, time.Now()})
					s.mu.Unlock()
				}
			}
		}
		if faults = s.wrong(); good < 3*720 || len(s.issued) < 3 {
			t.Errorf("%d reads had a token, %d tokens were issued: nothing was tested", good, len(s.issued))
		}
	})
	return faults
}

// product makes keepers as they are shipped.
func product(t *testing.T) func(cfg token.Config, m *mortal) reader {
	t.Helper()
	return func(cfg token.Config, m *mortal) reader {
		k, err := token.New(cfg, m, m, m.platform, slog.New(slog.DiscardHandler), nil)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
}

// TestNoDeadTokenIsGivenOut: whatever happens to a node while it renews, no reader gets a dead token, and
// one token is issued for each validity (CTL-1, CTL-6).
func TestNoDeadTokenIsGivenOut(t *testing.T) {
	t.Parallel()
	for drill := range drills {
		for name, replace := range map[string]bool{"stable_token": false, "token": true} {
			for when, moments := range map[string][2]float64{"one after the other": {1, 0}, "racing": {0.5, 0.5}} {
				t.Run(drill+", "+name+", "+when, func(t *testing.T) {
					t.Parallel()
					for _, fault := range play(t, drill, replace, moments, product(t)) {
						t.Error(fault)
					}
				})
			}
		}
	}
}
