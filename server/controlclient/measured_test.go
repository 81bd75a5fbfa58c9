package controlclient

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	goredis "github.com/redis/go-redis/v9"

	"oalab/mockwechat"
	"oalab/server/controlpb"
)

// What TestTokenReadsBesideRedis measures with.
const (
	measuredAccounts = 1000
	inFlight         = 64
	batchOf          = 64
	measuredFor      = 1500 * time.Millisecond
	measuredRounds   = 3
	measuredSecret   = "an example secret of 32 characters"
)

// node64 is a control node in a process of its own, with one processor, that has the tokens of the
// measured accounts in memory.
type node64 struct {
	member Member
	client *Client
	link   *link
}

// cpu is the processor time that the node has used, in seconds.
func (n *node64) cpu(ctx context.Context) (float64, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, n.member.Address+"/metrics", http.NoBody)
	if err != nil {
		return 0, err
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), "process_cpu_seconds_total "); ok {
			return strconv.ParseFloat(value, 64)
		}
	}
	return 0, errors.New("the node tells no processor time")
}

// startNode starts oaserver with role control before a mock platform.
func startNode(t *testing.T, oaserver, redisAddr string) *node64 {
	t.Helper()
	free := func() string {
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		return l.Addr().String()
	}
	var accounts []mockwechat.Account
	var served []map[string]any
	for i := range measuredAccounts {
		a := mockwechat.Account{
			Name: name(i), AppID: fmt.Sprintf("wx%016d", i), Secret: strings.Repeat("0123456789abcdef", 2), Token: "AAAAA", OriginalID: fmt.Sprintf("gh_%012d", i),
		}
		accounts = append(accounts, a)
		served = append(served, map[string]any{"name": a.Name, "app_id": a.AppID, "secret": a.Secret, "token": a.Token, "original_id": a.OriginalID})
	}
	platform, err := mockwechat.New(mockwechat.Config{LedgerPath: filepath.Join(t.TempDir(), "wechat.jsonl"), Seed: 1, Accounts: accounts})
	if err != nil {
		t.Fatal(err)
	}
	if err := platform.Start(t.Context(), "127.0.0.1:0", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := platform.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	n := &node64{member: Member{Name: "a", Address: "http://" + free(), GRPC: free()}}
	config, err := yaml.Marshal(map[string]any{
		"listen": strings.TrimPrefix(n.member.Address, "http://"), "data_dir": t.TempDir(), "redis": map[string]any{"addr": redisAddr},
		"wechat": map[string]any{"api_base": "http://" + platform.Addr()}, "accounts": served,
		"api":     map[string]any{"apps": []any{map[string]any{"name": "shop", "secret": measuredSecret, "rights": []string{"tokens"}}}},
		"control": map[string]any{"grpc_listen": n.member.GRPC}, "tokens": map[string]any{"always": 0},
	})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "node.yaml")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		t.Fatal(err)
	}
	server := exec.CommandContext(context.WithoutCancel(t.Context()), oaserver, "serve", "--config", file, "--roles", "control")
	server.Env = append(server.Environ(), "GOMAXPROCS=1")
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Process.Kill(); _ = server.Wait() })
	if n.client, err = New(Config{Members: Members{Version: 1, Nodes: []Member{n.member}}, App: "shop", Secret: measuredSecret, Timeout: 10 * time.Second}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.client.Close)
	if n.link, err = n.client.links.to(n.member.GRPC, n.client.cfg); err != nil {
		t.Fatal(err)
	}
	for until := time.Now().Add(20 * time.Second); ; {
		if _, err := n.cpu(t.Context()); err == nil {
			return n
		} else if time.Now().After(until) {
			t.Fatalf("the node does not start: %v", err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func name(i int) string { return fmt.Sprintf("a%06d", i%measuredAccounts) }

// way is one way to read.
type way struct {
	name string
	each int // values that one call reads
	read func(ctx context.Context, i int) error
	cpu  func(ctx context.Context) (float64, error)
}

// measured is what a way came to.
type measured struct{ perS, cpuUS float64 }

// run reads by a way, so many calls in flight, and returns reads a second and server CPU a read.
func (w way) run(t *testing.T) measured {
	t.Helper()
	before, err := w.cpu(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var calls atomic.Int64
	var all sync.WaitGroup
	began := time.Now()
	for i := range inFlight {
		all.Go(func() {
			for j := i; time.Since(began) < measuredFor; j += inFlight {
				if err := w.read(t.Context(), j); err != nil {
					t.Errorf("%s: %v", w.name, err)
					return
				}
				calls.Add(1)
			}
		})
	}
	all.Wait()
	took := time.Since(began).Seconds()
	after, err := w.cpu(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	reads := float64(calls.Load() * int64(w.each))
	return measured{reads / took, (after - before) / reads * 1e6}
}

// TestTokenReadsBesideRedis measures reads of tokens beside a GET of Redis on this machine, in turns,
// with 64 in flight (PERF-3): what a read costs the server, how many there are a second, and how
// long one takes at a tenth of that rate. It wants the machine for itself, oaserver on PATH and a Redis.
func TestTokenReadsBesideRedis(t *testing.T) { //nolint:paralleltest // it measures the machine
	address := os.Getenv("OALAB_TEST_REDIS_ADDR")
	oaserver, err := exec.LookPath("oaserver")
	if os.Getenv("OALAB_MEASURE") == "" || address == "" || err != nil {
		t.Skip("measured with OALAB_MEASURE=1, OALAB_TEST_REDIS_ADDR (bin/oalab up stores) and oaserver on PATH (make build)")
	}
	n := startNode(t, oaserver, address)
	redis := goredis.NewClient(&goredis.Options{Addr: address, PoolSize: inFlight})
	t.Cleanup(func() { _ = redis.Close() })
	for i := range measuredAccounts {
		a, err := n.link.ask(t.Context(), &controlpb.Question{Account: name(i)})
		if err != nil || a.GetValue() == "" {
			t.Fatalf("first read: %v, %v", a, err)
		}
		if err := redis.Set(t.Context(), "measured:"+name(i), a.GetValue(), time.Hour).Err(); err != nil {
			t.Fatal(err)
		}
	}
	ways := []way{
		{"Redis GET", 1, func(ctx context.Context, i int) error { return redis.Get(ctx, "measured:"+name(i)).Err() }, redisCPU(redis)},
		{"gRPC, stream", 1, func(ctx context.Context, i int) error {
			a, err := n.link.ask(ctx, &controlpb.Question{Account: name(i)})
			return given200(a, err)
		}, n.cpu},
		{"gRPC, batches", batchOf, n.batch, n.cpu},
		{"gRPC, signed calls", 1, func(ctx context.Context, i int) error {
			q := &controlpb.Question{Account: name(i)}
			ctx, err := n.link.signed(ctx, controlpb.Tokens_Get_FullMethodName, q)
			if err != nil {
				return err
			}
			a, err := n.link.tokens.Get(ctx, q)
			return given200(a, err)
		}, n.cpu},
		{"HTTP, signed", 1, func(ctx context.Context, i int) error {
			status, _, err := n.client.overHTTP(ctx, n.member, question{account: name(i), kind: KindToken}, false)
			if err == nil && status != http.StatusOK {
				err = fmt.Errorf("status %d", status)
			}
			return err
		}, n.cpu},
	}
	came := make([][]measured, len(ways))
	for range measuredRounds {
		for i, w := range ways {
			came[i] = append(came[i], w.run(t))
		}
	}
	median := func(i int, of func(measured) float64) float64 {
		values := make([]float64, 0, measuredRounds)
		for _, m := range came[i] {
			values = append(values, of(m))
		}
		slices.Sort(values)
		return values[len(values)/2]
	}
	rate := func(i int) float64 { return median(i, func(m measured) float64 { return m.perS }) }
	cost := func(i int) float64 { return median(i, func(m measured) float64 { return m.cpuUS }) }
	for i, w := range ways {
		t.Logf("%-18s %8.0f reads/s (%.2f of Redis), %6.2f µs of the server's processor a read (%.2f of Redis)", w.name, rate(i), rate(i)/rate(0), cost(i), cost(i)/cost(0))
	}
	p99 := n.calm(t, rate(1)/10)
	t.Logf("p99 at a tenth of the stream's rate: %s", p99)
	for what, good := range map[string]bool{
		"a read costs the server 1.6 times Redis's at most":   cost(1) <= 1.6*cost(0),
		"half of Redis's rate, for a processor":               1/cost(1) >= 0.5/cost(0),
		"five times Redis's rate in batches, for a processor": 1/cost(2) >= 5/cost(0),
		"p99 below 1 ms at a tenth of the rate":               p99 < time.Millisecond,
	} {
		if !good {
			t.Errorf("not so: %s", what)
		}
	}
}

func given200(a *controlpb.Answer, err error) error {
	if err == nil && a.GetValue() == "" {
		err = fmt.Errorf("code %d", a.GetCode())
	}
	return err
}

// batch reads one batch.
func (n *node64) batch(ctx context.Context, i int) error {
	qs := &controlpb.Questions{Questions: make([]*controlpb.Question, batchOf)}
	for j := range qs.Questions {
		qs.Questions[j] = &controlpb.Question{Account: name(i*batchOf + j)}
	}
	ctx, err := n.link.signed(ctx, controlpb.Tokens_GetBatch_FullMethodName, qs)
	if err != nil {
		return err
	}
	all, err := n.link.tokens.GetBatch(ctx, qs)
	for _, a := range all.GetAnswers() {
		err = errors.Join(err, given200(a, nil))
	}
	return err
}

// calm reads on the stream at a rate, and returns the 99th percentile of what a read took.
func (n *node64) calm(t *testing.T, perS float64) time.Duration {
	t.Helper()
	const readers = 8
	var mu sync.Mutex
	var took []time.Duration
	var all sync.WaitGroup
	pace := time.Duration(readers / perS * float64(time.Second))
	began := time.Now()
	for i := range readers {
		all.Go(func() {
			tick := time.NewTicker(pace)
			defer tick.Stop()
			for j := i; time.Since(began) < measuredFor; j++ {
				<-tick.C
				asked := time.Now()
				if a, err := n.link.ask(t.Context(), &controlpb.Question{Account: name(j)}); given200(a, err) != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				took = append(took, time.Since(asked))
				mu.Unlock()
			}
		})
	}
	all.Wait()
	slices.Sort(took)
	return took[len(took)*99/100]
}

// redisCPU tells the processor time that Redis has used, in seconds.
func redisCPU(c *goredis.Client) func(context.Context) (float64, error) {
	return func(ctx context.Context) (sum float64, err error) {
		text, err := c.Info(ctx, "cpu").Result()
		if err != nil {
			return 0, err
		}
		for line := range strings.Lines(text) {
			key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
			if key == "used_cpu_user" || key == "used_cpu_sys" {
				part, err := strconv.ParseFloat(value, 64)
				if err != nil {
					return 0, err
				}
				sum += part
			}
		}
		return sum, nil
	}
}
