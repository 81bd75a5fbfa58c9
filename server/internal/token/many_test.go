package token_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"oalab/server/internal/token"
)

// rows is a token.Store in memory, with the rules of the table.
type rows struct {
	mu   sync.Mutex
	rows map[string]*memoryRow
	away time.Time // until then it does not answer
}

// leave lets the store not answer for so long.
func (r *rows) leave(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.away = time.Now().Add(d)
}

type memoryRow struct {
	token.Row
	until, lease, since, asked time.Time
}

func (r *rows) row(account string) *memoryRow {
	if r.rows[account] == nil {
		r.rows[account] = &memoryRow{Row: token.Row{Token: token.Token{Version: 1}}}
	}
	return r.rows[account]
}

// TokenRow implements token.Store.
func (r *rows) TokenRow(_ context.Context, account string) (token.Row, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Now().Before(r.away) {
		return token.Row{}, errAway
	}
	row := r.row(account)
	out := row.Row
	out.Left, out.Leased, out.Age, out.IntentAge = time.Until(row.until), time.Now().Before(row.lease), time.Since(row.since), time.Since(row.asked)
	return out, nil
}

// LeaseToken implements token.Store.
func (r *rows) LeaseToken(_ context.Context, account string, version int64, l token.Lease) (int64, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Now().Before(r.away) {
		return 0, errAway
	}
	row := r.row(account)
	if row.Version != version || time.Now().Before(row.lease) {
		return 0, token.ErrTaken
	}
	row.Version, row.lease, row.Dead = version+1, time.Now().Add(l.For), row.Dead || l.Dead
	if l.Intent && !row.Intent {
		row.Intent, row.asked = true, time.Now()
	}
	return row.Version, nil
}

// CommitToken implements token.Store.
func (r *rows) CommitToken(_ context.Context, account string, version int64, value string, until time.Time) (int64, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Now().Before(r.away) {
		return 0, errAway
	}
	row := r.row(account)
	if row.Version != version {
		return 0, token.ErrTaken
	}
	if row.Value != value {
		row.since = time.Now()
	}
	row.Version, row.Value, row.until, row.lease, row.Dead, row.Intent = version+1, value, until, time.Time{}, false, false
	return row.Version, nil
}

// ReleaseToken implements token.Store.
func (r *rows) ReleaseToken(_ context.Context, account string, version int64, keepIntent bool) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	row := r.row(account)
	if row.Version != version {
		return token.ErrTaken
	}
	row.Version, row.lease, row.Intent = version+1, time.Time{}, row.Intent && keepIntent
	return nil
}

// crowd is a platform of many accounts, which notes when each of them asks.
type crowd struct {
	took time.Duration
	away bool

	mu    sync.Mutex
	calls map[string][]time.Time
	now   int
	most  int
}

// FetchToken implements token.Platform.
func (c *crowd) FetchToken(_ context.Context, account string, _ bool) (value string, life time.Duration, err error) {
	c.mu.Lock()
	c.calls[account] = append(c.calls[account], time.Now())
	n := len(c.calls[account])
	c.now++
	c.most = max(c.most, c.now)
	away := c.away
	c.mu.Unlock()
	time.Sleep(c.took)
	c.mu.Lock()
	c.now--
	c.mu.Unlock()
	if away {
		return "", 0, errAway
	}
	return fmt.Sprintf("NEW+%s+%d", account, n), token.DefaultLifetime, nil
}

// Refused implements token.Platform.
func (*crowd) Refused(error) bool { return false }

// leave makes the platform away.
func (c *crowd) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.away = true
}

// of is how many calls were made for an account.
func (c *crowd) of(account string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.calls[account])
}

// counts says how many accounts made how many calls.
func (c *crowd) counts() map[int]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make(map[int]int)
	for _, calls := range c.calls {
		out[len(calls)]++
	}
	return out
}

// every knows each account.
func every(_ context.Context, account string) (token.Account, error) {
	if !strings.HasPrefix(account, "a") {
		return token.Account{}, token.ErrNoAccount
	}
	return token.Account{Name: account}, nil
}

func name(i int) string { return fmt.Sprintf("a%06d", i) }

// node is a keeper of a store and a platform that nodes share; run says whether it renews.
func node(t *testing.T, cfg token.Config, store token.Store, p token.Platform, reg prometheus.Registerer, run bool) *token.Keeper {
	t.Helper()
	k, err := token.New(cfg, store, &seenCache{}, p, slog.New(slog.DiscardHandler), reg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var loop sync.WaitGroup
	if run {
		loop.Go(func() { _ = k.Run(ctx) })
	}
	t.Cleanup(func() { cancel(); loop.Wait(); k.Close() })
	return k
}

// ask reads the tokens of the first n accounts at once.
func ask(t *testing.T, k *token.Keeper, n int) {
	t.Helper()
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			if got, err := k.Token(t.Context(), name(i)); err != nil || !strings.Contains(got, name(i)) {
				t.Errorf("%s: %q, %v", name(i), got, err)
			}
		})
	}
	all.Wait()
}

// TestAMassExpiryIsSpread: 20 000 accounts whose tokens end at one moment, on two nodes that
// both keep them. Each makes one call, at a moment of its own in
// the renewal window; what is not asked for any more leaves memory and makes no further call
// (CTL-5, CTL-7). It runs alone, as it would take the processor from tests that go by the clock.
func TestAMassExpiryIsSpread(t *testing.T) { //nolint:paralleltest // see above
	synctest.Test(t, func(t *testing.T) {
		const accounts = 20_000
		p := &crowd{took: 100 * time.Millisecond, calls: make(map[string][]time.Time)}
		store := &rows{rows: make(map[string]*memoryRow)}
		end := time.Now().Add(token.DefaultLifetime)
		for i := range accounts {
			store.rows[name(i)] = &memoryRow{Row: token.Row{Token: token.Token{Value: "OLD+" + name(i), Version: 3}}, until: end}
		}
		var nodes []*token.Keeper
		for i := range 2 {
			k := node(t, token.Config{Find: every, Seed: uint64(i)}, store, p, nil, true)
			ask(t, k, accounts)
			nodes = append(nodes, k)
		}
		if got := p.counts(); len(got) != 0 {
			t.Fatalf("calls before the window: %v", got)
		}
		time.Sleep(time.Until(end))
		if diff := cmp.Diff(map[int]int{1: accounts}, p.counts()); diff != "" {
			t.Fatalf("calls by how many accounts, -want +got\n%s", diff)
		}
		if p.most > 64 {
			t.Errorf("%d calls at once", p.most)
		}
		// u is the earlier of two nodes', uniform in [0.5, 0.95] each: in the first half of the
		// window lie three quarters of the calls.
		const parts = 9
		w := token.Window(token.DefaultLifetime)
		first, last := end.Add(-w*95/100), end.Add(-w/2)
		var spread [parts]int
		for account, calls := range p.calls {
			at := calls[0]
			if at.Before(first) || at.After(last.Add(time.Second)) {
				t.Fatalf("%s asked %s before its end", account, end.Sub(at))
			}
			spread[min(parts-1, int(at.Sub(first)*parts/last.Sub(first)))]++
		}
		for i, n := range spread {
			share := float64(2*(parts-i)-1) / (parts * parts) // of the earlier of two
			if want := share * accounts; float64(n) < want/2 || float64(n) > want*3/2 {
				t.Errorf("part %d of the window has %d calls, want about %.0f", i, n, want)
			}
		}
		for i, k := range nodes {
			if got, err := k.Token(t.Context(), name(7)); err != nil || got != "NEW+"+name(7)+"+1" {
				t.Errorf("node %d gives %q, %v", i, got, err)
			}
		}
		// One of them was asked for since.
		time.Sleep(token.DefaultLifetime + w)
		if diff := cmp.Diff(map[int]int{1: accounts - 1, 2: 1}, p.counts()); diff != "" {
			t.Errorf("calls by how many accounts, -want +got\n%s", diff)
		}
	})
}

// TestAMassOfCallersWithoutATokenWaits: no account has a token, and all are asked for at once.
// The platform is called once for each, by a bounded number at a time. It runs alone, too.
func TestAMassOfCallersWithoutATokenWaits(t *testing.T) { //nolint:paralleltest // see above
	synctest.Test(t, func(t *testing.T) {
		const accounts = 5_000
		p := &crowd{took: 20 * time.Millisecond, calls: make(map[string][]time.Time)}
		k := node(t, token.Config{Find: every}, &rows{rows: make(map[string]*memoryRow)}, p, nil, false)
		ask(t, k, accounts)
		ask(t, k, accounts)
		if diff := cmp.Diff(map[int]int{1: accounts}, p.counts()); diff != "" || p.most != 64 {
			t.Errorf("%d calls at once, want 64; calls by how many accounts, -want +got\n%s", p.most, diff)
		}
	})
}

// TestAnIdleAccountCostsNothing: an account that was never asked for has nothing in memory and
// no series; one that is not asked for any more leaves, also when it only failed, and its
// next caller gets the token of the row.
func TestAnIdleAccountCostsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &crowd{calls: make(map[string][]time.Time)}
		reg := prometheus.NewRegistry()
		k := node(t, token.Config{Find: every, Accounts: []token.Account{{Name: "always"}}}, &rows{rows: make(map[string]*memoryRow)}, p, reg, true)
		series := func(metric string) (n int, value float64) {
			t.Helper()
			families, err := reg.Gather()
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range families {
				for _, m := range f.GetMetric() {
					if f.GetName() == metric {
						n, value = n+1, value+m.GetGauge().GetValue()+m.GetCounter().GetValue()
					}
				}
			}
			return n, value
		}
		ask(t, k, 50)
		synctest.Wait()
		if n, sum := series("oalab_token_refreshes_total"); n != 5 || sum != 51 {
			t.Errorf("%d series of refreshes with the sum %v, want those of the one account and one for all others", n, sum)
		}
		if _, n := series("oalab_token_domains"); n != 51 {
			t.Errorf("%v in memory", n)
		}
		for range 3 {
			time.Sleep(token.DefaultLifetime)
		}
		if _, n := series("oalab_token_domains"); n != 1 {
			t.Errorf("%v in memory, want the one that is always kept", n)
		}
		if diff := cmp.Diff(map[int]int{2: 50, 4: 1}, p.counts()); diff != "" {
			t.Errorf("calls by how many accounts, -want +got\n%s", diff)
		}
		p.leave()
		if _, err := k.Token(t.Context(), name(900)); !errors.Is(err, errAway) {
			t.Errorf("%v", err)
		}
		time.Sleep(token.DefaultLifetime / 2)
		if _, n := series("oalab_token_domains"); n != 1 || p.of(name(900)) > 25 {
			t.Errorf("%v in memory; %d calls for one that was asked for once", n, p.of(name(900)))
		}
		if _, err := k.Token(t.Context(), "stranger"); !errors.Is(err, token.ErrNoAccount) {
			t.Errorf("%v", err)
		}
	})
}

// TestTokensBeyondTheCapacity: a node that may hold few accounts serves many; one whose refresh
// failed is not forgotten, so that it is not asked for too often.
func TestTokensBeyondTheCapacity(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &crowd{calls: make(map[string][]time.Time)}
		k := node(t, token.Config{Find: every, Capacity: 10}, &rows{rows: make(map[string]*memoryRow)}, p, nil, true)
		for range 3 {
			ask(t, k, 500)
		}
		if diff := cmp.Diff(map[int]int{1: 500}, p.counts()); diff != "" {
			t.Errorf("calls by how many accounts, -want +got\n%s", diff)
		}
		p.leave()
		for range 50 {
			if _, err := k.Token(t.Context(), name(900)); !errors.Is(err, errAway) {
				t.Fatal(err)
			}
			ask(t, k, 100)
		}
		if n := p.of(name(900)); n > 3 {
			t.Errorf("%d calls for an account that failed and was asked for again at once", n)
		}
	})
}

// made is a store that has a token for each account and holds nothing.
type made struct{ token.Store }

// TokenRow implements token.Store.
func (made) TokenRow(_ context.Context, account string) (token.Row, error) {
	value := account + strings.Repeat("x", 157)
	return token.Row{Token: token.Token{Value: value, Version: 2, Left: time.Hour}}, nil
}

// bytesEach is what an account costs in memory, of so many.
func bytesEach(tb testing.TB, accounts int) float64 {
	tb.Helper()
	k, err := token.New(token.Config{Find: every}, made{}, &seenCache{}, &crowd{}, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		tb.Fatal(err)
	}
	defer k.Close()
	before := heap()
	for i := range accounts {
		if _, err := k.Token(tb.Context(), name(i)); err != nil {
			tb.Fatal(err)
		}
	}
	each := float64(heap()-before) / float64(accounts)
	if _, err := k.Token(tb.Context(), name(0)); err != nil { // it is in use until here
		tb.Fatal(err)
	}
	return each
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestMemoryOfAnAccount holds that 100 000 accounts take less than 200 MB, twice their heap for
// the garbage collector included (PERF-3). It runs alone, as it reads the process's memory.
func TestMemoryOfAnAccount(t *testing.T) { //nolint:paralleltest // see above
	const most = 200e6 / 100_000 / 2
	if each := bytesEach(t, 20_000); each > most {
		t.Errorf("%.0f bytes an account, want %.0f at most", each, most)
	}
}
