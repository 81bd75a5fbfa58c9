package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"oalab/cmd/internal/exit"
	"oalab/cmd/internal/proc"
	"oalab/mockwechat"
	"oalab/scenarios/attack"
	"oalab/scenarios/workload"
)

// runAttack runs oalab attack in a folder of its own.
func runAttack(t *testing.T, dir string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	p := proc.Proc{Name: "oalab", Args: append([]string{"attack"}, args...), Stdout: &out, Stderr: &errs, Dir: dir}
	status = proc.Run(t.Context(), p, func(ctx context.Context, p proc.Proc) int { return execute(ctx, p, fake{}) })
	return status, out.String(), errs.String()
}

func TestAttack(t *testing.T) {
	var seen atomic.Int64
	target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { seen.Add(1) }))
	defer target.Close()
	dir := t.TempDir()
	status, stdout, stderr := runAttack(t, dir, target.URL, "--rate", "50", "--to", "150", "--for", "400ms", "--out", "out", "--json")
	var s attack.Summary
	if err := json.Unmarshal([]byte(stdout), &s); err != nil {
		t.Fatalf("%v in %q; stderr %q", err, stdout, stderr)
	}
	want := exit.OK
	if s.Generator.Bound != "" { // a machine that is busy
		want = exit.Inconclusive
	}
	if status != want || s.Started != 40 || seen.Load() != 40 || s.Generator.PeakPerS != 150 || !strings.Contains(stderr, "40 of 40 started") {
		t.Errorf("status %d, %d seen, summary %+v, stderr %q", status, seen.Load(), s, stderr)
	}
	if _, err := os.Stat(filepath.Join(dir, "out", attack.FileResults)); err != nil {
		t.Error(err)
	}
	status, stdout, stderr = runAttack(t, dir, target.URL, "--rate", "100", "--for", "100ms")
	if status != exit.OK && status != exit.Inconclusive || !strings.Contains(stdout, "10 of 10 started") || !strings.Contains(stdout, "waited from due time") || strings.Contains(stdout, "results") {
		t.Errorf("status %d, stdout %q, stderr %q", status, stdout, stderr)
	}
}

func TestAttackMistakes(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "accounts.yaml"), []byte("- {name: demo, app_id: wx1, token: t}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const here = "http://127.0.0.1:1/"
	for want, args := range map[string][]string{
		"10.1.2.3 may not be loaded":            {"http://10.1.2.3/"},
		`"example.org" is a name`:               {"http://example.org/"},
		"start rate of -1/s":                    {here, "--rate", "-1"},
		"no arrival":                            {here, "--rate", "0"},
		"use one":                               {here, "--accounts", "accounts.yaml", "--app-id", "wx"},
		`no account "other"`:                    {here, "--accounts", "accounts.yaml", "--account", "other"},
		"no such file":                          {here, "--accounts", "none.yaml"},
		"an account needs --app-id":             {here, "--token", "t"},
		`--mix has "gift=1"`:                    {here, "--app-id", "wx", "--mix", "gift=1"},
		"the mix is empty":                      {here, "--app-id", "wx", "--mix", "text=0"},
		"a population of 0 followers":           {here, "--app-id", "wx", "--followers", "0"},
		"accepts 1 arg(s), received 0":          {},
		`invalid argument "soon" for "--for"`:   {here, "--for", "soon"},
		"must not be negative":                  {here, "--connections", "-1"},
		"2000000000 operations are more than a": {here, "--rate", "200000000"},
	} {
		status, stdout, stderr := runAttack(t, dir, args...)
		if status != exit.Usage || stdout != "" || !strings.Contains(stderr, want) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%v: status %d, stdout %q, stderr %q; want one line with %q", args, status, stdout, stderr, want)
		}
	}
}

func TestAttackMessages(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "accounts.yaml"), []byte("- {name: a, app_id: wx1}\n- {name: b, app_id: wx2, token: t}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	flags := messageFlags{mix: "text=8,order=2", followers: 5, seed: 9}
	for name, tc := range map[string]struct {
		change func(*messageFlags)
		appID  string
		named  string
	}{
		"by flags":            {func(m *messageFlags) { m.account = mockwechat.Account{AppID: "wx3"} }, "wx3", "demo"},
		"the first of a file": {func(m *messageFlags) { m.accounts = "accounts.yaml" }, "wx1", "a"},
		"another of a file":   {func(m *messageFlags) { m.accounts, m.account.Name = "accounts.yaml", "b" }, "wx2", "b"},
	} {
		m := flags
		tc.change(&m)
		var o attack.Options
		if err := m.into(&o, proc.Proc{Dir: dir}); err != nil || o.Callback == nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if c := o.Callback; c.Account.AppID != tc.appID || c.Account.Name != tc.named || c.Followers != 5 || c.Seed != 9 {
			t.Errorf("%s: %+v", name, c)
		}
		if diff := cmp.Diff(workload.Mix{Text: 8, Order: 2}, o.Callback.Mix); diff != "" {
			t.Errorf("%s: mix (-want +got):\n%s", name, diff)
		}
	}
	var o attack.Options
	if err := flags.into(&o, proc.Proc{}); err != nil || o.Callback != nil {
		t.Errorf("without an account: %+v, %v; want no messages", o.Callback, err)
	}
}

// TestAttackInterrupted sends the signal in mid-load: what there is, is told.
func TestAttackInterrupted(t *testing.T) {
	target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer target.Close()
	signals := make(chan os.Signal, 2)
	var stdout, stderr bytes.Buffer
	p := proc.Proc{
		Name: "oalab", Args: []string{"attack", target.URL, "--rate", "50", "--for", "1m"},
		Stdout: &stdout, Stderr: &interruptAt{w: &stderr, at: "started", signals: signals}, Dir: t.TempDir(),
		Notify: func(...os.Signal) (<-chan os.Signal, func()) { return signals, func() {} },
	}
	status := proc.Run(t.Context(), p, func(ctx context.Context, p proc.Proc) int { return execute(ctx, p, fake{}) })
	if status != exit.Interrupted || !strings.Contains(stdout.String(), "of 3000 started") || !strings.Contains(stdout.String(), "interrupted") {
		t.Errorf("status %d, stdout %q, stderr %q", status, stdout.String(), stderr.String())
	}
}

// TestAttackOnADeadTarget: nothing that did not answer is fast, and a failure has a status.
func TestAttackOnADeadTarget(t *testing.T) {
	target := httptest.NewServer(http.NotFoundHandler())
	target.Close()
	status, stdout, stderr := runAttack(t, t.TempDir(), target.URL, "--rate", "100", "--for", "100ms")
	if status != exit.Failed || !strings.Contains(stdout, "0 of 10 answered, 10 failed; no answer × 10") || strings.Count(stdout, "n/a") != 2 || strings.Contains(stdout, "p50") || !strings.Contains(stdout, "GET http://127.0.0.1") {
		t.Errorf("status %d, stdout %q, stderr %q", status, stdout, stderr)
	}
	if status, _, _ := runAttack(t, t.TempDir(), target.URL, "--rate", "100", "--for", "100ms", "--max-failed", "1"); status == exit.Failed {
		t.Error("what may fail, failed")
	}
}

// TestNothingFromOutsideSteersTheTerminal: a status reason with control characters.
func TestNothingFromOutsideSteersTheTerminal(t *testing.T) {
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = c.Write([]byte("HTTP/1.1 500 a\x1b]0;title\x07\u202eb\xff\u009b\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"))
		_ = c.Close()
	}))
	defer target.Close()
	_, stdout, stderr := runAttack(t, t.TempDir(), target.URL, "--rate", "100", "--for", "100ms")
	if strings.ContainsAny(stdout+stderr, "\x1b\x07\r\u202e\u009b") || !utf8.ValidString(stdout+stderr) || !strings.Contains(stdout, `a\u001b]0;title\u0007\u202eb\xff\u009b`) {
		t.Errorf("stdout %q, stderr %q", stdout, stderr)
	}
}
