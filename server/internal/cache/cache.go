// Package cache owns what the server keeps in Redis: the replies and claims of
// messages, the access tokens and the followers' numbers, these in the process
// too, each in front of the database, which has the truth (STO-5, MSG-6, MSG-15). Nothing here is ever waited for long and nothing
// here is an error to the caller: without Redis the server is slower, never wrong. The one
// exception are the sessions of followers, which are nowhere else.
//
// What protects the tokens in it: they live for two hours at most, Redis must be
// reachable by the servers alone and can ask for a password (redis.password), and
// the instance in the process has no socket.
package cache

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"

	"oalab/server/internal/resilience"
)

// Config of a Client; zero values take the defaults.
type Config struct {
	// Addr is the host:port of Redis; "" without Sentinels means an instance in this
	// process, which lives and dies with it.
	Addr string
	// Sentinels are the host:port of those that say which Redis is the primary of Master,
	// now and after it was lost (DIS-6).
	Sentinels []string
	Master    string
	// Password that Redis asks for; "" for none.
	Password string
	// Timeout bounds each visit to Redis; 0 means 100 ms.
	Timeout time.Duration
	// OpenFor is how long Redis is left alone after it failed; 0 means 500 ms.
	OpenFor time.Duration
}

// Client is the connection to Redis. It is safe for concurrent use.
type Client struct {
	rdb      *redis.Client
	embedded *embedded // nil with an Addr
	lane     *resilience.Lane[struct{}]
	timeout  time.Duration
	requests *prometheus.CounterVec
	failed   prometheus.Counter
	answered atomic.Int64 // when a request began that Redis answered lately, in Unix nanoseconds
}

// Results of a request, as oalab_cache_requests_total counts them.
const (
	resultHit     = "hit"
	resultMiss    = "miss"    // the database has to be asked
	resultNew     = "new"     // there was nothing to be found: the first try of a message
	resultDone    = "done"    // a write
	resultFailed  = "failed"  // Redis did not answer, or not well
	resultSkipped = "skipped" // Redis failed before and was not asked
)

// The caches.
const (
	cacheReplies = "replies"
	cacheClaims  = "claims"
	cacheTokens  = "tokens"
	// cacheBindings counts the hits in this process too; a look-up that waits for
	// another one's counts nothing.
	cacheBindings = "bindings"
	cacheNews     = "news" // what is told of changes
	cacheSessions = "sessions"
	cacheRecent   = "recent"
	cacheNonces   = "nonces" // of signed requests
	cachePackets  = "packets"
)

// newsCheck is after how much silence the connection that news comes by is tried.
const newsCheck = time.Second

// New makes a Client and registers its metrics with reg, which may be nil. Redis
// may be away: nothing is connected before the first request.
func New(cfg Config, reg prometheus.Registerer) (*Client, error) {
	if cfg.Timeout <= 0 {
		cfg.Timeout = 100 * time.Millisecond
	}
	if cfg.OpenFor <= 0 {
		cfg.OpenFor = 500 * time.Millisecond
	}
	c := &Client{
		timeout: cfg.Timeout,
		lane: resilience.NewLane[struct{}](resilience.LaneConfig{
			Name: "redis", Width: 256, MinCalls: 5, Interval: time.Second, OpenFor: cfg.OpenFor, Probes: 1,
			Failed: func(err error) bool { return !errors.Is(err, redis.Nil) },
		}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "oalab_cache_requests_total", Help: "Requests to the caches, by cache and result.",
		}, []string{"cache", "result"}),
		failed: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "oalab_redis_errors_total", Help: "Requests that Redis did not answer, or not well.",
		}),
	}
	for _, cache := range []string{cacheReplies, cacheClaims, cacheTokens, cacheBindings, cacheNews, cacheSessions, cacheRecent, cacheNonces, cachePackets} {
		for _, result := range []string{resultHit, resultMiss, resultNew, resultDone, resultFailed, resultSkipped} {
			c.requests.WithLabelValues(cache, result)
		}
	}
	if reg != nil {
		if err := errors.Join(reg.Register(c.requests), reg.Register(c.failed)); err != nil {
			return nil, fmt.Errorf("register cache metrics: %w", err)
		}
	}
	// Failures are counted and shown; the client's own lines would go to stderr.
	redis.SetLogger(&logging.VoidLogger{})
	if len(cfg.Sentinels) > 0 {
		c.rdb = redis.NewFailoverClient(failover(cfg))
		return c, nil
	}
	opt := options(cfg)
	if cfg.Addr == "" {
		c.embedded = newEmbedded()
		opt.Dialer = func(context.Context, string, string) (net.Conn, error) { return c.embedded.dial() }
	}
	c.rdb = redis.NewClient(opt)
	return c, nil
}

// options ask for short waits and for no command that the conformance suite does
// not know.
func options(cfg Config) *redis.Options {
	return &redis.Options{
		Addr: cfg.Addr, Password: cfg.Password,
		DialTimeout: cfg.Timeout, ReadTimeout: cfg.Timeout, WriteTimeout: cfg.Timeout, PoolTimeout: cfg.Timeout,
		ContextTimeoutEnabled: true,
		MaxRetries:            -1, DialerRetries: 1,
		PoolSize: 32, PipelinePoolSize: -1,
		DisableIdentity:          true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
}

// failover are the options of a primary that Sentinels know. Replicas are never asked: they
// may be behind.
func failover(cfg Config) *redis.FailoverOptions {
	o := options(cfg)
	return &redis.FailoverOptions{
		MasterName: cfg.Master, SentinelAddrs: cfg.Sentinels, Password: cfg.Password,
		DialTimeout: o.DialTimeout, ReadTimeout: o.ReadTimeout, WriteTimeout: o.WriteTimeout, PoolTimeout: o.PoolTimeout,
		ContextTimeoutEnabled: o.ContextTimeoutEnabled,
		MaxRetries:            o.MaxRetries, DialerRetries: o.DialerRetries,
		PoolSize: o.PoolSize, PipelinePoolSize: o.PipelinePoolSize,
		DisableIdentity: o.DisableIdentity,
	}
}

// pingAge is for how long an answer says that Redis is there.
const pingAge = 500 * time.Millisecond

// Ping says whether Redis answers, or has answered within the last half a second. The
// server can do without it.
func (c *Client) Ping(ctx context.Context) error {
	if time.Now().UnixNano()-c.answered.Load() <= int64(pingAge) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	if err := c.rdb.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("ping redis: %w", err)
	}
	return nil
}

// Close ends the connections, and the instance in this process.
func (c *Client) Close() error {
	err := c.rdb.Close()
	if c.embedded != nil {
		c.embedded.close()
	}
	return err
}

// visit makes one bounded request and counts it: good is the result of one that
// was answered. It reports whether it was.
func (c *Client) visit(ctx context.Context, cache, good string, call func(context.Context) error) bool {
	result := c.request(ctx, good, call)
	c.requests.WithLabelValues(cache, result).Inc()
	return result == good
}

// request makes one bounded request and returns its result.
func (c *Client) request(ctx context.Context, good string, call func(context.Context) error) string {
	began := time.Now()
	_, err := c.lane.Do(ctx, func(ctx context.Context) (struct{}, error) {
		ctx, cancel := context.WithTimeout(ctx, c.timeout)
		defer cancel()
		return struct{}{}, call(ctx)
	})
	switch {
	case err == nil, errors.Is(err, redis.Nil):
		c.answered.Store(began.UnixNano())
		if err == nil {
			return good
		}
		return resultMiss
	case errors.Is(err, resilience.ErrRefused):
		return resultSkipped
	}
	c.failed.Inc()
	return resultFailed
}
