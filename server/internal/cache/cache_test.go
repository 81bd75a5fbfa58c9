package cache

import (
	"flag"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"oalab/internal/deadport"
	"oalab/server/internal/message"
	"oalab/server/internal/token"
	"oalab/server/wechat"
)

// redisFlag points the conformance suite at a Redis too, before OALAB_TEST_REDIS_ADDR
// does; its keys end by themselves.
var redisFlag = flag.String("redis-addr", "", "host:port of a Redis to run the conformance suite on")

// redisAddr is the Redis of the conformance suite. Without one the test is skipped
// loudly, or fails where OALAB_REQUIRE asks for containers.
func redisAddr(t *testing.T) string {
	t.Helper()
	if *redisFlag != "" {
		return *redisFlag
	}
	if addr := os.Getenv("OALAB_TEST_REDIS_ADDR"); addr != "" {
		return addr
	}
	const remedy = "no Redis here. Remedy: set OALAB_TEST_REDIS_ADDR to the host:port of a Redis 7 or later"
	if slices.Contains(strings.Split(os.Getenv("OALAB_REQUIRE"), ","), "docker") {
		t.Fatal(remedy + "; OALAB_REQUIRE names docker, so this may not be skipped")
	}
	t.Skip("SKIPPED: " + remedy)
	return ""
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, cfg Config, reg prometheus.Registerer) *Client {
	t.Helper()
	c, err := New(cfg, reg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func TestRepliesAreKeptTogetherWithWhatTheyAre(t *testing.T) {
	t.Parallel()
	r := NewReplies(open(t, Config{}, nil))
	if got, ok, asked := r.Get(t.Context(), "demo", "m1"); ok || !asked {
		t.Fatalf("before: %+v", got)
	}
	want := map[string]message.Reply{"m1": message.Text("余额：1 元 \x00 \"]]>"), "m2": {Later: true}, "m3": {}, "m4": {Show: wechat.ImageReply{MediaID: "m"}}}
	for key, reply := range want {
		r.Put(t.Context(), "demo", key, reply, false)
	}
	for key, reply := range want {
		if got, ok, asked := r.Get(t.Context(), "demo", key); !ok || !asked || got != reply {
			t.Errorf("%s: %+v, %t; want %+v", key, got, ok, reply)
		}
		if got, ok, _ := r.Get(t.Context(), "other", key); ok {
			t.Errorf("another account reads %+v", got)
		}
	}
}

// Servers of several versions share one Redis: what those from before the forms put is
// read, and a form that this version does not know is no reply that was found.
func TestRepliesOfOtherVersions(t *testing.T) {
	t.Parallel()
	c := open(t, Config{}, nil)
	r := NewReplies(c)
	for raw, want := range map[string]struct {
		reply message.Reply
		found bool
	}{
		`{"text":"余额"}`:                         {message.Text("余额"), true},
		`{"later":true}`:                        {message.Reply{Later: true}, true},
		`{"form":"mini_program","fields":"{}"}`: {},
		`{"form":"image","fields":"{`:           {},
	} {
		if err := c.rdb.Set(t.Context(), replyKey("demo", "m"), raw, time.Minute).Err(); err != nil {
			t.Fatal(err)
		}
		got, found, asked := r.Get(t.Context(), "demo", "m")
		if got != want.reply || found != want.found || asked != want.found {
			t.Errorf("%s: %+v, found %t, asked %t", raw, got, found, asked)
		}
	}
}

// MSG-15: the edges of both windows.
func TestWindowsEndWhenTheySay(t *testing.T) {
	t.Parallel()
	c := open(t, Config{}, nil)
	r := NewReplies(c)
	r.Put(t.Context(), "demo", "m", message.Text("x"), false)
	if _, mine := r.Claim(t.Context(), "demo", "m"); !mine {
		t.Fatal("the first claim is refused")
	}
	const edge = 5 * time.Second // the ticker moves time, too
	steps := []struct {
		forward        time.Duration
		claimed, known bool
	}{{ClaimTTL - edge, true, true}, {2 * edge, false, true}, {ReplyTTL - ClaimTTL - 2*edge, false, true}, {2 * edge, false, false}}
	for i, s := range steps {
		c.embedded.redis.FastForward(s.forward)
		release, mine := r.Claim(t.Context(), "demo", "m")
		release(t.Context())
		if _, known, _ := r.Get(t.Context(), "demo", "m"); mine == s.claimed || known != s.known {
			t.Errorf("step %d: claimed %t, known %t; want %t, %t", i, !mine, known, s.claimed, s.known)
		}
	}
}

// A miss is a reply that the database had and the cache had not. What is looked up for
// the first time no server could have kept.
func TestAMissIsWhatCouldHaveBeenFound(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	r := NewReplies(open(t, Config{}, reg))
	look := func(key string, had bool) {
		if _, found, _ := r.Get(t.Context(), "demo", key); !found {
			r.Put(t.Context(), "demo", key, message.Text("x"), had)
		}
	}
	look("m1", false)
	look("m1", true)
	look("m1", true)
	look("m2", true)
	for result, want := range map[string]float64{resultNew: 1, resultHit: 2, resultMiss: 1} {
		if got := counted(t, reg, "oalab_cache_requests_total", cacheReplies, result); got != want {
			t.Errorf("%s: %g, want %g", result, got, want)
		}
	}
}

// Redis that has just answered is not asked whether it is there.
func TestPing(t *testing.T) {
	t.Parallel()
	c := open(t, Config{}, nil)
	r := &recorder{seen: map[string]bool{}}
	c.rdb.AddHook(r)
	NewReplies(c).Get(t.Context(), "demo", "m") // an answer, though there is nothing
	if err := c.Ping(t.Context()); err != nil || r.seen["ping"] {
		t.Errorf("just after an answer: %v, asked %t", err, r.seen["ping"])
	}
	c.answered.Add(-int64(pingAge) - 1)
	if err := c.Ping(t.Context()); err != nil || !r.seen["ping"] {
		t.Errorf("after a silence: %v, asked %t", err, r.seen["ping"])
	}
}

func TestAClaimIsReleasedByItsOwnerOnly(t *testing.T) {
	t.Parallel()
	c := open(t, Config{}, nil)
	r := NewReplies(c)
	late, _ := r.Claim(t.Context(), "demo", "m")
	other, mine := r.Claim(t.Context(), "demo", "m")
	other(t.Context())
	if _, again := r.Claim(t.Context(), "demo", "m"); mine || again {
		t.Errorf("another owner got the claim: %t, %t", mine, again)
	}
	c.embedded.redis.FastForward(ClaimTTL + time.Second)
	next, mine := r.Claim(t.Context(), "demo", "m")
	late(t.Context())
	if _, again := r.Claim(t.Context(), "demo", "m"); !mine || again {
		t.Errorf("after the window: mine %t; the late owner released the next one's claim: %t", mine, again)
	}
	next(t.Context())
	if _, mine := r.Claim(t.Context(), "demo", "m"); !mine {
		t.Error("released, and still claimed")
	}
}

func TestAnOlderTokenNeverReplacesANewerOne(t *testing.T) {
	t.Parallel()
	c := open(t, Config{}, nil)
	tokens := NewTokens(c)
	save := func(version int64, value string, left time.Duration) {
		tokens.Save(t.Context(), "demo", token.Token{Value: value, Version: version, Left: left})
	}
	has := func(want string) {
		t.Helper()
		got, ok := tokens.Load(t.Context(), "demo")
		if got.Value != want || ok != (want != "") || got.Left > time.Hour {
			t.Errorf("the cache has %+v, %t; want %q", got, ok, want)
		}
	}
	has("")
	save(9, "9|a", time.Hour)
	save(8, "b", time.Hour)
	has("9|a")
	save(10, "c", time.Hour)
	has("c")
	tokens.Drop(t.Context(), "demo", 9)
	has("c")
	tokens.Drop(t.Context(), "demo", 10)
	has("")
	save(11, "d", 0)
	has("")
	save(12, "e", time.Minute)
	c.embedded.redis.FastForward(time.Minute)
	has("")
}

// hole accepts connections and never says a word.
func hole(t *testing.T) string {
	t.Helper()
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var conns []net.Conn
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conns = append(conns, conn)
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-done
		for _, c := range conns {
			c.Close()
		}
	})
	return l.Addr().String()
}

func TestRedisAwayIsNeitherWrongNorSlow(t *testing.T) {
	t.Parallel()
	for name, addr := range map[string]string{"refuses": deadport.Addr(t), "keeps silent": hole(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reg := prometheus.NewRegistry()
			c := open(t, Config{Addr: addr, Timeout: 20 * time.Millisecond, OpenFor: time.Minute}, reg)
			if err := c.Ping(t.Context()); err == nil {
				t.Error("it answers")
			}
			r, tokens := NewReplies(c), NewTokens(c)
			started := time.Now()
			for range 100 {
				if _, ok, asked := r.Get(t.Context(), "demo", "m"); ok || asked {
					t.Fatal("a reply from nowhere")
				}
				r.Put(t.Context(), "demo", "m", message.Reply{}, false)
				release, mine := r.Claim(t.Context(), "demo", "m")
				release(t.Context())
				if _, ok := tokens.Load(t.Context(), "demo"); ok || !mine {
					t.Fatalf("a token from nowhere (%t), or a claim refused", ok)
				}
			}
			if took := time.Since(started); took > 5*time.Second {
				t.Errorf("400 requests took %s", took)
			}
			failed := counted(t, reg, "oalab_redis_errors_total")
			if skipped := counted(t, reg, "oalab_cache_requests_total", cacheReplies, resultSkipped); failed < 5 || failed > 20 || skipped < 150 {
				t.Errorf("%g failed, %g skipped; want a few, and the rest", failed, skipped)
			}
		})
	}
}

// counted reads a counter by its name and the values of its labels.
func counted(t *testing.T, reg *prometheus.Registry, name string, labels ...string) float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			var values []string
			for _, l := range m.GetLabel() {
				values = append(values, l.GetValue())
			}
			if f.GetName() == name && slices.Equal(values, labels) {
				return m.GetCounter().GetValue()
			}
		}
	}
	t.Errorf("no counter %s %q", name, labels)
	return 0
}
