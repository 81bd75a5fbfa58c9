package controlclient_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"oalab/internal/deadport"
	"oalab/server/controlclient"
)

// node is a control node of a test: it answers with what it is told.
type node struct {
	server *httptest.Server
	member controlclient.Member

	mu      sync.Mutex
	asked   []string // method, path and whether it was to serve anyway
	value   string
	version int64
	life    int64
	status  int                    // 0 means 200
	list    *controlclient.Members // it has the accounts of this list alone
}

func newNode(t *testing.T, name string) *node {
	t.Helper()
	n := &node{value: "TOKEN", version: 1, life: 7000}
	n.server = httptest.NewServer(http.HandlerFunc(n.serve))
	t.Cleanup(n.server.Close)
	n.member = controlclient.Member{Name: name, Address: n.server.URL}
	return n
}

func (n *node) serve(w http.ResponseWriter, r *http.Request) {
	n.mu.Lock()
	defer n.mu.Unlock()
	account := strings.Split(r.URL.Path, "/")[4]
	anyway := r.URL.Query().Get("anyway") == "1"
	what := r.Method + " " + strings.TrimPrefix(r.URL.Path, "/control/v1/accounts/")
	if anyway {
		what += " anyway"
	}
	n.asked = append(n.asked, what)
	if r.URL.Query().Get("app") != "shop" || r.URL.Query().Get("sign") == "" {
		w.WriteHeader(http.StatusUnauthorized)
	}
	data := map[string]any{"value": n.value, "version": n.version, "expires_in": n.life}
	switch {
	case n.list != nil && !n.list.Has(n.member.Name, account) && !anyway:
		w.WriteHeader(http.StatusMisdirectedRequest)
		data = map[string]any{"members": n.list}
	case n.status != 0:
		w.WriteHeader(n.status)
		data = nil
	case r.Method == http.MethodPost:
		var body struct{ Token string }
		_ = json.NewDecoder(r.Body).Decode(&body) // a wrong one is no report
		if body.Token == n.value {
			n.value, n.version = n.value+"+", n.version+1
			data = map[string]any{"value": n.value, "version": n.version, "expires_in": n.life}
		}
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"data": data}) // the client sees what is missing
}

// set changes a node, and returns what it was asked since.
func (n *node) set(change func()) []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	if change != nil {
		change()
	}
	asked := n.asked
	n.asked = nil
	return asked
}

func open(t *testing.T, version int64, members ...controlclient.Member) *controlclient.Client {
	t.Helper()
	transport := &http.Transport{}
	c, err := controlclient.New(controlclient.Config{
		Members: controlclient.Members{Version: version, Nodes: members}, App: "shop", Secret: "secret", Transport: transport,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func token(t *testing.T, c *controlclient.Client, account string) string {
	t.Helper()
	value, err := c.Tokens().Token(t.Context(), account)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// ofNode is an account whose first and second node have these names.
func ofNode(t *testing.T, m controlclient.Members, first, second string) string {
	t.Helper()
	for i := range 1000 {
		account := fmt.Sprintf("a%d", i)
		if order := m.Order(account); order[0].Name == first && order[1].Name == second {
			return account
		}
	}
	t.Fatal("none of 1000 accounts")
	return ""
}

// TestAValueIsAskedForOnce: many callers make one question, and it is kept; a report asks for
// the next one, once.
func TestAValueIsAskedForOnce(t *testing.T) {
	t.Parallel()
	n := newNode(t, "a")
	c := open(t, 1, n.member)
	ask := func() {
		t.Helper()
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				if _, err := c.Tokens().Token(t.Context(), "demo"); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	}
	ask()
	ask()
	if asked := n.set(nil); len(asked) != 1 || asked[0] != "GET demo/token" {
		t.Errorf("asked %q", asked)
	}
	c.Tokens().Report("demo", "another")
	c.Tokens().Report("stranger", "TOKEN")
	for range 3 {
		c.Tokens().Report("demo", "TOKEN")
		ask()
	}
	if got, asked := token(t, c, "demo"), n.set(nil); got != "TOKEN+" || len(asked) != 1 || asked[0] != "POST demo/token/report" {
		t.Errorf("%q; asked %q", got, asked)
	}
	if _, err := c.Tickets().Token(t.Context(), "demo"); err != nil {
		t.Error(err)
	}
	if asked := n.set(nil); len(asked) != 1 || asked[0] != "GET demo/ticket" {
		t.Errorf("asked %q", asked)
	}
}

// TestAClientFailsOver: a node that is gone costs its accounts one question more; without any
// node the value in memory is given out; and a node that is back is asked again.
func TestAClientFailsOver(t *testing.T) {
	t.Parallel()
	a, b := newNode(t, "a"), newNode(t, "b")
	gone := controlclient.Member{Name: "gone", Address: "http://" + deadport.Addr(t)}
	c := open(t, 1, gone, a.member, b.member)
	all := controlclient.Members{Version: 1, Nodes: []controlclient.Member{gone, a.member, b.member}}
	account := ofNode(t, all, "gone", "a")
	if got := token(t, c, account); got != "TOKEN" {
		t.Errorf("%q", got)
	}
	if asked, other := a.set(nil), b.set(nil); len(asked) != 1 || asked[0] != "GET "+account+"/token" || len(other) != 0 {
		t.Errorf("the standby was asked %q, the third %q", asked, other)
	}
	a.set(func() { a.status = http.StatusServiceUnavailable })
	last := ofNode(t, all, "a", "gone")
	if got := token(t, c, last); got != "TOKEN" {
		t.Errorf("%q", got)
	}
	if asked := b.set(nil); len(asked) != 1 {
		t.Errorf("the third node was asked %q", asked)
	}
	b.set(func() { b.status = http.StatusServiceUnavailable })
	if got := token(t, c, account); got != "TOKEN" {
		t.Errorf("%q of memory", got)
	}
	_, err := c.Tokens().Token(t.Context(), "new")
	if err == nil || strings.Contains(err.Error(), "sign=") || !strings.Contains(err.Error(), "control node b answered HTTP 503") {
		t.Errorf("without any node: %v", err)
	}
	for _, n := range []*node{a, b} {
		n.set(func() { n.status = 0 })
	}
	until := time.After(10 * time.Second)
	for {
		if _, err = c.Tokens().Token(t.Context(), "new"); err == nil {
			break
		}
		select {
		case <-until:
			t.Fatalf("with nodes again: %v", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
	for _, n := range []*node{a, b} {
		n.set(func() { n.status = http.StatusNotFound })
	}
	if _, err := c.Tokens().Token(t.Context(), "none"); !errors.Is(err, controlclient.ErrNoAccount) {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Tokens().Token(ctx, "hurry"); err == nil {
		t.Error("a caller that has left got a value")
	}
}

// TestAWrongGuessCostsARedirect: a node with a newer list says so, and the client goes by it from
// then on; where lists contradict each other a node serves what it is asked for (CTL-5).
func TestAWrongGuessCostsARedirect(t *testing.T) {
	t.Parallel()
	a, b, d := newNode(t, "a"), newNode(t, "b"), newNode(t, "d")
	list := &controlclient.Members{Version: 7, Nodes: []controlclient.Member{a.member, b.member, d.member}}
	for _, n := range []*node{a, b, d} {
		n.list = list
	}
	c := open(t, 1, a.member)
	account := ofNode(t, *list, "b", "d")
	if got := token(t, c, account); got != "TOKEN" || c.Version() != 7 {
		t.Errorf("%q, list %d", got, c.Version())
	}
	if x, y, z := a.set(nil), b.set(nil), d.set(nil); len(x) != 1 || len(y) != 1 || len(z) != 0 {
		t.Errorf("asked %q, %q, %q", x, y, z)
	}
	other := ofNode(t, *list, "d", "b")
	if token(t, c, other); len(a.set(nil)) != 0 || len(d.set(nil)) != 1 {
		t.Error("the next account was not asked for at its node")
	}
	// An older list is not taken, and the node serves in the end.
	old := *list
	old.Version = 3
	stray := newNode(t, "stray")
	stray.list = &old
	lone := open(t, 9, stray.member)
	if got := token(t, lone, "demo"); got != "TOKEN" || lone.Version() != 9 {
		t.Errorf("%q, list %d", got, lone.Version())
	}
	if asked := stray.set(nil); len(asked) != 2 || asked[1] != "GET demo/token anyway" {
		t.Errorf("asked %q", asked)
	}
}

// inside makes requests of a handler, without a socket.
type inside struct{ handler http.Handler }

// RoundTrip implements http.RoundTripper.
func (i inside) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	i.handler.ServeHTTP(w, r)
	return w.Result(), nil
}

// TestAnOlderValueNeverReplacesANewerOne: a standby that lags behind gives an older version,
// which is not given out while the newer one lives.
func TestAnOlderValueNeverReplacesANewerOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := &node{value: "TOKEN", version: 5, life: 1000}
		c, err := controlclient.New(controlclient.Config{
			Members: nodes(1), App: "shop", Secret: "secret", Transport: inside{http.HandlerFunc(n.serve)},
		})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		token(t, c, "demo")
		n.set(func() { n.value, n.version = "OLD", 4 })
		time.Sleep(901 * time.Second)
		for range 3 {
			if got := token(t, c, "demo"); got != "TOKEN" {
				t.Errorf("%q", got)
			}
			synctest.Wait()
		}
		if asked := n.set(nil); len(asked) != 1 {
			t.Errorf("in the last tenth of its life it was asked for anew by %q", asked)
		}
		c.Tokens().Report("demo", "TOKEN")
		if got, err := c.Tokens().Token(t.Context(), "demo"); err == nil {
			t.Errorf("%q after a report, which is older", got)
		}
		time.Sleep(100 * time.Second)
		if got := token(t, c, "demo"); got != "OLD" {
			t.Errorf("%q after the end of the newer one", got)
		}
	})
}

// TestNewRefuses: a client without nodes, app or secret is not made.
func TestNewRefuses(t *testing.T) {
	t.Parallel()
	if _, err := controlclient.New(controlclient.Config{}); err == nil {
		t.Error("made of nothing")
	}
	if _, err := controlclient.New(controlclient.Config{App: "a", Secret: "s", Members: controlclient.Members{Nodes: []controlclient.Member{{}}}}); err == nil {
		t.Error("made of a list that is wrong")
	}
}

// TestTheLastSecondOfAValue: a node tells whole seconds. A value that lives for less than one
// reaches those that asked for it, and nothing else.
func TestTheLastSecondOfAValue(t *testing.T) {
	t.Parallel()
	n := newNode(t, "a")
	n.life = 0
	c := open(t, 1, n.member)
	for range 2 {
		if got := token(t, c, "demo"); got != "TOKEN" {
			t.Errorf("%q", got)
		}
	}
	if asked := n.set(nil); len(asked) != 2 {
		t.Errorf("asked %q: the value was kept beyond its life", asked)
	}
	n.set(func() { n.value, n.version, n.life = "NEXT", 2, 7000 })
	if got := token(t, c, "demo"); got != "NEXT" {
		t.Errorf("%q", got)
	}
	n.set(func() { n.value, n.version, n.life = "TOKEN", 1, 0 })
	c.Tokens().Report("demo", "NEXT")
	if got, err := c.Tokens().Token(t.Context(), "demo"); err == nil {
		t.Errorf("%q was given out, which is older than one that lived", got)
	}
}
