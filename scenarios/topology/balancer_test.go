package topology

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// behind starts a balancer before servers that answer with a status and tell what they got.
func behind(t *testing.T, statuses ...int) (url string, servers []string) {
	t.Helper()
	for _, status := range statuses {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			w.WriteHeader(status)
			if _, err := io.WriteString(w, r.Method+" "+r.URL.RequestURI()+" "+string(body)); err != nil {
				t.Error(err)
			}
		}))
		t.Cleanup(s.Close)
		servers = append(servers, s.Listener.Addr().String())
	}
	b, err := startBalancer(t.Context(), 7, servers)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.stop(); err != nil {
			t.Error(err)
		}
	})
	return b.url, servers
}

// posted is what a message to the balancer comes to: status, servers that were asked, body.
func posted(t *testing.T, url, body string) (int, string, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/wechat/a?x=1", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header.Get("X-Upstream"), string(answer)
}

// TestBalancerSpreads: each server gets its share, unchanged, and is named.
func TestBalancerSpreads(t *testing.T) {
	url, servers := behind(t, 200, 200, 200)
	got := map[string]int{}
	for range 300 {
		status, server, answer := posted(t, url, "<xml>消息</xml>")
		if status != http.StatusOK || answer != "POST /wechat/a?x=1 <xml>消息</xml>" {
			t.Fatalf("%d %s", status, answer)
		}
		got[server]++
	}
	for _, s := range servers {
		if got[s] < 70 || len(got) != len(servers) {
			t.Errorf("shares %v, want about 100 for each of %v", got, servers)
		}
	}
}

// TestBalancerAsksTheNextOne: a server that is dead or answers with an error of its own is
// followed by the next one, two at the most. A refusal is an answer.
func TestBalancerAsksTheNextOne(t *testing.T) {
	for name, tc := range map[string]struct {
		statuses []int
		want     []int // that a client may see
	}{
		"an error":       {[]int{503, 200}, []int{200}},
		"two errors":     {[]int{503, 503, 503}, []int{503}},
		"a refusal":      {[]int{429, 429}, []int{429}},
		"no other there": {[]int{500}, []int{500}},
	} {
		t.Run(name, func(t *testing.T) {
			url, _ := behind(t, tc.statuses...)
			for range 4 {
				status, asked, answer := posted(t, url, "m")
				if diff := cmp.Diff(tc.want, []int{status}); diff != "" || answer != "POST /wechat/a?x=1 m" {
					t.Errorf("%d %s: %s", status, answer, diff)
				}
				if n := strings.Count(asked, ",") + 1; n > serversATry || n > 1 && status == http.StatusTooManyRequests {
					t.Errorf("asked %s", asked)
				}
			}
		})
	}
	t.Run("dead", func(t *testing.T) {
		l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		dead := l.Addr().String()
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		alive := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		defer alive.Close()
		b, err := startBalancer(t.Context(), 7, []string{dead, alive.Listener.Addr().String()})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = b.stop() }()
		for range 4 {
			if status, _, _ := posted(t, b.url, "m"); status != http.StatusOK {
				t.Errorf("%d", status)
			}
		}
	})
	t.Run("larger than a message", func(t *testing.T) {
		url, _ := behind(t, 200)
		if status, _, _ := posted(t, url, strings.Repeat("x", largestBody+1)); status != http.StatusBadGateway {
			t.Errorf("%d", status)
		}
	})
}
