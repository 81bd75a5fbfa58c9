package scenarios_test

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"oalab/scenarios/history"
)

// TestInterrupt sends SIGINT to oalab while a fault is in effect: the fault is
// healed, the report is written, the exit status is 130 (CHA-3, CLI-1).
func TestInterrupt(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(outDir(t), "interrupted")
	oalab, oaserver := ownBinaries(t)
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, oalab, "run", "smoke", "--seed", "7", "--out", dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	interrupted := false
	for s := bufio.NewScanner(out); s.Scan(); {
		t.Log(s.Text())
		if !interrupted && strings.Contains(s.Text(), "fault carrier-slow") {
			interrupted = true
			if err := cmd.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
		}
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 130 {
		t.Fatalf("exit %v, want status 130", err)
	}
	m, err := history.ReadManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	if m.Verdict != history.Inconclusive || m.Reason != "interrupted" {
		t.Errorf("verdict %s (%s), want inconclusive (interrupted)", m.Verdict, m.Reason)
	}
	if len(m.Faults) == 0 {
		t.Fatal("run.json has no fault window")
	}
	for _, f := range m.Faults {
		if f.FromS > 0 && f.HealedS == 0 {
			t.Errorf("fault %s was not healed: %+v", f.Fault, f)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "report.md")); err != nil {
		t.Error(err)
	}
	if pids := serversOf(t, oaserver); len(pids) > 0 {
		t.Errorf("the server still runs: %v", pids)
	}
}

// ownBinaries are binaries under names of their own, so that their processes can be
// told from those of other tests.
func ownBinaries(t *testing.T) (oalab, oaserver string) {
	t.Helper()
	dir := t.TempDir()
	oalab, oaserver = filepath.Join(dir, "oalab"), filepath.Join(dir, "oaserver")
	if err := errors.Join(os.Link(bin.oalab, oalab), os.Link(bin.oaserver, oaserver)); err != nil {
		t.Fatal(err)
	}
	return oalab, oaserver
}

// serversOf finds live processes of a binary.
func serversOf(t *testing.T, path string) []string {
	t.Helper()
	entries, err := filepath.Glob("/proc/[0-9]*/exe")
	if err != nil {
		t.Fatal(err)
	}
	var pids []string
	for _, e := range entries {
		if to, err := os.Readlink(e); err == nil && to == path {
			pids = append(pids, filepath.Base(filepath.Dir(e)))
		}
	}
	return pids
}
