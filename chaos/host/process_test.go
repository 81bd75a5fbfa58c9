package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestProcessLives(t *testing.T) {
	t.Parallel()
	p := newChild(t, "serve")
	if alive(t, p) || p.Pid() != 0 {
		t.Error("alive before its start")
	}
	if err := p.Ready(t.Context()); !errors.Is(err, ErrDown) {
		t.Errorf("ready before its start: %v, want ErrDown", err)
	}
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := p.WaitReady(limit(t, 20*time.Second)); err != nil {
		t.Fatal(err)
	}
	pid := p.Pid()
	if err := p.Start(t.Context()); err != nil || p.Pid() != pid || p.Starts() != 1 {
		t.Errorf("a second start: error %v, pid %d then %d, %d starts; want nothing to change", err, pid, p.Pid(), p.Starts())
	}
	if group, err := syscall.Getpgid(pid); err != nil || group != pid {
		t.Errorf("process group %d (%v), want its own, %d: Ctrl-C would reach it", group, err, pid)
	}

	if err := p.Stop(limit(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	got, over := p.Exit()
	if diff := cmp.Diff(Exit{Asked: true}, got, cmpopts.IgnoreFields(Exit{}, "At")); !over || diff != "" {
		t.Errorf("after a stop: over %v (-want +got):\n%s", over, diff)
	}
	if err := p.Stop(t.Context()); err != nil {
		t.Errorf("stopping what is stopped: %v", err)
	}

	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := p.WaitReady(limit(t, 20*time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, over := p.Exit(); over || p.Starts() != 2 {
		t.Errorf("after the second start: over %v, %d starts", over, p.Starts())
	}
	if err := p.Kill(limit(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	got, _ = p.Exit()
	if diff := cmp.Diff(Exit{Code: -1, Signal: "killed", Asked: true}, got, cmpopts.IgnoreFields(Exit{}, "At")); diff != "" {
		t.Errorf("after a kill (-want +got):\n%s", diff)
	}
	if alive(t, p) {
		t.Error("alive after a kill")
	}
	mustContain(t, logOf(t, p), "=== start 1 of serve", "asked to stop", "=== start 2 of serve")
	if n := strings.Count(logOf(t, p), "mode serve"); n != 2 {
		t.Errorf("the log holds the output of %d lives, want 2", n)
	}
}

func TestProcessStopIsBounded(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		timeout time.Duration
		ctx     time.Duration
		says    string
	}{
		{name: "by its own time", timeout: 200 * time.Millisecond, ctx: time.Minute, says: "not gone after 200ms"},
		{name: "by the context", timeout: time.Minute, ctx: 200 * time.Millisecond, says: "deadline exceeded"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := started(t, "deaf")
			p.config.StopTimeout = test.timeout
			err := p.Stop(limit(t, test.ctx))
			if !errors.Is(err, ErrForced) {
				t.Fatalf("stopping a deaf process: %v, want ErrForced", err)
			}
			mustContain(t, err.Error(), test.says)
			if e, over := p.Exit(); !over || e.Signal != "killed" {
				t.Errorf("it is over: %v, %+v", over, e)
			}
		})
	}
}

func TestProcessFreeze(t *testing.T) {
	t.Parallel()
	p := started(t, "serve")
	frozen := func(want bool) {
		t.Helper()
		err := poll(limit(t, 10*time.Second), fmt.Sprint("frozen is ", want), func(ctx context.Context) error {
			if got, err := p.Frozen(ctx); err != nil || got != want {
				return fmt.Errorf("frozen %v, error %w", got, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	frozen(false)
	if err := p.Freeze(t.Context()); err != nil {
		t.Fatal(err)
	}
	frozen(true)
	if !alive(t, p) {
		t.Error("a frozen process does not count as alive")
	}
	if err := p.Ready(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a frozen process answers: %v", err)
	}
	if err := p.Thaw(t.Context()); err != nil {
		t.Fatal(err)
	}
	frozen(false)
	if err := p.WaitReady(limit(t, 10*time.Second)); err != nil {
		t.Error(err)
	}
	if err := p.Freeze(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := p.Stop(limit(t, 10*time.Second)); err != nil {
		t.Errorf("a frozen process cannot be stopped: %v", err)
	}
	if e, _ := p.Exit(); e.Code != 0 || e.Signal != "" {
		t.Errorf("a frozen process did not stop gracefully: %v", e)
	}
}

func TestProcessThatDies(t *testing.T) {
	t.Parallel()
	p := newChild(t, "die")
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	err := p.WaitReady(limit(t, time.Minute))
	if !errors.Is(err, ErrDown) {
		t.Fatalf("waiting for a dead process: %v, want ErrDown long before the deadline", err)
	}
	mustContain(t, err.Error(), "exit status 2", p.config.LogPath)
	if e, _ := p.Exit(); e.Asked {
		t.Error("the exit counts as asked for")
	}
	if alive(t, p) {
		t.Error("a dead process counts as alive")
	}
	mustContain(t, logOf(t, p), "planted death")
}

func TestProcessNeverReady(t *testing.T) {
	t.Parallel()
	p := newChild(t, "never-ready")
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	err := p.WaitReady(limit(t, 300*time.Millisecond))
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v, want the deadline", err)
	}
	mustContain(t, err.Error(), "connection refused") // the last thing it saw
}

func TestProcessDiesWithTheHarness(t *testing.T) {
	t.Parallel()
	middle := newChild(t, "harness")
	if err := middle.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	var pid int
	err := poll(limit(t, 20*time.Second), "the grandchild is told", func(context.Context) error {
		text := logOf(t, middle)
		n := strings.LastIndex(text, "\npid ")
		if n < 0 {
			return errors.New("no pid yet")
		}
		_, err := fmt.Sscanf(text[n:], "\npid %d\n", &pid)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if s, err := stateOf(pid); err != nil || s != there {
		t.Fatalf("the grandchild is in state %v (%v)", s, err)
	}
	if err := middle.Kill(limit(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	err = poll(limit(t, 10*time.Second), "the grandchild is gone", func(context.Context) error {
		if s, err := stateOf(pid); err != nil || s != gone {
			return fmt.Errorf("state %v, %w", s, err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestProcessFromManyGoroutines(t *testing.T) {
	t.Parallel()
	p := started(t, "serve")
	var all sync.WaitGroup
	for n := range 6 {
		all.Go(func() {
			for range 3 {
				var err error
				switch n % 3 {
				case 0:
					err = p.Kill(limit(t, 20*time.Second))
				case 1:
					err = p.Start(limit(t, 20*time.Second))
				default:
					_, err = p.Alive(t.Context())
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}

func TestProcessRefuses(t *testing.T) {
	t.Parallel()
	log := filepath.Join(t.TempDir(), "log")
	for _, c := range []Config{{LogPath: log}, {Path: "x"}, {Path: "x", LogPath: log, StopTimeout: -1}} {
		if _, err := NewProcess(c); err == nil {
			t.Errorf("%+v is accepted", c)
		}
	}
	missing, err := NewProcess(Config{Path: filepath.Join(t.TempDir(), "absent"), LogPath: log})
	if err != nil {
		t.Fatal(err)
	}
	if err := missing.Start(t.Context()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("starting a binary that is not there: %v", err)
	}
	if alive(t, missing) || missing.Starts() != 0 {
		t.Error("it counts as started")
	}
}
