package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"oalab/chaos/upstream"
	"oalab/mockcarrier"
	cl "oalab/mockcarrier/ledger"
	"oalab/mockwechat"
	wl "oalab/mockwechat/ledger"
	"oalab/server"
	"oalab/server/internal/servertest"
)

const seed = `
account: demo
keywords:
  - {keyword: 资费, match: message_contains, answers: [一, 二, 三]}
  - {keyword: 流量查询, match: keyword_contains, answers: [请回复 CXLL]}
business:
  - {code: "1.3", kind: query, name: 剩余流量, commands: [CXLL, 查流量], menu_key: Q_DATA, operation: QueryUsage}
  - {code: "2.1.1", kind: order, name: 10元100MB流量包, commands: [KT10], menu_key: O_10, product: P10}
bindings_csv: |
  oFollower0000000000000000001,13800000001
  oFollower0000000000000000002,13800000002
`

// world is the server's surroundings: both mocks, with their ledgers.
type world struct {
	t        *testing.T
	carrier  *mockcarrier.Carrier
	platform *mockwechat.Platform
	ledgers  string

	mu         sync.Mutex
	deliveries []wl.Delivery
}

func newWorld(t *testing.T, change ...func(*server.Config)) (*world, server.Config) {
	t.Helper()
	w := &world{t: t, ledgers: t.TempDir()}
	var err error
	if w.carrier, err = mockcarrier.New(mockcarrier.Config{LedgerPath: filepath.Join(w.ledgers, "carrier.jsonl"), Seed: 1}); err != nil {
		t.Fatal(err)
	}
	cfg := servertest.Config(t)
	for _, c := range change {
		c(&cfg)
	}
	account := cfg.Accounts[0]
	if w.platform, err = mockwechat.New(mockwechat.Config{
		LedgerPath: filepath.Join(w.ledgers, "wechat.jsonl"), Seed: 1,
		Accounts: []mockwechat.Account{{
			Name: account.Name, AppID: account.AppID, Secret: string(account.Secret), Token: string(account.Token), OriginalID: account.OriginalID,
			Mode: account.Mode, EncodingAESKey: string(account.EncodingAESKey),
		}},
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		if err := w.carrier.Stop(ctx); err != nil {
			t.Error(err)
		}
		if err := w.platform.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	if err := w.carrier.Start(t.Context(), "127.0.0.1:0", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	if err := w.platform.Start(t.Context(), "127.0.0.1:0", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	cfg.Carrier.WSDLURL = "http://" + w.carrier.Addr() + "/carrier?wsdl"
	cfg.WeChat.APIBase = "http://" + w.platform.Addr()
	cfg.Orders.SweepAfter = server.Duration(time.Second)
	cfg.Orders.SweepEvery = server.Duration(100 * time.Millisecond)
	cfg.Orders.CarrierTimeout = server.Duration(time.Second)
	servertest.Seed(t, cfg, seed)
	return w, cfg
}

// say pushes a message as the platform does, with tries 1.5 s apart.
func (w *world) say(s *server.Server, m mockwechat.Message) mockwechat.Outcome {
	w.t.Helper()
	pusher, err := w.platform.Pusher(servertest.Account, mockwechat.PusherConfig{
		CallbackURL: "http://" + s.Addr() + "/wechat/" + servertest.Account,
		TrySpacing:  1500 * time.Millisecond, TryTimeout: 1500 * time.Millisecond,
		Record: func(d wl.Delivery) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.deliveries = append(w.deliveries, d)
			return nil
		},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	defer pusher.Close()
	outcome, err := pusher.Push(w.t.Context(), m)
	if err != nil {
		w.t.Fatal(err)
	}
	return outcome
}

// faults sets the fault rules of a mock by its control port.
func (w *world) faults(control string, rules ...upstream.Rule) {
	w.t.Helper()
	if rules == nil {
		rules = []upstream.Rule{}
	}
	body, err := json.Marshal(rules)
	if err != nil {
		w.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPut, "http://"+control+"/control/faults", bytes.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Close = true
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode/100 != 2 {
		w.t.Fatalf("faults were not taken: %s", answer.Status)
	}
}

// ledger reads all lines of a mock's ledger by its control port.
func ledger[T any](w *world, control string) []T {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, "http://"+control+"/control/ledger", http.NoBody)
	if err != nil {
		w.t.Fatal(err)
	}
	r.Close = true
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	var out []T
	for decoder := json.NewDecoder(answer.Body); decoder.More(); {
		var line T
		if err := decoder.Decode(&line); err != nil {
			w.t.Fatal(err)
		}
		out = append(out, line)
	}
	return out
}

// applied counts the effects of a serial at the carrier, told the deliveries of
// its result.
func (w *world) applied(serial string) (n int) {
	for _, e := range ledger[cl.Entry](w, w.carrier.ControlAddr()) {
		if e.Op == "OrderProduct" && e.Serial == serial && e.Effect == cl.EffectApplied {
			n++
		}
	}
	return n
}

func (w *world) told(serial string) (n int) {
	for _, c := range ledger[wl.Call](w, w.platform.ControlAddr()) {
		if c.ClientMsgID == serial && c.Effect == wl.EffectDelivered {
			n++
		}
	}
	return n
}

func (w *world) custom(openid string) (texts []string) {
	for _, c := range ledger[wl.Call](w, w.platform.ControlAddr()) {
		if strings.HasSuffix(c.Path, "/custom/send") && c.OpenID == openid && c.Effect == wl.EffectDelivered {
			texts = append(texts, c.Content)
		}
	}
	return texts
}

// until waits for a condition.
func (w *world) until(what string, condition func() bool) {
	w.t.Helper()
	limit := time.After(15 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-limit:
			w.t.Fatalf("never: %s", what)
		case <-tick.C:
		}
	}
}

var serialForm = regexp.MustCompile(`流水号：([0-9A-Z]{16,32})`)

func serialOf(t *testing.T, seen string) string {
	t.Helper()
	found := serialForm.FindStringSubmatch(seen)
	if found == nil {
		t.Fatalf("no serial in %q", seen)
	}
	return found[1]
}

// settled checks that an order was done once and told once, and stays so.
func (w *world) settled(serial string) {
	w.t.Helper()
	w.until("order "+serial+" told", func() bool { return w.told(serial) == 1 })
	if n := w.applied(serial); n != 1 {
		w.t.Errorf("order %s took effect %d times", serial, n)
	}
}

func TestEndToEnd(t *testing.T) {
	t.Parallel()
	w, cfg := newWorld(t)
	s := servertest.Start(t, cfg)
	run := func(name string, test func(t *testing.T)) {
		t.Run(name, func(t *testing.T) {
			parent := w.t
			defer func() { w.t = parent }()
			w.t = t
			test(t)
		})
	}

	run("keyword", func(t *testing.T) {
		t.Helper()
		if got := w.say(s, mockwechat.Message{OpenID: "oFollower0000000000000000001", Content: "请问资费"}); !got.OK || got.Tries != 1 || !regexp.MustCompile(`<!\[CDATA\[[一二三]\]\]>`).MatchString(got.Seen) {
			t.Errorf("%+v", got)
		}
		if got := w.say(s, mockwechat.Message{OpenID: "oFollower0000000000000000001", Content: "流量"}); !strings.Contains(got.Seen, "请回复 CXLL") {
			t.Errorf("%+v", got)
		}
	})
	run("query in the reply", func(t *testing.T) {
		t.Helper()
		if got := w.say(s, mockwechat.Message{OpenID: "oFollower0000000000000000001", Event: "CLICK", EventKey: "Q_DATA"}); !got.OK || !strings.Contains(got.Seen, "剩余流量") {
			t.Errorf("%+v", got)
		}
	})
	run("spoken query of a stranger", func(t *testing.T) {
		t.Helper()
		m := mockwechat.Message{OpenID: "oStranger0000000000000000001", MsgType: "voice", Fields: []mockwechat.Field{{Name: "MediaId", Value: "m"}, {Name: "Recognition", Value: "查流量"}}}
		if got := w.say(s, m); !got.OK || !strings.Contains(got.Seen, "绑定") {
			t.Errorf("%+v", got)
		}
	})
	run("order", func(t *testing.T) {
		t.Helper()
		got := w.say(s, mockwechat.Message{OpenID: "oFollower0000000000000000001", Content: "KT10"})
		w.settled(serialOf(t, got.Seen))
	})
	run("slow query is handed over", func(t *testing.T) {
		t.Helper()
		w.faults(w.carrier.ControlAddr(), upstream.Rule{Match: upstream.Match{Op: "QueryUsage"}, Latency: &upstream.Latency{Dist: "constant", MedianS: 0.9}})
		defer w.faults(w.carrier.ControlAddr())
		got := w.say(s, mockwechat.Message{OpenID: "oFollower0000000000000000002", Content: "CXLL"})
		if !got.OK || got.Seen != "success" {
			t.Errorf("%+v", got)
		}
		w.until("the result is sent", func() bool { return len(w.custom("oFollower0000000000000000002")) == 1 })
		if text := w.custom("oFollower0000000000000000002")[0]; !strings.Contains(text, "剩余流量") {
			t.Errorf("follower reads %q", text)
		}
	})
	run("answers to the platform are lost", func(t *testing.T) {
		t.Helper()
		w.faults(w.platform.ControlAddr(), upstream.Rule{Match: upstream.Match{Path: "push"}, Share: 0.5, Action: upstream.ActionAnswerLost})
		defer w.faults(w.platform.ControlAddr())
		var together sync.WaitGroup
		outcomes := make([]mockwechat.Outcome, 24)
		for i := range outcomes {
			m := mockwechat.Message{OpenID: "oFollower0000000000000000001", Content: "KT10", MsgID: fmt.Sprint(5000 + i)}
			switch i % 3 {
			case 1:
				m = mockwechat.Message{OpenID: "oFollower0000000000000000002", Event: "CLICK", EventKey: "O_10", CreateTime: int64(1_700_000_000 + i)}
			case 2:
				m.Content = "CXLL"
			}
			together.Go(func() { outcomes[i] = w.say(s, m) })
		}
		together.Wait()
		replies, tries, retried := make(map[string]string), 0, 0
		w.mu.Lock()
		for _, d := range w.deliveries {
			if d.Status != 200 {
				continue
			}
			tries++
			if d.Try > 1 {
				retried++
			}
			if before, ok := replies[d.MsgID]; ok && before != d.Reply {
				t.Errorf("message %s got %q and %q", d.MsgID, before, d.Reply)
			}
			replies[d.MsgID] = d.Reply
		}
		w.mu.Unlock()
		if retried < 5 {
			t.Errorf("only %d of %d tries were second or third ones", retried, tries)
		}
		for i, o := range outcomes {
			if o.OK && i%3 < 2 {
				w.settled(serialOf(t, o.Seen))
			}
		}
	})
	run("metrics", func(t *testing.T) {
		t.Helper()
		w.until("everything is drained", func() bool {
			_, body := servertest.Get(t, s, "/metrics")
			for _, series := range []string{
				"oalab_outbox_rows 0", "oalab_orders_unfinished 0", `oalab_queue_depth{queue="orders"} 0`,
				`oalab_work_in_flight{queue="tells"} 0`, "oalab_callback_handed_over_total ", `oalab_carrier_calls_total{op="OrderProduct"} `,
				`oalab_carrier_errors_total{class="breaker",op="QueryUsage"} `,
			} {
				if !strings.Contains(body, "\n"+series) {
					return false
				}
			}
			return true
		})
	})
}

func TestRestartOnTheSameFile(t *testing.T) {
	t.Parallel()
	w, cfg := newWorld(t)
	w.faults(w.carrier.ControlAddr(), upstream.Rule{Action: upstream.ActionReset})
	first := servertest.Start(t, cfg)
	order := mockwechat.Message{OpenID: "oFollower0000000000000000001", Content: "KT10", MsgID: "77", CreateTime: 1_700_000_000}
	before := w.say(first, order)
	serial := serialOf(t, before.Seen)
	servertest.Stop(t, first)
	if n := w.applied(serial); n != 0 {
		t.Fatalf("the carrier is down, and the order took effect %d times", n)
	}

	w.faults(w.carrier.ControlAddr())
	second := servertest.Start(t, cfg)
	if after := w.say(second, order); after.Seen != before.Seen {
		t.Errorf("a try after the restart got %q, the one before it %q", after.Seen, before.Seen)
	}
	w.settled(serial)
}

func TestCallbackAndWorkerApart(t *testing.T) {
	t.Parallel()
	w, cfg := newWorld(t)
	front := servertest.Start(t, cfg, server.RoleCallback)
	serial := serialOf(t, w.say(front, mockwechat.Message{OpenID: "oFollower0000000000000000001", Content: "KT10"}).Seen)
	if n := w.applied(serial); n != 0 {
		t.Errorf("a server without workers did the order %d times", n)
	}
	back := servertest.Start(t, cfg, server.RoleWorker)
	w.settled(serial)
	if status, _ := servertest.Push(t, back, "<xml/>"); status != http.StatusNotFound {
		t.Errorf("the worker answers the platform with %d", status)
	}
}
