package attack_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/internal/deadport"
	"oalab/mockwechat"
	"oalab/scenarios/attack"
	"oalab/scenarios/workload"
)

// resetting is a target that resets each connection.
func resetting(t *testing.T) string {
	t.Helper()
	return serve(t, func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_ = c.(*net.TCPConn).SetLinger(0)
		_ = c.Close()
	})
}

func status(t *testing.T, code int) string {
	t.Helper()
	return serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(code)
	})
}

// TestTrueWords: a failure is told as what it was, and only answers have a latency.
func TestTrueWords(t *testing.T) {
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	defer secure.Close()
	for name, tc := range map[string]struct {
		url    string
		status string
		fails  bool
		words  []string
	}{
		"refused":           {"http://" + deadport.Addr(t) + "/", "0", true, []string{"GET http://127.0.0.1:", "connection refused"}},
		"reset":             {resetting(t), "0", true, []string{"GET http://127.0.0.1:", "reset"}},
		"an unknown issuer": {secure.URL, "0", true, []string{"GET https://127.0.0.1:", "certificate"}},
		"a redirect":        {status(t, http.StatusFound), "302", false, nil},
		"an error":          {status(t, http.StatusTeapot), "418", true, []string{"418 I'm a teapot"}},
		"not HTTP over TLS": {strings.Replace(status(t, http.StatusOK), "http:", "https:", 1), "0", true, []string{"GET https://", "TLS handshake"}},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := attack.Run(t.Context(), attack.Options{URL: tc.url, Profile: constant(t, 100, 100*time.Millisecond), Out: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]int{tc.status: s.Started} // a machine that is full may not start all
			if diff := cmp.Diff(want, s.Statuses); diff != "" || s.Started == 0 || s.Failed != map[bool]int{true: s.Started}[tc.fails] {
				t.Errorf("%d of %d failed; statuses (-want +got):\n%s", s.Failed, s.Started, diff)
			}
			if answered := tc.status != "0"; answered != (s.Due != nil) || answered != (s.Sent != nil) || answered != (s.Answered > 0) {
				t.Errorf("due %v, sent %v, %d answered", s.Due, s.Sent, s.Answered)
			}
			if len(tc.words) == 0 {
				return
			}
			if len(s.Errors) != 1 { // the ports on this side are no part of an error
				t.Fatalf("errors %+v, want one", s.Errors)
			}
			for _, w := range tc.words {
				if !strings.Contains(s.Errors[0].Text, w) {
					t.Errorf("error %q, want %q in it", s.Errors[0].Text, w)
				}
			}
		})
	}
}

// TestTrueWordsOfMessages: the platform makes 503 of all that a follower cannot read.
func TestTrueWordsOfMessages(t *testing.T) {
	t.Parallel() // each waits for the third try
	for name, tc := range map[string]struct {
		url      string
		statuses map[string]int
		words    string
	}{
		"refused":    {"http://" + deadport.Addr(t) + "/", map[string]int{"0": 2}, "connection refused"},
		"a redirect": {status(t, http.StatusFound), map[string]int{"302": 2}, "status 302"},
		"no reply":   {serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }), map[string]int{"200": 2}, "POST http://"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := attack.Run(t.Context(), attack.Options{
				URL: tc.url, Profile: constant(t, 20, 100*time.Millisecond), Out: t.TempDir(),
				Callback: &attack.Callback{
					Account: mockwechat.Account{Name: "demo", AppID: "wxdemo", Token: "weixin", OriginalID: "gh_1"},
					Mix:     workload.Mix{Text: 1}, Followers: 10, Seed: 7,
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.statuses, s.Statuses); diff != "" || s.Failed != 2 || len(s.Errors) == 0 || !strings.Contains(s.Errors[0].Text, tc.words) {
				t.Errorf("%d failed, errors %+v; statuses (-want +got):\n%s", s.Failed, s.Errors, diff)
			}
			if answered := tc.statuses["0"] == 0; answered != (s.Due != nil) {
				t.Errorf("due %v", s.Due)
			}
		})
	}
}
