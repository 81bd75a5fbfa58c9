package workload_test

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/scenarios/history"
	"oalab/scenarios/workload"
)

// TestLoginPlan: followers come again after the time at the earliest, senders do nothing else,
// and the plan is a function of its arguments.
func TestLoginPlan(t *testing.T) {
	l := workload.Logins{Again: 2 * time.Second, Forwarded: 0.2}
	pop := workload.Population{Seed: 7, Size: 1000}
	plan := func(seed uint64, l workload.Logins) []history.PlannedOp {
		ops, err := workload.PlanLogins(seed, l, pop, constant(t, 50, 20*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		return ops
	}
	hash := func(ops []history.PlannedOp) string { return history.PlanHash([]history.PlannedArm{{Ops: ops}}) }
	first, again, senders, count := map[string]float64{}, map[string]bool{}, map[string]bool{}, map[string]int{}
	ops := plan(7, l)
	for i, op := range ops {
		count[op.Event]++
		if op.Seq != uint64(i) || op.Kind != history.KindLogin || op.OpenID == "" {
			t.Fatalf("operation %d: %+v", i, op)
		}
		if op.Event == history.VisitAgain {
			if due, ok := first[op.OpenID]; !ok || op.DueS < due+2 || again[op.OpenID] {
				t.Fatalf("%+v comes again, first at %g s", op, due)
			}
			again[op.OpenID] = true
			continue
		}
		if _, ok := first[op.OpenID]; ok {
			t.Fatalf("%+v is not the first", op)
		}
		first[op.OpenID] = op.DueS
		if (op.Event == history.VisitForwarded) != (op.Key != "") || senders[op.Key] {
			t.Fatalf("%+v", op)
		}
		if op.Key != "" {
			senders[op.Key] = true
		}
	}
	for s := range senders {
		if _, ok := first[s]; ok {
			t.Errorf("sender %s visits, too", s)
		}
	}
	if n := len(ops); n != 1000 || count[history.VisitAgain] < 350 || count[history.VisitForwarded] < 70 || count[history.VisitForwarded] > 160 {
		t.Errorf("%d operations: %v", n, count)
	}
	if hash(ops) != hash(plan(7, l)) || hash(ops) == hash(plan(8, l)) || hash(ops) == hash(plan(7, workload.Logins{Again: l.Again})) {
		t.Error("the plan is not that of its arguments")
	}
	if _, err := workload.PlanLogins(7, l, workload.Population{Size: 20}, constant(t, 50, time.Second)); err == nil || !strings.Contains(err.Error(), "add followers") {
		t.Errorf("too few followers: %v", err)
	}
	if _, err := workload.PlanLogins(7, l, workload.Population{}, constant(t, 50, time.Second)); err == nil {
		t.Error("no followers were accepted")
	}
}

// loginService is a service with a login of its own, and the platform's consent page.
type loginService struct {
	mu       sync.Mutex
	asked    map[string]int // by path
	busy     int            // so many logins are told to come later
	unbound  bool           // a way back is taken from every browser
	platform string
}

func (s *loginService) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked[r.URL.Path]++
	cookie := func(name string) string {
		c, err := r.Cookie(name)
		if err != nil {
			return ""
		}
		return c.Value
	}
	switch q := r.URL.Query(); r.URL.Path {
	case "/oauth/demo/login":
		switch {
		case s.busy > 0:
			s.busy--
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusServiceUnavailable)
		case cookie("who") != "":
			http.Redirect(w, r, q.Get("return"), http.StatusFound)
		default:
			state := strconv.Itoa(len(s.asked)*1000 + s.asked[r.URL.Path])
			http.SetCookie(w, &http.Cookie{Name: "state", Value: state, Path: "/"})
			http.Redirect(w, r, s.platform+"/connect/oauth2/authorize?state="+state+"&back="+"http%3A%2F%2F"+r.Host, http.StatusFound)
		}
	case "/oauth/demo/callback":
		if q.Get("state") != cookie("state") && !s.unbound {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "who", Value: q.Get("code"), Path: "/"})
		http.Redirect(w, r, "/api/v1/login/demo/me", http.StatusFound)
	case "/api/v1/login/demo/me":
		if cookie("who") == "" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = fmt.Fprintf(w, `{"data":{"openid":%q}}`, cookie("who"))
	}
}

// consent is the platform: the code is the openid.
func consent(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if who := q.Get("_openid"); who != "" {
		http.Redirect(w, r, q.Get("back")+"/oauth/demo/callback?state="+q.Get("state")+"&code="+who, http.StatusFound)
		return
	}
	for name := range q {
		_, _ = fmt.Fprintf(w, `<input type="hidden" name="%s" value="%s">`, name, html.EscapeString(q.Get(name)))
	}
}

// TestCrowd: visits go through the consent page and come back within their session, a dead
// server is passed over, a forwarded link leaves its mark, and so does a page that says later.
func TestCrowd(t *testing.T) {
	plan := []history.PlannedOp{
		{Seq: 0, Kind: history.KindLogin, Event: history.VisitFirst, OpenID: "oA"},
		{Seq: 1, Kind: history.KindLogin, Event: history.VisitAgain, OpenID: "oA"},
		{Seq: 2, Kind: history.KindLogin, Event: history.VisitForwarded, OpenID: "oB", Key: "oS"},
	}
	for _, tc := range []struct {
		name     string
		service  *loginService
		dead     bool // the one server of two
		want     []history.Visit
		statuses []int // 0: an error
	}{
		{"as it should be", &loginService{}, false, []history.Visit{
			{Visit: "first", OpenID: "oA", Consents: 1, Status: 200, Seen: "oA"},
			{Visit: "again", OpenID: "oA", Status: 200, Seen: "oA"},
			{Visit: "forwarded", OpenID: "oB", Sender: "oS", Status: 403},
			{Visit: "first", OpenID: "oB", Consents: 1, Status: 200, Seen: "oB"},
		}, []int{200, 200, 200}},
		{"told to come later", &loginService{busy: 2}, false, []history.Visit{
			{Visit: "first", OpenID: "oA", Consents: 1, Later: 2, Status: 200, Seen: "oA"},
			{Visit: "again", OpenID: "oA", Status: 200, Seen: "oA"},
			{Visit: "forwarded", OpenID: "oB", Sender: "oS", Status: 403},
			{Visit: "first", OpenID: "oB", Consents: 1, Status: 200, Seen: "oB"},
		}, []int{200, 200, 200}},
		{"told to come later all the time", &loginService{busy: 1000}, false, []history.Visit{
			{Visit: "first", OpenID: "oA", Later: 4, Status: 503},
			{Visit: "again", OpenID: "oA", Later: 4, Status: 503},
			{Visit: "forwarded", OpenID: "oB", Sender: "oS", Error: "the sender has no link: status 503"},
			{Visit: "first", OpenID: "oB", Later: 4, Status: 503},
		}, []int{503, 503, 503}},
		{"a state that is not bound", &loginService{unbound: true}, false, []history.Visit{
			{Visit: "first", OpenID: "oA", Consents: 1, Status: 200, Seen: "oA"},
			{Visit: "again", OpenID: "oA", Status: 200, Seen: "oA"},
			{Visit: "forwarded", OpenID: "oB", Sender: "oS", Status: 200, Seen: "oS"},
			{Visit: "first", OpenID: "oB", Status: 200, Seen: "oS"},
		}, []int{200, 200, 0}},
		{"one server is dead", &loginService{}, true, []history.Visit{
			{Visit: "first", OpenID: "oA", Consents: 1, Status: 200, Seen: "oA"},
			{Visit: "again", OpenID: "oA", Status: 200, Seen: "oA"},
			{Visit: "forwarded", OpenID: "oB", Sender: "oS", Status: 403},
			{Visit: "first", OpenID: "oB", Consents: 1, Status: 200, Seen: "oB"},
		}, []int{200, 200, 200}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			platform := httptest.NewServer(http.HandlerFunc(consent))
			defer platform.Close()
			tc.service.asked, tc.service.platform = map[string]int{}, platform.URL
			server := httptest.NewServer(tc.service)
			defer server.Close()
			servers := []string{server.Listener.Addr().String(), server.Listener.Addr().String()}
			if tc.dead {
				gone := httptest.NewServer(http.NotFoundHandler())
				servers[0] = gone.Listener.Addr().String()
				gone.Close()
			}
			conns := &http.Transport{}
			defer conns.CloseIdleConnections()
			crowd, err := workload.NewCrowd(workload.CrowdConfig{
				Plan: plan, Conns: conns, Base: "http://login.invalid", Servers: servers, Account: "demo", Limit: time.Minute,
			})
			if err != nil {
				t.Fatal(err)
			}
			for i, want := range tc.statuses {
				if got := carry(t, crowd, i); got != want {
					t.Errorf("operation %d: status %d, want %d", i, got, want)
				}
			}
			passed := 0
			visits := crowd.Visits()
			for i := range visits {
				if visits[i].At.IsZero() || visits[i].TookS < 0 {
					t.Errorf("visit %d is not timed: %+v", i, visits[i])
				}
				passed += visits[i].PassedOn
				visits[i].Seq, visits[i].At, visits[i].TookS, visits[i].PassedOn = 0, time.Time{}, 0, 0
			}
			if d := cmp.Diff(tc.want, visits); d != "" {
				t.Errorf("visits (-want +got):\n%s", d)
			}
			if (passed > 0) != tc.dead {
				t.Errorf("%d requests were passed on", passed)
			}
		})
	}
	if _, err := workload.NewCrowd(workload.CrowdConfig{Base: "http://login.invalid"}); err == nil {
		t.Error("a crowd without a server was made")
	}
}

// carry carries out one operation, and returns its status; 0: an error.
func carry(t *testing.T, crowd http.RoundTripper, seq int) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://operation.invalid/", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Vegeta-Seq", strconv.Itoa(seq))
	resp, err := crowd.RoundTrip(r)
	if err != nil {
		return 0
	}
	defer func() { _ = resp.Body.Close() }()
	if rest, err := io.ReadAll(resp.Body); err != nil || len(rest) > 0 {
		t.Errorf("%q, %v left of the answer, want nothing", rest, err)
	}
	return resp.StatusCode
}

// TestStickyCrowd: with ip_hash a follower stays at one server.
func TestStickyCrowd(t *testing.T) {
	platform := httptest.NewServer(http.HandlerFunc(consent))
	defer platform.Close()
	var servers []string
	var services []*loginService
	for range 3 {
		s := &loginService{asked: map[string]int{}, platform: platform.URL}
		server := httptest.NewServer(s)
		defer server.Close()
		services, servers = append(services, s), append(servers, server.Listener.Addr().String())
	}
	conns := &http.Transport{}
	defer conns.CloseIdleConnections()
	for _, sticky := range []bool{true, false} {
		crowd, err := workload.NewCrowd(workload.CrowdConfig{
			Plan: []history.PlannedOp{{OpenID: "oA", Event: history.VisitFirst}}, Sticky: sticky,
			Conns: conns, Base: "http://login.invalid", Servers: servers, Account: "demo", Limit: time.Minute,
		})
		if err != nil {
			t.Fatal(err)
		}
		before := 0
		for range 3 {
			carry(t, crowd, 0)
		}
		for _, s := range services {
			if len(s.asked) > 0 {
				before++
			}
			clear(s.asked)
		}
		if (before == 1) != sticky {
			t.Errorf("sticky %t: %d servers were asked", sticky, before)
		}
	}
}
