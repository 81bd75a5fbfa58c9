package machine

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const busy = "../../.ci/busy"

// canBeBusy skips where the kernel does not let this process take a core.
func canBeBusy(t *testing.T) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "chrt", "-f", "1", "taskset", "-c", "1", "true").CombinedOutput(); err != nil {
		t.Skipf("SKIPPED: a core cannot be taken in real-time class: %v %s", err, out)
	}
}

// TestBusyTakesItsShare: full takes nearly all of a core, half takes half of it, and both
// end by themselves.
func TestBusyTakesItsShare(t *testing.T) {
	canBeBusy(t)
	for _, tc := range []struct {
		mode      string
		low, high float64
	}{{"half", 0.3, 0.7}, {"full", 0.8, 1.05}} {
		cmd := exec.CommandContext(t.Context(), busy, tc.mode, "2")
		began := time.Now()
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("busy %s: %v %s", tc.mode, err, out)
		}
		took := time.Since(began).Seconds()
		used := (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
		if took < 1.9 || took > 20 {
			t.Errorf("busy %s 2 took %.1f s", tc.mode, took)
		}
		if share := used / 2; share < tc.low || share > tc.high {
			t.Errorf("busy %s used %.2f of a core, want %.2f to %.2f", tc.mode, share, tc.low, tc.high)
		}
	}
}

// TestBusyEndsWithItsParent: a harness that is killed leaves no busy core behind.
func TestBusyEndsWithItsParent(t *testing.T) {
	canBeBusy(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	parent := exec.CommandContext(ctx, "bash", "-c", busy+` full 60 & echo $!; wait`)
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	for !begun(pid) {
		select {
		case <-ctx.Done():
			t.Fatal("it never began")
		case <-time.After(20 * time.Millisecond):
		}
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait() // killed
	for runs(pid) {
		select {
		case <-ctx.Done():
			_ = syscall.Kill(pid, syscall.SIGKILL)
			t.Fatal("it goes on without its parent")
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// begun reports whether a process is in its loop, where it knows its parent.
func begun(pid int) bool {
	line, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline")
	return err == nil && strings.Contains(string(line), "\x00loop\x00")
}

// runs reports whether a process exists and is no zombie.
func runs(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(rest, "Z") && !strings.HasPrefix(rest, "X")
}

// TestBusyRefuses: a mode or a time that it does not know.
func TestBusyRefuses(t *testing.T) {
	for _, args := range [][]string{{}, {"full"}, {"none", "1"}, {"full", "0"}, {"half", "4000"}, {"full", "1s"}} {
		err := exec.CommandContext(t.Context(), busy, args...).Run()
		if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 2 {
			t.Errorf("busy %v: %v, want exit status 2", args, err)
		}
	}
}
