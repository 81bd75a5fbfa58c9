package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/cmd/internal/exit"
	"oalab/cmd/internal/proc"
	"oalab/scenarios/history"
	"oalab/scenarios/runner"
)

func TestNearest(t *testing.T) {
	all := fake{}.Scenarios()
	for name, want := range map[string][]string{
		"smok":         {"smoke"},
		"Smoke":        {"smoke"},
		"carrier":      {"carrier-faults", "carrier-gone"},
		"redis-fautls": {"redis-faults"},
		"tokenstorm":   {"token-storm"},
		"xyzzy":        nil,
	} {
		if diff := cmp.Diff(want, nearest(name, all)); diff != "" {
			t.Errorf("nearest(%q) (-want +got):\n%s", name, diff)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"kitten", "sitting", 3}, {"same", "same", 0}} {
		if got := distance(tt.a, tt.b); got != tt.want {
			t.Errorf("distance(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}

func TestChooseTakesNoScenarioTwice(t *testing.T) {
	chosen, several, err := choose(fake{}, []string{"smoke", "carrier-*", "smoke"})
	if err != nil || !several {
		t.Fatalf("choose: several %v, error %v", several, err)
	}
	var names []string
	for _, s := range chosen {
		names = append(names, s.Name)
	}
	if diff := cmp.Diff([]string{"smoke", "carrier-faults", "carrier-gone"}, names); diff != "" {
		t.Errorf("chosen (-want +got):\n%s", diff)
	}
}

func TestOneLineASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		l := &lines{w: &out}
		for range 100 { // 10 s of ticks, ten a second
			l.show(runner.Tick{Phase: "x"})
			time.Sleep(100 * time.Millisecond)
		}
		if n := strings.Count(out.String(), "\n"); n != 10 {
			t.Errorf("%d lines in 10 s, want 10", n)
		}
	})
}

func TestStatusOfVerdict(t *testing.T) {
	for v, want := range map[history.Verdict]int{
		history.Pass: 0, history.Fail: 99, history.Inconclusive: 98, "": 1,
	} {
		if got := statusOf(v); got != want {
			t.Errorf("statusOf(%q) = %d, want %d", v, got, want)
		}
	}
}

// TestInterruptedRun sends the signal in mid-run: the run ends its own way, its
// folder is complete, the scenarios after it do not start.
func TestInterruptedRun(t *testing.T) {
	dir := t.TempDir()
	server := filepath.Join(dir, "oaserver")
	if err := os.WriteFile(server, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	signals := make(chan os.Signal, 2)
	var stdout, stderr bytes.Buffer
	p := proc.Proc{
		Name: "oalab", Args: []string{"run", "token-storm", "smoke", "--out", "out", "--seed", "7"},
		Stdout: &stdout, Stderr: &interruptAt{w: &stderr, at: "tick 0", signals: signals}, Dir: dir, Executable: filepath.Join(dir, "oalab"),
		Notify: func(...os.Signal) (<-chan os.Signal, func()) { return signals, func() {} },
	}
	status := proc.Run(t.Context(), p, func(ctx context.Context, p proc.Proc) int { return execute(ctx, p, fake{}) })
	if status != exit.Interrupted {
		t.Errorf("status %d, want %d", status, exit.Interrupted)
	}
	m, err := fake{}.Check(filepath.Join(dir, "out", "token-storm"))
	if err != nil || m.Reason != "interrupted" {
		t.Errorf("run.json: %+v, %v; want reason interrupted", m, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "out", "smoke")); err == nil {
		t.Error("the next scenario started after the interrupt")
	}
	if !strings.Contains(stdout.String(), "inconclusive (interrupted)") || !strings.Contains(stderr.String(), "healing") {
		t.Errorf("stdout %q, stderr %q", stdout.String(), stderr.String())
	}
}

// interruptAt sends an interrupt when a text is written for the first time.
type interruptAt struct {
	w       *bytes.Buffer
	at      string
	signals chan<- os.Signal
	sent    bool
}

func (i *interruptAt) Write(b []byte) (int, error) {
	if !i.sent && bytes.Contains(b, []byte(i.at)) {
		i.sent = true
		i.signals <- os.Interrupt
	}
	return i.w.Write(b)
}

func TestPrintRunFitsATerminal(t *testing.T) {
	limit, met := 0.0, true
	var out bytes.Buffer
	printRun(&out, "dir", history.Manifest{
		Scenario: "smoke", Verdict: history.Fail, Reason: strings.Repeat("说", 1000),
		Checkers: []history.CheckerResult{{Name: "orders", Detail: strings.Repeat("x", 1000)}},
		Figures:  []history.Figure{{Name: "failed_requests", Unit: "1", Limit: &limit, OK: &met, N: 5}},
	})
	for line := range strings.Lines(out.String()) {
		if n := len([]rune(line)); n > 260 {
			t.Errorf("a line of %d characters: %s", n, line)
		}
	}
	if !strings.Contains(out.String(), "failed_requests  0  <= 0  met  of 5") {
		t.Errorf("printed:\n%s", out.String())
	}
}

func TestDescribe(t *testing.T) {
	got := describe(&debug.BuildInfo{
		Main:     debug.Module{Version: "v1.2.3"},
		Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.modified", Value: "true"}},
	})
	if !strings.HasPrefix(got, "oalab v1.2.3 0123456789ab with changes, go") {
		t.Errorf("describe = %q", got)
	}
	if got := describe(nil); !strings.HasPrefix(got, "oalab unknown, go") {
		t.Errorf("describe(nil) = %q", got)
	}
}

func TestRandomSeedSurvivesFloats(t *testing.T) {
	for range 1000 {
		if s := randomSeed(); uint64(float64(s)) != s || s >= 1<<32 {
			t.Fatalf("seed %d", s)
		}
	}
}
