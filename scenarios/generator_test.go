package scenarios_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"oalab/scenarios"
	"oalab/scenarios/check"
	"oalab/scenarios/history"
	"oalab/scenarios/judge"
	"oalab/scenarios/load/profile"
	"oalab/scenarios/runner"
	"oalab/scenarios/workload"
)

// steadyText is 200 keyword texts a second for a while, with few workers.
func steadyText(name string, length time.Duration, workers int, objectives []judge.Objective, faults func(scenarios.Size) []scenarios.Fault) scenarios.Scenario {
	return scenarios.Scenario{
		Name: name, Title: "the generator tells the truth", Source: "REP-3, REP-10, PERF-5",
		Topologies: []string{scenarios.Embedded},
		Arms: []scenarios.Arm{{
			Name: "main", Faults: faults, Objectives: objectives,
			Checkers: []check.Checker{check.Replies{}},
			Load: func(scenarios.Size) (scenarios.Load, error) {
				p, err := profile.Constant(200, length)
				return scenarios.Load{
					Followers: 100, Mix: workload.Mix{Text: 1}, Profile: p, MaxWorkers: workers,
					Phases: []history.Phase{{Name: "steady", FromS: 0, ToS: length.Seconds()}},
					Drain:  10 * time.Second,
				}, err
			},
		}},
	}
}

var quick = []judge.Objective{{Figure: "p99_due_s", Relation: "<", Limit: 0.5, MinN: 500}}

// TestFrozenServer freezes the server for 1 s under ten workers: measured from the
// due time the followers' wait shows, measured from the send time it does not, and
// the objective fails (REP-3).
func TestFrozenServer(t *testing.T) {
	// A slow machine is given a multiple of the limit, which must stay below the freeze.
	limit := []judge.Objective{{Figure: "p99_due_s", Relation: "<", Limit: 0.1, MinN: 500}}
	s := steadyText("frozen-server", 4*time.Second, 10, limit, func(scenarios.Size) []scenarios.Fault {
		return []scenarios.Fault{scenarios.FreezeServer(1500*time.Millisecond, time.Second)}
	})
	res := calmest(t, runner.Options{Scenario: s, Seed: 7, Tools: runner.Tools{Oaserver: bin.oaserver}})
	dir, m := res.Dir, res.Manifest
	arm, err := history.LoadArm(dir, "main", true)
	if err != nil {
		t.Fatal(err)
	}
	var due, sent []float64
	for _, op := range arm.Operations {
		sent = append(sent, op.LatencyS)
		due = append(due, op.EndS()-arm.Plan[op.Seq].DueS)
	}
	if got := p95(due); got < 0.7 {
		t.Errorf("p95 from the due time %.3f s, want at least 0.7 s", got)
	}
	if got := p95(sent); got >= 0.05 {
		t.Errorf("p95 from the send time %.3f s, want less than 0.05 s: the case shows nothing", got)
	}
	// What was slow while the machine was full is not convicted. The two quantiles above hold
	// there too.
	skipDisturbed(t, m)
	if m.Verdict != history.Fail {
		t.Errorf("verdict %s (%s), want fail", m.Verdict, m.Reason)
	}
}

func p95(v []float64) float64 {
	slices.Sort(v)
	return v[int(math.Ceil(0.95*float64(len(v))))-1]
}

// childRole tells the test binary to be something else than a test.
const childRole = "OALAB_TEST_CHILD"

// child runs the steady load on its own, so that a test can stop and continue the
// generator as a whole.
func child(role string) int {
	s := steadyText(role, 5*time.Second, 0, quick, nil)
	res, err := runner.Run(context.Background(), runner.Options{
		Scenario: s, Out: os.Getenv("OALAB_TEST_DIR"), Seed: 7,
		Tools:    runner.Tools{Oaserver: os.Getenv("OALAB_TEST_OASERVER")},
		Progress: func(tick runner.Tick) { fmt.Println(tick.Phase) },
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println("verdict", res.Manifest.Verdict, res.Manifest.Reason)
	return 0
}

// TestStoppedGenerator stops the generator's process for 100 ms of each 200 ms in
// front of an idle server: the run must not be judged at all (REP-10).
func TestStoppedGenerator(t *testing.T) {
	dir := filepath.Join(outDir(t), "stopped")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), childRole+"=stopped-generator", "OALAB_TEST_DIR="+dir, "OALAB_TEST_OASERVER="+bin.oaserver)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	loading := make(chan struct{})
	verdict := make(chan string, 1)
	go func() {
		defer close(verdict)
		seen := false
		for s := bufio.NewScanner(out); s.Scan(); {
			if s.Text() == "steady" && !seen {
				seen = true
				close(loading)
			}
			if rest, ok := strings.CutPrefix(s.Text(), "verdict "); ok {
				verdict <- rest
			}
		}
	}()
	<-loading
	for range 15 { // 3 s of the 5
		stopFor(t, cmd.Process, 100*time.Millisecond)
	}
	got := <-verdict
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(got, string(history.Inconclusive)) || !strings.Contains(got, "generator") {
		t.Errorf("verdict %q, want inconclusive because of the generator", got)
	}
}

// stopFor stops a process for a while and lets it run as long again.
func stopFor(t *testing.T, p *os.Process, d time.Duration) {
	t.Helper()
	for _, sig := range []syscall.Signal{syscall.SIGSTOP, syscall.SIGCONT} {
		if err := p.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
		<-time.After(d)
	}
}
