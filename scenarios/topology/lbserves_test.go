package topology

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// asks sends one request over a connection of its own and returns its answer as it came.
func asks(t *testing.T, url string, header map[string]string) (*http.Response, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	must(t, err)
	for k, v := range header {
		req.Header.Set(k, v)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true}}
	resp, err := client.Do(req)
	must(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	must(t, err)
	return resp, string(body)
}

func unpacked(t *testing.T, body string) string {
	t.Helper()
	r, err := gzip.NewReader(strings.NewReader(body))
	must(t, err)
	text, err := io.ReadAll(r)
	must(t, err)
	return string(text)
}

// TestWhatNginxServes holds headers and bodies of a load balancer against what it
// should add to an app server (DIS-9).
func TestWhatNginxServes(t *testing.T) {
	long := strings.Repeat(`{"left":"流量","mib":1024}`, 100)
	var calls atomic.Int64
	var conns sync.Map // of the app server, by remote address
	d := startPair(t, Layout{}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		conns.Store(r.RemoteAddr, true)
		kind, body := "application/json", long
		switch r.URL.Path {
		case "/page":
			kind = "text/html; charset=utf-8"
		case "/short":
			body = "{}"
		case "/oauth/demo/client":
			body = r.Header.Get("X-Real-IP")
		case "/picture":
			kind = "image/png"
		case "/kept":
			w.Header().Set("Cache-Control", "public, max-age=60")
		case "/broken":
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(http.StatusInternalServerError)
		}
		w.Header().Set("Content-Type", kind)
		_, _ = io.WriteString(w, body)
	}), nil)
	zip := map[string]string{"Accept-Encoding": "gzip"}

	t.Run("static files", func(t *testing.T) {
		before := calls.Load()
		css, err := d.hosts[HostLB1].Exec(t.Context(), "cat", "/srv/www/static/site.css")
		must(t, err)
		url := d.entry() + "/static/site.css"
		resp, body := asks(t, url, nil)
		if resp.StatusCode != http.StatusOK || body != css.Output || resp.Header.Get("Content-Type") != "text/css" {
			t.Errorf("%d, %v, %q", resp.StatusCode, resp.Header, body)
		}
		if got := resp.Header.Get("Cache-Control"); got != "public, max-age=604800" {
			t.Errorf("Cache-Control %q", got)
		}
		if resp.Header.Get("ETag") == "" || resp.Header.Get("Last-Modified") == "" {
			t.Errorf("header %v has nothing to ask again by", resp.Header)
		}
		again, body := asks(t, url, map[string]string{"If-None-Match": resp.Header.Get("ETag")})
		if again.StatusCode != http.StatusNotModified || body != "" {
			t.Errorf("asked again: %d, %q; want 304 without a body", again.StatusCode, body)
		}
		if resp, _ := asks(t, d.entry()+"/static/none.css", nil); resp.StatusCode != http.StatusNotFound || resp.Header.Get("Cache-Control") != "" {
			t.Errorf("a file that is not there: %d, %v; want 404, not to be kept", resp.StatusCode, resp.Header)
		}
		if n := calls.Load() - before; n != 0 {
			t.Errorf("%d calls of the app server, want none", n)
		}
	})
	for _, tc := range []struct {
		name, path string
		header     map[string]string
		status     int
		zipped     bool
		body       string
		cache      string
	}{
		{"JSON is compressed", "/json", zip, 200, true, long, "no-store"},
		{"a page is compressed", "/page", zip, 200, true, long, "no-store"},
		{"not for a client that does not ask", "/json", nil, 200, false, long, "no-store"},
		{"too short to gain", "/short", zip, 200, false, "{}", "no-store"},
		{"a picture is as small as it gets", "/picture", zip, 200, false, long, "no-store"},
		{"what the app says of caching stays", "/kept", zip, 200, true, long, "public, max-age=60"},
		{"an error is not kept", "/broken", nil, 500, false, long, "no-store"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			resp, body := asks(t, d.entry()+tc.path, tc.header)
			zipped := resp.Header.Get("Content-Encoding") == "gzip"
			if zipped {
				if len(body) > len(tc.body)/4 {
					t.Errorf("%d bytes of %d", len(body), len(tc.body))
				}
				body = unpacked(t, body)
			}
			if resp.StatusCode != tc.status || zipped != tc.zipped || body != tc.body {
				t.Errorf("status %d, compressed %t, %d bytes; want %d, %t, %d", resp.StatusCode, zipped, len(body), tc.status, tc.zipped, len(tc.body))
			}
			if diff := cmp.Diff([]string{tc.cache}, resp.Header.Values("Cache-Control")); diff != "" {
				t.Errorf("Cache-Control (-want +got):\n%s", diff)
			}
			if zipped && resp.Header.Get("Vary") != "Accept-Encoding" {
				t.Errorf("Vary %q", resp.Header.Get("Vary"))
			}
			if resp.Header.Get(headerNode) != string(HostLB1) || resp.Header.Get("X-Upstream") == "" || resp.Header.Get("X-Upstream-Time") == "" {
				t.Errorf("header %v does not name the server that answered", resp.Header)
			}
		})
	}
	t.Run("a client does not choose its address", func(t *testing.T) {
		// Without login servers the app servers log in.
		_, body := asks(t, d.entry()+"/oauth/demo/client", map[string]string{"X-Forwarded-For": "203.0.113.7", "X-Real-IP": "203.0.113.8"})
		if gateway := d.network.Gateway().String(); body != gateway {
			t.Errorf("the app server is told of %s, want %s", body, gateway)
		}
	})
	t.Run("connections to the app server are kept", func(t *testing.T) {
		conns.Clear()
		for range 50 {
			asks(t, d.entry()+"/short", nil)
		}
		n := 0
		conns.Range(func(any, any) bool { n++; return true })
		if n > 2 {
			t.Errorf("50 requests, each over a connection of its own, came over %d connections to the app server, want 1", n)
		}
	})
}

// setUpstream gives the first load balancer other app servers, and waits until it uses them.
func setUpstream(t *testing.T, d *docker, method string, servers ...string) {
	t.Helper()
	workers := func(ctx context.Context) string {
		pids, err := d.Tell(ctx, HostLB1, "sh", "-c", `pgrep -P "$(cat /run/nginx.pid)"`)
		must(t, err)
		return strings.TrimSpace(pids)
	}
	before := workers(t.Context())
	must(t, d.hosts[HostLB1].Run(t.Context(), append([]string{"env", "METHOD=" + method, "set-upstream"}, servers...)...))
	// Connections go to the new worker only when the old one is gone.
	must(t, poll(t.Context(), "another worker of Nginx is left alone", func(ctx context.Context) error {
		if now := workers(ctx); now == before || strings.Contains(now, "\n") {
			return fmt.Errorf("workers %q, before the reload %q", now, before)
		}
		return nil
	}))
}

func sum(n [3]int64) int64 { return n[0] + n[1] + n[2] }

// TestBalancingMethods: the method is a setting, and each does what its name says (DIS-9).
func TestBalancingMethods(t *testing.T) {
	d := startPair(t, Layout{}, http.HandlerFunc(success), nil)
	var counts [3]atomic.Int64
	release := make(chan struct{})
	var servers []string
	for i := range counts {
		servers = append(servers, listen(t, d, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			counts[i].Add(1)
			if r.URL.Path == "/slow-first" && i == 0 {
				<-release
			}
			success(w, r)
		})))
	}
	use := func(t *testing.T, method string, servers ...string) {
		t.Helper()
		setUpstream(t, d, method, servers...)
		for i := range counts {
			counts[i].Store(0)
		}
	}
	got := func() [3]int64 { return [3]int64{counts[0].Load(), counts[1].Load(), counts[2].Load()} }
	for _, tc := range []struct {
		method   string
		servers  []string
		requests int
		want     [3]int64
	}{
		{"round_robin", servers, 30, [3]int64{10, 10, 10}},
		{"round_robin", []string{servers[0] + ",weight=2", servers[1], servers[2]}, 40, [3]int64{20, 10, 10}},
	} {
		t.Run(fmt.Sprint(tc.method, tc.want), func(t *testing.T) {
			use(t, tc.method, tc.servers...)
			for range tc.requests {
				asks(t, d.entry()+"/", nil)
			}
			if got := got(); got != tc.want {
				t.Errorf("requests by server %v, want %v", got, tc.want)
			}
		})
	}
	t.Run("ip_hash", func(t *testing.T) {
		use(t, "ip_hash", servers...)
		for range 12 {
			asks(t, d.entry()+"/", nil)
		}
		if got := got(); max(got[0], got[1], got[2]) != 12 {
			t.Errorf("requests of one client by server %v, want all at one", got)
		}
	})
	t.Run("least_conn", func(t *testing.T) {
		use(t, "least_conn", servers...)
		var all sync.WaitGroup
		for range 20 {
			before := sum(got())
			all.Go(func() {
				if _, err := fetch(t.Context(), d.entry()+"/slow-first"); err != nil {
					t.Errorf("a request: %v", err)
				}
			})
			// One after the other: what is open when a request comes decides.
			must(t, poll(t.Context(), "the request is with a server", func(context.Context) error {
				if sum(got()) == before {
					return errors.New("not yet")
				}
				return nil
			}))
		}
		seen := got()
		close(release)
		all.Wait()
		if seen[0] > 2 || seen[1]+seen[2] < 18 {
			t.Errorf("with a server that is slow the others get %v, want nearly all", seen)
		}
	})
	t.Run("a request that was passed on tells of both servers", func(t *testing.T) {
		silent := listen(t, d, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
		use(t, "round_robin", silent, servers[2])
		for range 2 { // one of them meets the silent one first
			header, err := fetch(t.Context(), d.entry()+"/")
			must(t, err)
			tried, waited := header.Get("X-Upstream"), header.Get("X-Upstream-Time")
			switch tried {
			case servers[2]:
				if waited != "-" {
					t.Errorf("answered at once, and waited for %q", waited)
				}
			case silent + ", " + servers[2]:
				var s float64
				if n, err := fmt.Sscanf(waited, "%f, -", &s); n != 1 || err != nil || s < 1.9 || s > 3 {
					t.Errorf("waited for %q, want the 2 s of a try and no time for the one that answers", waited)
				}
				return
			default:
				t.Errorf("tried %q", tried)
			}
		}
		t.Error("no request met the silent server first")
	})
}
