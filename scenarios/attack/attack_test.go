package attack_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"oalab/internal/jsonl"
	"oalab/mockwechat"
	wl "oalab/mockwechat/ledger"
	"oalab/scenarios/attack"
	"oalab/scenarios/history"
	"oalab/scenarios/load"
	"oalab/scenarios/load/profile"
	"oalab/scenarios/workload"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestCheckTarget(t *testing.T) {
	for target, complaint := range map[string]string{
		"http://127.0.0.1:8080/x":     "",
		"http://127.9.8.7/":           "",
		"https://198.18.0.100/":       "",
		"http://198.19.255.255:80/":   "",
		"http://198.20.0.1/":          "may not be loaded",
		"http://10.0.0.1/":            "may not be loaded",
		"http://[::1]:80/":            "may not be loaded",
		"http://0.0.0.0/":             "may not be loaded",
		"http://localhost:80/":        "is a name",
		"http://127.0.0.1.example/":   "is a name",
		"http://127.0.0.1@10.0.0.1/":  "may not be loaded",
		"http://2130706433/":          "is a name",
		"ftp://127.0.0.1/":            "want http",
		"127.0.0.1:80":                "127.0.0.1:80",
		"http://":                     "want http",
		"http://[::ffff:10.0.0.1]:1/": "may not be loaded",
	} {
		err := attack.CheckTarget(target)
		switch {
		case complaint == "" && err != nil:
			t.Errorf("%s: %v", target, err)
		case complaint != "" && (err == nil || !strings.Contains(err.Error(), complaint)):
			t.Errorf("%s: error %v, want one with %q", target, err, complaint)
		}
	}
}

// constant is a load of so many operations a second.
func constant(t *testing.T, perS float64, length time.Duration) profile.Profile {
	t.Helper()
	p, err := profile.Constant(perS, length)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// serve answers by a handler on 127.0.0.1.
func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func TestGet(t *testing.T) {
	var gets, others atomic.Int64
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && r.URL.Path == "/page" && r.Header.Get("X-Vegeta-Attack") != "" {
			gets.Add(1)
		} else {
			others.Add(1)
		}
		if r.Header.Get("X-Vegeta-Seq") == "3" {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	out := filepath.Join(t.TempDir(), "out")
	s, err := attack.Run(t.Context(), attack.Options{URL: url + "/page", Profile: constant(t, 100, time.Second), Out: out})
	if err != nil {
		t.Fatal(err)
	}
	if gets.Load() != 100 || others.Load() != 0 {
		t.Errorf("the target saw %d GETs and %d other requests, want 100 and 0", gets.Load(), others.Load())
	}
	if s.Scheduled != 100 || s.Started != 100 || s.Dropped != 0 || s.Failed != 1 || s.Interrupted {
		t.Errorf("summary %+v, want 100 started and 1 failed", s)
	}
	if diff := cmp.Diff(map[string]int{"200": 99, "500": 1}, s.Statuses); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
	if s.RatePerS != 100 || s.Sent.P50S <= 0 || s.Due.P50S < s.Sent.P50S || s.Due.MaxS < s.Due.P99S {
		t.Errorf("rate %v, due %+v, sent %+v", s.RatePerS, s.Due, s.Sent)
	}
	if g := s.Generator; g.CeilingPerS <= 100 || g.PeakPerS != 100 || g.Share <= 0 || g.MaxWorkers != 500 {
		t.Errorf("certificate %+v", g)
	}
	ops, err := history.ReadOperations(filepath.Join(out, attack.FileResults), "attack", s.Base)
	if err != nil || len(ops) != 100 {
		t.Errorf("%d results, %v; want 100", len(ops), err)
	}
	text, err := os.ReadFile(filepath.Join(out, attack.FileSummary))
	if err != nil {
		t.Fatal(err)
	}
	var stored attack.Summary
	if err := json.Unmarshal(text, &stored); err != nil || stored.Started != 100 {
		t.Errorf("stored summary %s: %v", text, err)
	}
}

// TestDueTimeTruth: with one worker and a target that takes 50 ms, callers wait for the
// worker; vegeta's own latency does not show it.
func TestDueTimeTruth(t *testing.T) {
	url := serve(t, func(http.ResponseWriter, *http.Request) { time.Sleep(50 * time.Millisecond) })
	s, err := attack.Run(t.Context(), attack.Options{
		URL: url, Profile: constant(t, 40, 500*time.Millisecond), MaxWorkers: 1, Out: t.TempDir(),
	})
	if err != nil {
		t.Fatal(err)
	}
	if s.Due.MaxS < 0.3 || s.Sent.P50S > 0.2 {
		t.Errorf("due %+v, sent %+v; want a wait for the worker in the first only", s.Due, s.Sent)
	}
	if g := s.Generator; g.Charged == 0 || g.Charged > g.Late {
		t.Errorf("certificate %+v, want the lateness charged to the target", g)
	}
}

func TestMessages(t *testing.T) {
	var signed atomic.Int64
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if r.Method == http.MethodPost && q.Get("signature") != "" && q.Get("timestamp") != "" && q.Get("openid") != "" {
			signed.Add(1)
		}
		_, _ = w.Write([]byte("success"))
	})
	out := t.TempDir()
	o := attack.Options{
		URL: url + "/wechat/demo", Profile: constant(t, 100, 300*time.Millisecond), Out: out,
		Callback: &attack.Callback{
			Account: mockwechat.Account{Name: "demo", AppID: "wxdemo", Token: "weixin", OriginalID: "gh_1"},
			Mix:     workload.Mix{Text: 1, Query: 1}, Followers: 10, Seed: 7,
		},
	}
	s, err := attack.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if s.Started != 30 || s.Failed != 0 || signed.Load() != 30 {
		t.Errorf("%d started, %d failed, %d signed at the target: %v; want 30, 0, 30", s.Started, s.Failed, signed.Load(), s.Errors)
	}
	tries, err := jsonl.Read[wl.Delivery](filepath.Join(out, attack.FileDeliveries))
	if err != nil || len(tries) != 30 || !tries[0].OK {
		t.Errorf("%d tries recorded, %v; want 30 good ones", len(tries), err)
	}
	got, err := jsonl.Read[history.PlannedOp](filepath.Join(out, attack.FilePlan))
	if err != nil {
		t.Fatal(err)
	}
	want, err := workload.Plan(7, o.Callback.Mix, workload.Population{Seed: 7, Size: 10}, o.Profile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the plan is not that of the seed (-want +got):\n%s", diff)
	}
}

func TestInterruptKeepsWhatThereIs(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var seen atomic.Int64
	url := serve(t, func(http.ResponseWriter, *http.Request) {
		if seen.Add(1) == 20 {
			cancel()
		}
	})
	out := t.TempDir()
	s, err := attack.Run(ctx, attack.Options{URL: url, Profile: constant(t, 100, time.Minute), Out: out, Progress: func(load.Progress) {}})
	if err != nil {
		t.Fatal(err)
	}
	if !s.Interrupted || s.Started < 20 || s.Started > 200 || s.Failed != 0 {
		t.Errorf("summary %+v, want some 20 operations, interrupted", s)
	}
	if ops, err := history.ReadOperations(filepath.Join(out, attack.FileResults), "attack", s.Base); err != nil || len(ops) != s.Started {
		t.Errorf("%d results, %v; want %d", len(ops), err, s.Started)
	}
}

func TestTimeoutIsAFailure(t *testing.T) {
	release := make(chan struct{})
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	defer close(release)
	s, err := attack.Run(t.Context(), attack.Options{URL: url, Profile: constant(t, 50, 100*time.Millisecond), Timeout: 100 * time.Millisecond, Out: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if s.Due != nil || s.Sent != nil || s.Answered != 0 {
		t.Errorf("due %+v, sent %+v of %d answers, want none", s.Due, s.Sent, s.Answered)
	}
	if s.Failed != s.Started || s.Statuses["0"] != s.Started || len(s.Errors) == 0 || !strings.Contains(s.Errors[0].Text, "deadline exceeded") {
		t.Errorf("summary %+v, want every operation to fail at the limit", s)
	}
}

func TestRefused(t *testing.T) {
	p := constant(t, 1, time.Second)
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "mine"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		o    attack.Options
		want string
	}{
		"a foreign target":   {attack.Options{URL: "http://192.0.2.1/", Profile: p, Out: t.TempDir()}, "may not be loaded"},
		"no arrival":         {attack.Options{URL: "http://127.0.0.1:1/", Profile: constant(t, 0, time.Second), Out: t.TempDir()}, "no arrival"},
		"no folder":          {attack.Options{URL: "http://127.0.0.1:1/", Profile: p}, "folder"},
		"a folder with more": {attack.Options{URL: "http://127.0.0.1:1/", Profile: p, Out: full}, "not empty"},
		"no follower":        {attack.Options{URL: "http://127.0.0.1:1/", Profile: p, Out: t.TempDir(), Callback: &attack.Callback{Mix: workload.Mix{Text: 1}}}, "followers"},
		"no account": {attack.Options{URL: "http://127.0.0.1:1/", Profile: p, Out: t.TempDir(), Callback: &attack.Callback{
			Mix: workload.Mix{Text: 1}, Followers: 1,
		}}, "account"},
	} {
		if _, err := attack.Run(t.Context(), tc.o); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, tc.want)
		}
	}
}
