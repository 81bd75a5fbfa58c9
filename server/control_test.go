package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"oalab/chaos/upstream"
	"oalab/internal/deadport"
	"oalab/mockwechat"
	wl "oalab/mockwechat/ledger"
	"oalab/server"
	"oalab/server/internal/servertest"
	"oalab/server/signing"
)

const appSecret = "an example secret of 32 characters"

// withApps lets the systems shop and desk ask the control server.
func withApps(cfg *server.Config) {
	cfg.API.Apps = []server.App{
		{Name: "shop", Secret: appSecret, Rights: []string{"tokens"}},
		{Name: "desk", Secret: appSecret, Rights: []string{"settings", "change-settings"}},
	}
}

// controlAnswer is an answer of the control server.
type controlAnswer struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
	Data    struct {
		Value     string            `json:"value"`
		Version   int64             `json:"version"`
		ExpiresIn int64             `json:"expires_in"`
		Settings  map[string]string `json:"settings"`
	} `json:"data"`
}

// askControl makes a signed request.
func askControl(ctx context.Context, s *server.Server, app, method, path, body string) (controlAnswer, error) {
	r, err := http.NewRequestWithContext(ctx, method, "http://"+s.Addr()+"/control/v1/accounts/"+path, strings.NewReader(body))
	if err != nil {
		return controlAnswer{}, err
	}
	r.Close = true
	signing.Sign(r, []byte(body), app, appSecret, time.Now())
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return controlAnswer{}, err
	}
	defer res.Body.Close()
	var a controlAnswer
	if err := json.NewDecoder(res.Body).Decode(&a); err != nil {
		return a, err
	}
	if a.Code != 0 {
		return a, fmt.Errorf("%s %s: %d %s", method, path, a.Code, a.Message)
	}
	return a, nil
}

// fetches counts the tokens that the platform was asked for.
func (w *world) fetches() (n int) {
	for _, c := range ledger[wl.Call](w, w.platform.ControlAddr()) {
		if c.Path == "/cgi-bin/stable_token" {
			n++
		}
	}
	return n
}

// TestControlServer: two control nodes and an app server have one token between them; however
// many report a dead one, it is refreshed once (CTL-3).
func TestControlServer(t *testing.T) {
	t.Parallel()
	w, cfg := newWorld(t, withApps)
	cfg.Redis.Addr = miniredis.RunT(t).Addr()
	servertest.Start(t, cfg, server.RoleCallback, server.RoleWorker)
	nodes := []*server.Server{servertest.Start(t, cfg, server.RoleControl), servertest.Start(t, cfg, server.RoleControl)}
	read := func(node *server.Server, path string) controlAnswer {
		t.Helper()
		a, err := askControl(t.Context(), node, "shop", http.MethodGet, path, "")
		if err != nil {
			t.Fatal(err)
		}
		if a.Data.Value == "" || a.Data.ExpiresIn < 6000 || a.Data.ExpiresIn > 7200 || a.Data.Version < 2 {
			t.Errorf("%s: version %d, for %d s", path, a.Data.Version, a.Data.ExpiresIn)
		}
		return a
	}
	first := read(nodes[0], "demo/token")
	if again := read(nodes[1], "demo/token"); again.Data.Value != first.Data.Value {
		t.Error("two nodes have two tokens")
	}
	if ticket := read(nodes[0], "demo/ticket"); ticket.Data.Value == first.Data.Value || ticket.Data.Value != read(nodes[1], "demo/ticket").Data.Value {
		t.Error("two nodes have two tickets, or the ticket is the token")
	}
	if n := w.fetches(); n != 1 {
		t.Errorf("%d tokens were asked for, want one for three servers", n)
	}
	w.forceNewToken()
	before := w.fetches()
	var together sync.WaitGroup
	for i := range 20 {
		together.Go(func() {
			a, err := askControl(t.Context(), nodes[i%2], "shop", http.MethodPost, "demo/token/report", `{"token":"`+first.Data.Value+`"}`)
			if err != nil || a.Data.Value == first.Data.Value || a.Data.Value == "" {
				t.Errorf("after the report: %v, the dead token again: %t", err, a.Data.Value == first.Data.Value)
			}
		})
	}
	together.Wait()
	if n := w.fetches() - before; n != 1 {
		t.Errorf("20 reports at two nodes asked for %d tokens", n)
	}
	for path, want := range map[string]int{"other/token": 404, "demo/settings": 403} {
		if a, err := askControl(t.Context(), nodes[0], "shop", http.MethodGet, path, ""); err == nil || a.Code != want {
			t.Errorf("%s: %v, want %d", path, err, want)
		}
	}
	if status, _ := servertest.Get(t, nodes[0], "/control/v1/accounts/demo/token"); status != 401 {
		t.Errorf("unsigned: %d", status)
	}
	if status, _ := servertest.Get(t, nodes[0], "/wechat/demo"); status != 404 {
		t.Errorf("role control answers the callback: %d", status)
	}
}

// forceNewToken makes the platform replace the token, as an operator does in its console.
func (w *world) forceNewToken() {
	w.t.Helper()
	account := servertest.Config(w.t).Accounts[0]
	body := fmt.Sprintf(`{"grant_type":"client_credential","appid":%q,"secret":%q,"force_refresh":true}`, account.AppID, string(account.Secret))
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, "http://"+w.platform.Addr()+"/cgi-bin/stable_token", strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Close = true
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil || answer.Token == "" {
		w.t.Fatalf("no new token: %v", err)
	}
}

// TestASettingCountsForTheNextMessage: a text that is changed at a control node answers the next
// message of an app server, at once where they share a Redis, within the stated bound without
// one; and the node may be gone by then (CTL-3, STO-7).
func TestASettingCountsForTheNextMessage(t *testing.T) {
	t.Parallel()
	for name, shared := range map[string]bool{"with a Redis that servers share": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, cfg := newWorld(t, withApps)
			bound := 3 * time.Second
			if shared {
				cfg.Redis.Addr, bound = miniredis.RunT(t).Addr(), time.Second
			}
			app := servertest.Start(t, cfg, server.RoleCallback, server.RoleWorker)
			say := func() string {
				return w.say(app, mockwechat.Message{OpenID: "oFollower0000000000000000001", Content: "没有这个词"}).Seen
			}
			if got := say(); !strings.Contains(got, "没有找到") {
				t.Fatalf("before any change: %q", got)
			}
			for version, text := range []string{"请拨打10086", "请回复资费"} {
				node := servertest.Start(t, cfg, server.RoleControl)
				body := fmt.Sprintf(`{"version":%d,"settings":{"default_answer":%q}}`, version, text)
				if _, err := askControl(t.Context(), node, "desk", http.MethodPut, "demo/settings", body); err != nil {
					t.Fatal(err)
				}
				committed := time.Now()
				servertest.Stop(t, node)
				for {
					began := time.Now()
					if strings.Contains(say(), text) {
						break
					}
					if began.Sub(committed) >= bound {
						t.Fatalf("%s is not used %s after", text, began.Sub(committed))
					}
					<-time.After(10 * time.Millisecond)
				}
			}
			node := servertest.Start(t, cfg, server.RoleControl)
			a, err := askControl(t.Context(), node, "desk", http.MethodGet, "demo/settings", "")
			if err != nil || a.Data.Version != 2 || a.Data.Settings["default_answer"] != "请回复资费" {
				t.Errorf("read again: %+v, %v", a, err)
			}
			long := `{"version":2,"settings":{"welcome":"` + strings.Repeat("长", 700) + `"}}`
			if a, err := askControl(t.Context(), node, "desk", http.MethodPut, "demo/settings", long); err == nil || a.Code != 400 || !strings.Contains(a.Message, "settings.welcome: has 2100 bytes") {
				t.Errorf("a text that the platform would not take: %v", err)
			}
		})
	}
}

// TestAppServersReadFromControlNodes: an app server that asks control nodes calls the platform for
// no token; when its node is gone and the token is dead it reports that to the other one (CTL-5, CTL-8).
func TestAppServersReadFromControlNodes(t *testing.T) {
	t.Parallel()
	for name, listen := range map[string]string{"over HTTP": "", "over gRPC": "127.0.0.1:0"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			readFromNodes(t, listen)
		})
	}
}

func readFromNodes(t *testing.T, listen string) {
	t.Helper()
	w, cfg := newWorld(t, withApps)
	cfg.Control.GRPCListen = listen
	nodes := map[string]*server.Server{"a": servertest.Start(t, cfg, server.RoleControl), "b": servertest.Start(t, cfg, server.RoleControl)}
	cfg.Control = server.Control{App: "shop", Secret: appSecret, Version: 1}
	for name, node := range nodes {
		address := node.Addr()
		if listen != "" {
			address = deadport.Addr(t) // what is not had over gRPC is not had
		}
		cfg.Control.Nodes = append(cfg.Control.Nodes, server.Node{Name: name, Address: "http://" + address, GRPC: node.GRPCAddr()})
	}
	app := servertest.Start(t, cfg, server.RoleCallback, server.RoleWorker)
	order := func(id string) {
		t.Helper()
		serial := serialOf(t, w.say(app, mockwechat.Message{OpenID: "oFollower0000000000000000001", Content: "KT10", MsgID: id}).Seen)
		w.until("the order is told", func() bool { return w.told(serial) == 1 })
	}
	order("701")
	if n := w.fetches(); n != 1 {
		t.Errorf("%d tokens were asked for", n)
	}
	servertest.Stop(t, nodes[cfg.Control.Members().Order("demo")[0].Name])
	w.forceNewToken()
	before := w.fetches()
	order("702")
	if n := w.fetches() - before; n != 1 {
		t.Errorf("%d tokens were asked for after the report of a dead one", n)
	}
}

// TestTokensAreReadWithoutRedisAndWithoutThePlatform: what the loss of either costs a reader is
// nothing while a token lives (CTL-8).
func TestTokensAreReadWithoutRedisAndWithoutThePlatform(t *testing.T) {
	t.Parallel()
	w, cfg := newWorld(t, withApps)
	redis := miniredis.RunT(t)
	cfg.Redis.Addr = redis.Addr()
	node := servertest.Start(t, cfg, server.RoleControl)
	read := func() (controlAnswer, error) {
		return askControl(t.Context(), node, "shop", http.MethodGet, "demo/token", "")
	}
	first, err := read()
	if err != nil {
		t.Fatal(err)
	}
	redis.Close()
	w.faults(w.platform.ControlAddr(), upstream.Rule{Action: upstream.ActionReset})
	for i := range 300 {
		if a, err := read(); err != nil || a.Data.Value != first.Data.Value {
			t.Fatalf("read %d: %v", i, err)
		}
	}
	// One that starts then has it from the row.
	node = servertest.Start(t, cfg, server.RoleControl)
	if a, err := read(); err != nil || a.Data.Value != first.Data.Value {
		t.Errorf("a node that starts: %v", err)
	}
}
