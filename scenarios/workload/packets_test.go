package workload_test

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"oalab/scenarios/history"
	"oalab/scenarios/workload"
)

func someParty() workload.Packets {
	return workload.Packets{
		Hot: workload.PacketKind{Units: 50, Shares: 10}, Grabbers: 40, Before: 5, Lead: 10, Left: 0.3, Again: 0.2,
		Kinds: []workload.PacketKind{{Units: 30, Shares: 3}, {Units: 4, Shares: 2, Equal: true}},
	}
}

// TestPacketPlan: a follower grabs a packet once before grabbing it again, at least Lead arrivals
// after it was sent, senders do not grab, and the plan is a function of its arguments.
func TestPacketPlan(t *testing.T) {
	l := someParty()
	pop := workload.Population{Seed: 7, Size: 100}
	plan := func(seed uint64, l workload.Packets, size int) ([]history.PlannedOp, error) {
		return workload.PlanPackets(seed, l, workload.Population{Seed: pop.Seed, Size: size}, constant(t, 50, 10*time.Second))
	}
	ops, err := plan(7, l, 100)
	if err != nil {
		t.Fatal(err)
	}
	sent, grabbed, senders := map[string]int{}, map[string]int{}, map[string]int{}
	hot, left, count := 0, map[string]int{}, map[string]int{}
	for i, op := range ops {
		count[op.Event]++
		at := op.Key + " " + op.OpenID
		before, known := grabbed[at]
		switch op.Event {
		case history.PacketSend:
			var body struct {
				Serial, Kind  string
				Units, Shares int
			}
			if err := json.Unmarshal([]byte(op.Text), &body); err != nil || body.Serial != op.Key {
				t.Fatalf("%+v: %v", op, err)
			}
			if (body.Kind == "equal") != (body.Units == 4) {
				t.Errorf("%+v", body)
			}
			sent[op.Key], left[op.Key] = i, body.Shares
			senders[op.OpenID]++
		case history.PacketGrab:
			if from, ok := sent[op.Key]; known || !ok || op.Key != "p0" && i < from+l.Lead {
				t.Fatalf("operation %d: %+v, sent at %d", i, op, from)
			}
			grabbed[at] = i
			left[op.Key]--
			if op.Key == "p0" {
				hot++
			}
		case history.PacketAgain:
			if !known || i < before+l.Lead {
				t.Fatalf("operation %d: %+v, first at %d", i, op, before)
			}
		}
	}
	for openID, n := range senders {
		if n > 8 {
			t.Errorf("%s sends %d packets", openID, n)
		}
		for at := range grabbed {
			if strings.HasSuffix(at, " "+openID) {
				t.Errorf("%s sends and grabs", openID)
			}
		}
	}
	kept, over := 0, 0
	for name, n := range left {
		if name != "p0" && n > 0 {
			kept++
		}
		if name != "p0" && n < 0 {
			over++
		}
	}
	if hot != 40 || count[history.PacketAgain] < 20 || kept < 5 || over < 5 || len(sent) < 50 {
		t.Errorf("%d grabs of the hot packet, %v, %d packets, %d with a rest, %d with one too many", hot, count, len(sent), kept, over)
	}
	hash := func(ops []history.PlannedOp) string { return history.PlanHash([]history.PlannedArm{{Ops: ops}}) }
	same, _ := plan(7, l, 100)
	other, _ := plan(8, l, 100)
	if hash(same) != hash(ops) || hash(other) == hash(ops) {
		t.Error("the plan is no function of its seed")
	}
	if _, err := plan(7, l, 45); err == nil || !strings.Contains(err.Error(), "add followers") {
		t.Errorf("with too few followers: %v", err)
	}
}

// counter is a service with the login and the red packets, as followers meet it: every third
// answer is 503, and every seventh is lost on the way.
type counter struct {
	mu    sync.Mutex
	calls int
	sent  map[string]string   // ids by serial
	taken map[string][]string // followers by packet
	logs  map[string]bool
}

func (c *counter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case strings.HasSuffix(r.URL.Path, "/login"):
		http.Redirect(w, r, "http://platform.test/connect/oauth2/authorize?redirect_uri=x", http.StatusFound)
		return
	case r.URL.Path == "/connect/oauth2/authorize":
		http.Redirect(w, r, "http://service.test/oauth/lab/callback?code="+r.URL.Query().Get("_openid"), http.StatusFound)
		return
	case strings.HasSuffix(r.URL.Path, "/callback"):
		http.SetCookie(w, &http.Cookie{Name: "oa", Value: r.URL.Query().Get("code"), Path: "/"})
		http.Redirect(w, r, "http://service.test/c/lab/", http.StatusFound)
		return
	}
	cookie, err := r.Cookie("oa")
	if err != nil || r.Method != http.MethodPost || r.Host != "service.test" {
		http.Error(w, "{}", http.StatusUnauthorized)
		return
	}
	c.calls++
	path := strings.TrimPrefix(r.URL.Path, "/api/v1/packets/lab/")
	answer := func(status int, data string) {
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `{"code":0,"data":%s}`, data)
	}
	if c.calls%3 == 0 {
		answer(http.StatusServiceUnavailable, `{"reason":"busy"}`)
		return
	}
	status, data := http.StatusOK, `{}`
	switch path {
	case "daily":
		c.logs[cookie.Value] = true
	case "send":
		var body struct{ Serial string }
		_ = json.NewDecoder(r.Body).Decode(&body)
		c.sent[body.Serial] = "id" + body.Serial
		data = `{"id":"id` + body.Serial + `"}`
	default:
		id := strings.TrimSuffix(strings.TrimPrefix(path, "packet/"), "/grab")
		of := c.taken[id]
		for i, who := range of {
			if who == cookie.Value {
				status, data = http.StatusConflict, `{"reason":"grabbed","units":`+strconv.Itoa(i+1)+`}`
			}
		}
		if status == http.StatusOK {
			c.taken[id] = append(of, cookie.Value)
			data = `{"units":` + strconv.Itoa(len(of)+1) + `}`
		}
	}
	if c.calls%7 == 0 {
		panic(http.ErrAbortHandler)
	}
	answer(status, data)
}

// TestParty: followers log in, senders have something to send, each call is made until it is
// answered, and what was lost on the way is told by the next answer.
func TestParty(t *testing.T) {
	service := &counter{sent: map[string]string{}, taken: map[string][]string{}, logs: map[string]bool{}}
	server := httptest.NewUnstartedServer(service)
	server.Config.ErrorLog = nil
	server.Start()
	defer server.Close()
	at, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	conns := &http.Transport{DialContext: (&net.Dialer{}).DialContext, Proxy: func(r *http.Request) (*url.URL, error) {
		if r.URL.Host == at.Host {
			return nil, nil
		}
		return at, nil // the platform's address is none
	}}
	defer conns.CloseIdleConnections()
	plan, err := workload.PlanPackets(7, someParty(), workload.Population{Seed: 7, Size: 100}, constant(t, 50, 3*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	p, err := workload.NewParty(workload.PartyConfig{
		Plan: plan, Conns: conns, Base: "http://service.test", Servers: []string{at.Host}, Account: "lab", Limit: 5 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Enter(t.Context()); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for _, op := range plan {
		all.Go(func() {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", http.NoBody)
			r.Header.Set("X-Vegeta-Seq", strconv.FormatUint(op.Seq, 10))
			resp, err := p.RoundTrip(r)
			if err != nil {
				t.Error(err)
				return
			}
			if resp.StatusCode != http.StatusOK {
				t.Errorf("operation %d: status %d", op.Seq, resp.StatusCode)
			}
			_ = resp.Body.Close()
		})
	}
	all.Wait()
	ends, again, lost := map[uint64]int{}, 0, 0
	for _, c := range p.Calls() {
		if c.Status == http.StatusOK || c.Status == http.StatusConflict {
			ends[c.Seq]++
			if c.Event == history.PacketSend && c.ID != "id"+c.Packet || c.Event != history.PacketSend && c.Units == 0 {
				t.Errorf("%+v", c)
			}
		} else {
			again++
			if c.Status == 0 && c.Error != "" {
				lost++
			}
		}
	}
	if len(ends) != len(plan) || again == 0 || lost == 0 {
		t.Errorf("%d of %d operations answered, %d calls made again, %d answers lost", len(ends), len(plan), again, lost)
	}
	for seq, n := range ends {
		if n != 1 {
			t.Errorf("operation %d has %d answers", seq, n)
		}
	}
}
