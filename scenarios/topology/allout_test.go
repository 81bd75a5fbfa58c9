package topology

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
)

// TestAllAppServersOut: a moment in which all app servers answer 503, as without their
// database, ends for followers when it ends for them, not when Nginx would try them
// again (DIS-7).
func TestAllAppServersOut(t *testing.T) {
	var away atomic.Bool
	d := startPair(t, Layout{}, http.HandlerFunc(success), nil)
	app := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if away.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		success(w, r)
	})
	setUpstream(t, d, "round_robin", listen(t, d, app), listen(t, d, app))
	for range 10 { // through the new list: it has answered before the outage
		if resp, _ := asks(t, d.entry()+"/", nil); resp.StatusCode != http.StatusOK {
			t.Fatalf("before the outage: %s", resp.Status)
		}
	}
	away.Store(true)
	for range 50 { // more than takes both out
		if resp, _ := asks(t, d.entry()+"/", nil); resp.StatusCode/100 != 5 {
			t.Fatalf("in the outage: %s", resp.Status)
		}
	}
	away.Store(false)
	for i := range 10 {
		if resp, body := asks(t, d.entry()+"/", nil); resp.StatusCode != http.StatusOK || body != "success" {
			t.Errorf("request %d after the outage: %s", i, resp.Status)
		}
	}
}

// TestAskedOnceMoreWithLeave: when the servers that were asked cannot serve, one is asked once
// more with leave to answer from memory (STO-7). A client cannot give that leave, and a server
// that can serve is never asked with it.
func TestAskedOnceMoreWithLeave(t *testing.T) {
	var asked, leave atomic.Int64
	var away atomic.Bool
	d := startPair(t, Layout{}, http.HandlerFunc(success), nil)
	app := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if r.Header.Get("X-Stale-Leave") != "" {
			leave.Add(1)
			w.Header().Set("X-Stale", "1")
		} else if away.Load() {
			w.Header().Set("X-Stale-Possible", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		success(w, r)
	})
	setUpstream(t, d, "round_robin", listen(t, d, app), listen(t, d, app))
	claims := map[string]string{"X-Stale-Leave": "1"}
	if resp, body := asks(t, d.entry()+"/", claims); resp.StatusCode != http.StatusOK || body != "success" || leave.Load() != 0 {
		t.Errorf("all well: %s, %d asks with leave", resp.Status, leave.Load())
	}
	away.Store(true)
	before := asked.Load()
	resp, body := asks(t, d.entry()+"/", claims)
	if resp.StatusCode != http.StatusOK || body != "success" || resp.Header.Get("X-Stale") == "" {
		t.Errorf("away for all: %s %q, header %v; want the answer from memory, marked", resp.Status, body, resp.Header)
	}
	if asked.Load()-before != 3 || leave.Load() != 1 {
		t.Errorf("%d asks, %d of them with leave; want two servers, and one more with leave", asked.Load()-before, leave.Load())
	}
}

// TestWhatTheOutsideIsTold: names of hosts and servers, readiness and metrics are for the
// inside (SEC-3).
func TestWhatTheOutsideIsTold(t *testing.T) {
	d := startPair(t, Layout{}, http.HandlerFunc(success), nil)
	for _, path := range []string{"/readyz", "/metrics", "//readyz", "/x/../readyz", "/%72eadyz", "/control/v1/accounts"} {
		if resp, _ := asks(t, d.entry()+path, nil); resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s, want 404", path, resp.Status)
		}
	}
	const outside = "sed -i 's|198.18.0.0/15 1;|203.0.113.0/24 1;|' /etc/nginx/nginx.conf && nginx -t -q && nginx -s reload"
	must(t, d.hosts[HostLB1].Run(t.Context(), "sh", "-c", outside))
	must(t, poll(t.Context(), "the load balancer tells the outside nothing", func(context.Context) error {
		for _, path := range []string{"/", "/healthz", "/static/site.css"} {
			resp, _ := asks(t, d.entry()+path, nil)
			for _, name := range []string{headerNode, "X-Upstream", "X-Upstream-Time"} {
				if value, told := resp.Header[http.CanonicalHeaderKey(name)]; told {
					return fmt.Errorf("%s tells %s: %q", path, name, value)
				}
			}
		}
		return nil
	}))
}
