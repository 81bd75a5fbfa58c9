package topology

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"

	"oalab/chaos"
	"oalab/chaos/network"
)

// redisTick is how often the time of the embedded Redis moves on.
const redisTick = 50 * time.Millisecond

// redis is a Redis in the harness's own process, with a replica on demand. It outlives the
// server's, as a Redis on a host of its own does.
type redis struct {
	addr       string
	quit, done chan struct{}

	mu      sync.Mutex
	primary *miniredis.Miniredis
}

func startRedis() (*redis, error) {
	r := &redis{primary: miniredis.NewMiniRedis(), quit: make(chan struct{}), done: make(chan struct{})}
	if err := r.primary.Start(); err != nil {
		return nil, fmt.Errorf("start the embedded Redis: %w", err)
	}
	r.addr = r.primary.Addr()
	go r.drive()
	return r, nil
}

// drive moves its time on by what has really passed: it expires nothing by itself.
func (r *redis) drive() {
	defer close(r.done)
	ticker := time.NewTicker(redisTick)
	defer ticker.Stop()
	last := time.Now()
	for {
		select {
		case <-r.quit:
			return
		case <-ticker.C:
		}
		now := time.Now()
		r.do(func(p *miniredis.Miniredis) { p.FastForward(now.Sub(last)) })
		last = now
	}
}

// do works on what is the primary now.
func (r *redis) do(work func(*miniredis.Miniredis)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	work(r.primary)
}

// copied is a Redis with all that the primary has now. It serves nobody yet.
func (r *redis) copied() (*miniredis.Miniredis, error) {
	replica := miniredis.NewMiniRedis()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, key := range r.primary.Keys() {
		value, err := r.primary.Get(key)
		if errors.Is(err, miniredis.ErrKeyNotFound) {
			continue // it has gone meanwhile
		}
		if err == nil {
			err = replica.Set(key, value)
		}
		if err != nil {
			return nil, fmt.Errorf("copy key %s to the replica: %w", key, err)
		}
		if life := r.primary.TTL(key); life > 0 {
			replica.SetTTL(key, life)
		}
	}
	return replica, nil
}

// promote lets a replica take the place and the address of the primary.
func (r *redis) promote(replica *miniredis.Miniredis) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.primary.Close()
	if err := replica.StartAddr(r.addr); err != nil {
		return fmt.Errorf("start the replica at the address of its primary: %w", err)
	}
	r.primary = replica
	return nil
}

func (r *redis) stop() {
	close(r.quit)
	<-r.done
	r.do((*miniredis.Miniredis).Close)
}

// How slow a slow Redis is. Servers wait 100 ms for it.
const (
	redisSlow   = 80 * time.Millisecond
	redisJitter = 60 * time.Millisecond
)

// CutRedis closes the link to it.
func (e *embedded) CutRedis(name string) (chaos.Fault, error) {
	return e.proxies.Fault(name, LinkRedis, network.Cut()), nil
}

// SlowRedis delays its answers.
func (e *embedded) SlowRedis(name string) (chaos.Fault, error) {
	return e.proxies.Fault(name, LinkRedis, network.Latency(network.Down, redisSlow, redisJitter)), nil
}

// FlushRedis takes all that it has.
func (e *embedded) FlushRedis(name string) (chaos.Fault, error) {
	return flushed{chaos.Noop{As: name, On: LinkRedis}, func(context.Context) error {
		e.redis.do((*miniredis.Miniredis).FlushAll)
		return nil
	}}, nil
}

// FailOverRedis makes a copy the primary that misses the last writes.
func (e *embedded) FailOverRedis(name string) (chaos.Fault, error) {
	return flushed{chaos.Noop{As: name, On: LinkRedis}, func(ctx context.Context) error {
		replica, err := e.redis.copied()
		if err != nil {
			return err
		}
		select {
		case <-time.After(unreplicated):
		case <-ctx.Done():
			return ctx.Err()
		}
		return e.redis.promote(replica)
	}}, nil
}

// unreplicated is for how long the replica does not follow before it is made the primary.
const unreplicated = 2 * time.Second

// flushed is a fault of Redis that is over with its injection: what was lost stays lost.
type flushed struct {
	chaos.Noop
	act func(context.Context) error
}

// Inject takes data away.
func (f flushed) Inject(ctx context.Context) error { return f.act(ctx) }
