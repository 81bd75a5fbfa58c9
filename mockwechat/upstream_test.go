package mockwechat

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"oalab/chaos/upstream"
)

// TestATryTellsWhoHadIt: what a load balancer says of it is kept as it came, and without
// a word it is the server that was asked, answer or not (PERF-1).
func TestATryTellsWhoHadIt(t *testing.T) {
	const one, two = "198.18.0.21:8080", "198.18.0.21:8080, 198.18.0.22:8080"
	tests := []struct {
		name            string
		header          http.Header
		status          int
		rule            upstream.Rule
		servers, waited string
		stale           bool
	}{
		{name: "asked directly", servers: "asked"},
		{name: "through a load balancer", header: http.Header{"X-Upstream": {one}, "X-Upstream-Time": {"-"}}, servers: one},
		{name: "passed on", header: http.Header{"X-Upstream": {two}, "X-Upstream-Time": {"1.001, -"}}, servers: two, waited: "1.001, -"},
		{
			name: "given up everywhere", header: http.Header{"X-Upstream": {two}, "X-Upstream-Time": {"1.001, 1.000"}}, status: http.StatusGatewayTimeout,
			servers: two, waited: "1.001, 1.000",
		},
		{name: "passed on, without times", header: http.Header{"X-Upstream": {two}}, servers: two},
		{
			name: "asked once more with leave", header: http.Header{"X-Upstream": {"198.18.0.21:8080 : 198.18.0.22:8080"}, "X-Upstream-Time": {"0.401 : -"}},
			servers: "198.18.0.21:8080 : 198.18.0.22:8080", waited: "0.401 : -",
		},
		{name: "empty", header: http.Header{"X-Upstream": {""}}, servers: "asked"},
		{name: "sent, and reset", rule: upstream.Rule{Action: upstream.ActionReset}, servers: "asked"},
		{name: "from memory", header: http.Header{"X-Upstream": {one}, "X-Stale": {"1"}}, servers: one, stale: true},
		{name: "never sent", rule: upstream.Rule{Action: upstream.ActionHang}, servers: ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				maps.Copy(w.Header(), test.header)
				if test.status != 0 {
					w.WriteHeader(test.status)
				}
			}))
			defer server.Close()
			pu, lines, p := socketPusher(t, server.URL)
			if test.rule.Action != "" {
				test.rule.Match.Path = "push"
				if err := p.Rules().Set([]upstream.Rule{test.rule}); err != nil {
					t.Fatal(err)
				}
			}
			out, err := pu.Push(t.Context(), pushed)
			if err != nil {
				t.Fatal(err)
			}
			if out.Stale != test.stale {
				t.Errorf("the outcome says stale %t, want %t", out.Stale, test.stale)
			}
			asked, err := url.Parse(server.URL)
			if err != nil {
				t.Fatal(err)
			}
			want := test.servers
			if want == "asked" {
				want = asked.Host
			}
			for _, d := range *lines {
				if d.Upstream != want || d.UpstreamS != test.waited || d.Stale != test.stale {
					t.Errorf("try %d says %q, %q, stale %t; want %q, %q, %t", d.Try, d.Upstream, d.UpstreamS, d.Stale, want, test.waited, test.stale)
				}
			}
			if len(*lines) == 0 {
				t.Error("no line was recorded")
			}
		})
	}
}
