package topology

import (
	"errors"
	"net"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"oalab/chaos"
	"oalab/chaos/network"
)

// has is the value of a key in the primary, "" without one.
func has(t *testing.T, r *redis, key string) (value string) {
	t.Helper()
	r.do(func(p *miniredis.Miniredis) {
		var err error
		if value, err = p.Get(key); err != nil && !errors.Is(err, miniredis.ErrKeyNotFound) {
			t.Fatal(err)
		}
	})
	return value
}

func set(t *testing.T, r *redis, key, value string, life time.Duration) {
	t.Helper()
	r.do(func(p *miniredis.Miniredis) {
		if err := p.Set(key, value); err != nil {
			t.Fatal(err)
		}
		if life > 0 {
			p.SetTTL(key, life)
		}
	})
}

// TestFailOverLosesTheLastWrites: the replica has what was written before the replication
// broke, for as long as it was to be kept, and serves at the address of its primary.
func TestFailOverLosesTheLastWrites(t *testing.T) {
	r, err := startRedis()
	if err != nil {
		t.Fatal(err)
	}
	defer r.stop()
	set(t, r, "before", "1", time.Minute)
	set(t, r, "changed", "old", 0)
	replica, err := r.copied()
	if err != nil {
		t.Fatal(err)
	}
	set(t, r, "after", "2", time.Minute)
	set(t, r, "changed", "new", 0)
	if err := r.promote(replica); err != nil {
		t.Fatal(err)
	}
	if has(t, r, "before") != "1" || has(t, r, "after") != "" || has(t, r, "changed") != "old" {
		t.Errorf("before %q, after %q, changed %q", has(t, r, "before"), has(t, r, "after"), has(t, r, "changed"))
	}
	r.do(func(p *miniredis.Miniredis) {
		if p.TTL("before") <= 0 || p.TTL("before") > time.Minute || p.TTL("changed") != 0 || p.Addr() != r.addr {
			t.Errorf("life %v and %v at %s, want a minute and none at %s", p.TTL("before"), p.TTL("changed"), p.Addr(), r.addr)
		}
		p.FastForward(time.Minute)
	})
	if got := has(t, r, "before"); got != "" {
		t.Errorf("it outlives its life: %q", got)
	}
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
}

// TestFaultsOfTheEmbeddedRedis: what each does to the data. What was lost stays lost.
func TestFaultsOfTheEmbeddedRedis(t *testing.T) {
	r, err := startRedis()
	if err != nil {
		t.Fatal(err)
	}
	defer r.stop()
	proxies, err := network.Start(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = proxies.Stop(t.Context()) }()
	if _, err := proxies.Link(LinkRedis, r.addr); err != nil {
		t.Fatal(err)
	}
	e := &embedded{redis: r, proxies: proxies}
	for name, tc := range map[string]struct {
		make  func(string) (chaos.Fault, error)
		keeps bool
	}{"flush": {e.FlushRedis, false}, "fail-over": {e.FailOverRedis, true}, "cut": {e.CutRedis, true}, "slow": {e.SlowRedis, true}} {
		t.Run(name, func(t *testing.T) {
			set(t, r, "old", "1", 0)
			f, err := tc.make("redis-" + name)
			if err != nil {
				t.Fatal(err)
			}
			for _, step := range []func() error{
				func() error { return f.Inject(t.Context()) }, func() error { return f.AwaitEffect(t.Context()) },
				func() error { return f.Recover(t.Context()) }, func() error { return f.AwaitHealed(t.Context()) },
			} {
				if err := step(); err != nil {
					t.Fatal(err)
				}
			}
			if f.Name() != "redis-"+name || f.Target() != LinkRedis || (has(t, r, "old") != "") != tc.keeps {
				t.Errorf("%s on %s left %q", f.Name(), f.Target(), has(t, r, "old"))
			}
		})
	}
}
