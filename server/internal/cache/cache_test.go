package cache

import (
	"context"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"oalab/server/internal/business"
	"oalab/server/internal/control"
)

// redisAddr points the conformance suite at a Redis too; its keys end by themselves.
var redisAddr = flag.String("redis-addr", "", "host:port of a Redis to run the conformance suite on")

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
	if got, ok := r.Get(t.Context(), "demo", "m1"); ok {
		t.Fatalf("before: %+v", got)
	}
	want := map[string]business.Reply{"m1": {Text: "余额：1 元 \x00 \"]]>"}, "m2": {Later: true}, "m3": {}}
	for key, reply := range want {
		r.Put(t.Context(), "demo", key, reply)
	}
	for key, reply := range want {
		if got, ok := r.Get(t.Context(), "demo", key); !ok || got != reply {
			t.Errorf("%s: %+v, %t; want %+v", key, got, ok, reply)
		}
		if got, ok := r.Get(t.Context(), "other", key); ok {
			t.Errorf("another account reads %+v", got)
		}
	}
}

// MSG-15: the edges of both windows.
func TestWindowsEndWhenTheySay(t *testing.T) {
	t.Parallel()
	c := open(t, Config{}, nil)
	r := NewReplies(c)
	r.Put(t.Context(), "demo", "m", business.Reply{Text: "x"})
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
		if _, known := r.Get(t.Context(), "demo", "m"); mine == s.claimed || known != s.known {
			t.Errorf("step %d: claimed %t, known %t; want %t, %t", i, !mine, known, s.claimed, s.known)
		}
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
		t.Errorf("somebody else got the claim: %t, %t", mine, again)
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
		tokens.Save(t.Context(), "demo", control.Token{Value: value, Version: version, Left: left})
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
	var config net.ListenConfig
	closed, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	for name, addr := range map[string]string{"refuses": closed.Addr().String(), "keeps silent": hole(t)} {
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
				if _, ok := r.Get(t.Context(), "demo", "m"); ok {
					t.Fatal("a reply from nowhere")
				}
				r.Put(t.Context(), "demo", "m", business.Reply{})
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

// suiteCommands are what the conformance suite runs, in the words of go-redis.
var suiteCommands = []string{"Get", "Set", "SetArgs", "PTTL", "TxPipelined", "Ping", "Script.Run", "Close"}

// inScripts are the commands inside the scripts.
var inScripts = []string{"GET", "SET", "DEL"}

// wireCommands are those as Redis sees them.
var wireCommands = []string{
	"get", "set", "pttl", "ping", "evalsha", "eval", // the suite's own
	"multi", "exec", // of TxPipelined
	"hello", // of every connection
}

// conformance runs with real times what the package asks of Redis.
func conformance(t *testing.T, c *Client) {
	ctx, rdb := t.Context(), c.rdb
	key := fmt.Sprintf("oalab:test:%d", time.Now().UnixNano())
	const life = 400 * time.Millisecond
	if err := rdb.Ping(ctx).Err(); err != nil {
		t.Fatal(err)
	}
	gone := func(key string, from time.Time) {
		t.Helper()
		for time.Since(from) < 10*life {
			_, err := rdb.Get(ctx, key).Result()
			if err == redis.Nil { //nolint:errorlint // the client returns it as it is
				if lived := time.Since(from); lived < life-10*time.Millisecond || lived > life+400*time.Millisecond {
					t.Errorf("%s lived %s, want %s", key, lived, life)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			<-time.After(5 * time.Millisecond)
		}
		t.Errorf("%s never ended", key)
	}
	nx := redis.SetArgs{Mode: "NX", TTL: life}
	steps := []struct {
		name string
		do   func(t *testing.T)
	}{
		{"Set with a TTL", func(t *testing.T) {
			from := time.Now()
			if err := rdb.Set(ctx, key+"a", "1", life).Err(); err != nil {
				t.Fatal(err)
			}
			gone(key+"a", from)
		}},
		{"SetArgs NX", func(t *testing.T) {
			from := time.Now()
			if err := rdb.SetArgs(ctx, key+"b", "1", nx).Err(); err != nil {
				t.Fatal(err)
			}
			if err := rdb.SetArgs(ctx, key+"b", "2", nx).Err(); err != redis.Nil { //nolint:errorlint // as above
				t.Errorf("the second one: %v", err)
			}
			gone(key+"b", from)
			if err := rdb.SetArgs(ctx, key+"b", "3", nx).Err(); err != nil {
				t.Errorf("after its life: %v", err)
			}
		}},
		{"TxPipelined Get and PTTL", func(t *testing.T) {
			read := func() (value *redis.StringCmd, left *redis.DurationCmd, err error) {
				_, err = rdb.TxPipelined(ctx, func(p redis.Pipeliner) error {
					value, left = p.Get(ctx, key+"c"), p.PTTL(ctx, key+"c")
					return nil
				})
				return value, left, err
			}
			if _, _, err := read(); err != redis.Nil { //nolint:errorlint // as above
				t.Errorf("no key: %v", err)
			}
			if err := rdb.Set(ctx, key+"c", "1", time.Minute).Err(); err != nil {
				t.Fatal(err)
			}
			if value, left, err := read(); err != nil || value.Val() != "1" || left.Val() > time.Minute || left.Val() < 50*time.Second {
				t.Errorf("%q lives %s, %v", value.Val(), left.Val(), err)
			}
		}},
		{"scripts", func(t *testing.T) {
			from := time.Now()
			run := func(s *redis.Script, want int, args ...any) {
				t.Helper()
				if got, err := s.Run(ctx, rdb, []string{key + "d"}, args...).Int(); err != nil || got != want {
					t.Errorf("script answers %d, %v; want %d", got, err, want)
				}
			}
			run(save, 1, 2, "v2", life.Milliseconds())
			run(save, 0, 1, "v1", life.Milliseconds())
			run(save, 0, 2, "v2", life.Milliseconds())
			run(drop, 0, 1)
			run(unclaim, 0, "somebody")
			gone(key+"d", from)
			run(save, 1, 1, "v1", life.Milliseconds())
			run(drop, 1, 1)
			run(save, 1, 1, "v1", life.Milliseconds())
			run(unclaim, 1, "1|v1")
			run(drop, 0, 9)
		}},
	}
	for _, s := range steps {
		t.Run(s.name, s.do)
	}
}

func TestConformanceOfTheEmbeddedRedis(t *testing.T) {
	t.Parallel()
	conformance(t, open(t, Config{}, nil))
}

func TestConformanceOfRedis(t *testing.T) {
	if *redisAddr == "" {
		t.Skip("no Redis: give -redis-addr to run the suite on it")
	}
	conformance(t, open(t, Config{Addr: *redisAddr, Timeout: time.Second}, nil))
}

// recorder notes the commands that go over the wire.
type recorder struct {
	mu   sync.Mutex
	seen map[string]bool
}

func (r *recorder) note(cmds ...redis.Cmder) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range cmds {
		r.seen[strings.ToLower(c.Name())] = true
	}
}

func (*recorder) DialHook(next redis.DialHook) redis.DialHook { return next }

func (r *recorder) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error { r.note(cmd); return next(ctx, cmd) }
}

func (r *recorder) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error { r.note(cmds...); return next(ctx, cmds) }
}

// What the package sends is what the suite has shown to work the same on both.
func TestOnlyCommandsOfTheSuiteAreSent(t *testing.T) {
	t.Parallel()
	c := open(t, Config{}, nil)
	r := &recorder{seen: map[string]bool{}}
	c.rdb.AddHook(r)
	replies, tokens := NewReplies(c), NewTokens(c)
	replies.Put(t.Context(), "demo", "m", business.Reply{})
	replies.Get(t.Context(), "demo", "m")
	release, _ := replies.Claim(t.Context(), "demo", "m")
	release(t.Context())
	tokens.Save(t.Context(), "demo", control.Token{Value: "a", Version: 1, Left: time.Minute})
	tokens.Load(t.Context(), "demo")
	tokens.Drop(t.Context(), "demo", 1)
	if err := c.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	for name := range r.seen {
		if !slices.Contains(wireCommands, name) {
			t.Errorf("command %s is not in the suite", name)
		}
	}
	for _, name := range []string{"get", "set", "pttl", "ping", "evalsha"} {
		if !r.seen[name] {
			t.Errorf("command %s is in the suite and was not sent: the test sees nothing", name)
		}
	}
}

// And the source has no other.
func TestTheSourceHasOnlyCommandsOfTheSuite(t *testing.T) {
	t.Parallel()
	files := token.NewFileSet()
	packages, err := parser.ParseDir(files, ".", func(f fs.FileInfo) bool { return !strings.HasSuffix(f.Name(), "_test.go") }, 0) //nolint:staticcheck // one folder, no build tags
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]int{}
	ast.Inspect(packages["cache"], func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && strings.Contains(lit.Value, "redis.call(") {
			for _, part := range strings.Split(lit.Value, "redis.call('")[1:] {
				if name, _, _ := strings.Cut(part, "'"); !slices.Contains(inScripts, name) {
					t.Errorf("a script calls %s", name)
				}
			}
		}
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		sel, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		name := ""
		switch on := sel.X.(type) {
		case *ast.SelectorExpr:
			if on.Sel.Name == "rdb" {
				name = sel.Sel.Name
			}
		case *ast.Ident:
			switch on.Name {
			case "p":
				name = sel.Sel.Name
			case "unclaim", "save", "drop":
				name = "Script." + sel.Sel.Name
			}
		}
		if name != "" {
			used[name]++
		}
		return true
	})
	for name := range used {
		if !slices.Contains(suiteCommands, name) {
			t.Errorf("%s is used and not in the suite", name)
		}
	}
	for _, name := range suiteCommands {
		if used[name] == 0 {
			t.Errorf("%s is in the suite and used nowhere: the listing sees nothing", name)
		}
	}
}
