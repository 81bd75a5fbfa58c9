package proc_test

import (
	"context"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"oalab/cmd/internal/exit"
	"oalab/cmd/internal/proc"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeSignals gives a process whose signals come from the returned channel. The
// channel must be made inside a synctest bubble.
func fakeSignals(c chan os.Signal, stopped *bool) proc.Proc {
	return proc.Proc{Notify: func(...os.Signal) (<-chan os.Signal, func()) {
		return c, func() { *stopped = true }
	}}
}

func TestRunReturnsTheStatusOfTheBody(t *testing.T) {
	got := proc.Run(t.Context(), proc.Proc{}, func(context.Context, proc.Proc) int { return exit.Failed })
	if got != exit.Failed {
		t.Errorf("status = %d, want %d", got, exit.Failed)
	}
}

func TestFirstSignalCancelsAndWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := make(chan os.Signal, 2)
		stopped, healed := false, false
		var cause error
		c <- syscall.SIGTERM
		got := proc.Run(t.Context(), fakeSignals(c, &stopped), func(ctx context.Context, _ proc.Proc) int {
			<-ctx.Done()
			cause = context.Cause(ctx)
			if !proc.Interrupted(ctx) {
				t.Error("Interrupted(ctx) is false after a signal")
			}
			healed = true
			return exit.OK // a server that is asked to stop has done its work
		})
		if got != exit.OK || !healed || !stopped {
			t.Errorf("status %d, healed %v, subscription ended %v; want 0, true, true", got, healed, stopped)
		}
		if cause == nil || !strings.Contains(cause.Error(), "terminated") {
			t.Errorf("cause %v does not name the signal", cause)
		}
	})
}

func TestSecondSignalLeavesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := make(chan os.Signal, 2)
		stopped := false
		release := make(chan struct{})
		defer close(release)
		c <- os.Interrupt
		go func() {
			time.Sleep(time.Second)
			c <- os.Interrupt
		}()
		got := proc.Run(t.Context(), fakeSignals(c, &stopped), func(context.Context, proc.Proc) int {
			<-release // healing that hangs
			return exit.OK
		})
		if got != exit.Interrupted {
			t.Errorf("status = %d, want %d", got, exit.Interrupted)
		}
	})
}

// TestDoubledSignalIsOne sends what timeout(1) sends: the same signal twice at once.
func TestDoubledSignalIsOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := make(chan os.Signal, 2)
		stopped := false
		c <- os.Interrupt
		c <- os.Interrupt
		got := proc.Run(t.Context(), fakeSignals(c, &stopped), func(ctx context.Context, _ proc.Proc) int {
			<-ctx.Done()
			time.Sleep(10 * time.Second) // healing
			return exit.Inconclusive
		})
		if got != exit.Inconclusive {
			t.Errorf("status = %d, want the body's %d", got, exit.Inconclusive)
		}
	})
}

func TestOwnCancellationIsNoInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if proc.Interrupted(ctx) {
		t.Error("a plain cancellation counts as an interrupt")
	}
}

func TestRealSignalReachesTheBody(t *testing.T) {
	got := proc.Run(t.Context(), proc.Real(), func(ctx context.Context, _ proc.Proc) int {
		if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		<-ctx.Done()
		return exit.Interrupted
	})
	if got != exit.Interrupted {
		t.Errorf("status = %d, want %d", got, exit.Interrupted)
	}
}

func TestPath(t *testing.T) {
	p := proc.Proc{Dir: "/srv/me"}
	for in, want := range map[string]string{"": "", "a/b": "/srv/me/a/b", "../x": "/srv/x", "/abs": "/abs"} {
		if got := p.Path(in); got != want {
			t.Errorf("Path(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestEnv(t *testing.T) {
	if got := (proc.Proc{}).Env("HOME"); got != "" {
		t.Errorf("a process without an environment has HOME=%q", got)
	}
	p := proc.Proc{LookupEnv: func(k string) (string, bool) { return k + "!", true }}
	if got := p.Env("A"); got != "A!" {
		t.Errorf("Env(A) = %q, want A!", got)
	}
}
