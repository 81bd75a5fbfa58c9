package host

import (
	"context"
	"errors"
	"testing"
	"time"

	"oalab/chaos"
)

// Every fault on a real child: what the world outside sees in effect and healed.
func TestFaultsOnAProcess(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		fault func(string, chaos.Target, Controller) chaos.Fault
		// while looks at the process while the fault is in effect.
		while  func(t *testing.T, p *Process)
		starts int
		signal string // of the life that the fault ended
	}{
		{name: "kill", fault: Kill, starts: 2, signal: "killed", while: func(t *testing.T, p *Process) {
			t.Helper()
			if alive(t, p) {
				t.Error("alive while killed")
			}
		}},
		{name: "stop", fault: Stop, starts: 2, while: func(t *testing.T, p *Process) {
			t.Helper()
			if e, over := p.Exit(); !over || e.Code != 0 || e.Signal != "" {
				t.Errorf("over %v, %v; want a graceful end", over, e)
			}
		}},
		{name: "freeze", fault: Freeze, starts: 1, while: func(t *testing.T, p *Process) {
			t.Helper()
			if err := p.Ready(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("while frozen: %v, want no answer", err)
			}
		}},
		{name: "restart", fault: Restart, starts: 2, while: func(t *testing.T, p *Process) {
			t.Helper()
			if !alive(t, p) {
				t.Error("dead while restarted")
			}
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := started(t, "serve")
			f := test.fault(test.name+"-server", "oaserver", p)
			if f.Name() != test.name+"-server" || f.Target() != "oaserver" {
				t.Errorf("it is %q on %q", f.Name(), f.Target())
			}
			ctx := limit(t, 30*time.Second)
			begin := time.Now()
			must(t, f.Inject(ctx))
			must(t, f.AwaitEffect(ctx))
			hit := time.Since(begin)
			test.while(t, p)
			if test.signal != "" {
				if e, _ := p.Exit(); e.Signal != test.signal {
					t.Errorf("it %v, want signal %s", e, test.signal)
				}
			}
			begin = time.Now()
			must(t, f.Recover(ctx))
			must(t, f.AwaitHealed(ctx))
			t.Logf("in effect after %v, healed after %v", hit, time.Since(begin))
			must(t, p.Ready(ctx))
			if p.Starts() != test.starts {
				t.Errorf("%d starts, want %d", p.Starts(), test.starts)
			}
			// Recovery may be asked for twice.
			must(t, f.Recover(ctx))
			must(t, f.AwaitHealed(ctx))
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A fault on a dead process would pass for one that bit; recovery starts it.
func TestFaultsNeedALivingProcess(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(string, chaos.Target, Controller) chaos.Fault{
		"kill": Kill, "stop": Stop, "freeze": Freeze, "restart": Restart,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newChild(t, "serve")
			f := fault(name, "oaserver", p)
			if err := f.Inject(t.Context()); !errors.Is(err, ErrDown) {
				t.Errorf("got %v, want ErrDown", err)
			}
			ctx := limit(t, 20*time.Second)
			must(t, f.Recover(ctx))
			must(t, f.AwaitHealed(ctx))
		})
	}
}

// A stop that ended as a kill is not the fault that was asked for.
func TestStopFaultOnADeafProcess(t *testing.T) {
	t.Parallel()
	p := started(t, "deaf")
	p.config.StopTimeout = 100 * time.Millisecond
	for _, f := range []chaos.Fault{Stop("stop", "x", p), Restart("restart", "x", p)} {
		ctx := limit(t, 20*time.Second)
		if err := f.Inject(ctx); !errors.Is(err, ErrForced) {
			t.Errorf("%s: got %v, want ErrForced", f.Name(), err)
		}
		must(t, f.Recover(ctx))
		must(t, f.AwaitHealed(ctx))
	}
}

func TestKillIsLasting(t *testing.T) {
	t.Parallel()
	f := Kill("kill-server", "oaserver", newChild(t, "serve"))
	if err := (chaos.Schedule{{Fault: f, For: MinDown}}).Validate(); err != nil {
		t.Error(err)
	}
	if err := (chaos.Schedule{{Fault: f, For: MinDown - 1}}).Validate(); err == nil {
		t.Errorf("a kill of less than %v is accepted", MinDown)
	}
}

// The whole way: an injector kills a child that stays down for its window.
func TestInjectorKillsAProcess(t *testing.T) {
	t.Parallel()
	p := started(t, "serve")
	in := chaos.NewInjector(chaos.Schedule{{Fault: Kill("kill-server", "oaserver", p), At: 50 * time.Millisecond, For: MinDown}},
		chaos.Options{StepTimeout: 20 * time.Second})
	windows, err := in.Run(t.Context(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	w := windows[0]
	if w.From < 50*time.Millisecond || w.To-w.From < MinDown || w.Healed < w.To {
		t.Errorf("window %+v, want at least %v in effect", w, MinDown)
	}
	if p.Starts() != 2 || !alive(t, p) {
		t.Errorf("%d starts, alive %v", p.Starts(), alive(t, p))
	}
	t.Logf("in effect %v after its due time, healed %v after the recovery", w.From-w.PlannedFrom, w.Healed-w.To)
}

// opaque hides everything of a Process but the Controller.
type opaque struct{ Controller }

func TestFreezeWithoutFreezer(t *testing.T) {
	t.Parallel()
	p := started(t, "serve")
	f := Freeze("freeze-server", "oaserver", opaque{p})
	// On a machine that is full a process that goes on is silent for longer than usual.
	short, cancel := context.WithTimeout(chaos.WithPatience(t.Context(), 10), 3*time.Second)
	defer cancel()
	if err := f.AwaitEffect(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("in effect before it was injected: %v", err)
	}
	ctx := limit(t, 20*time.Second)
	must(t, f.Inject(ctx))
	must(t, f.AwaitEffect(ctx))
	must(t, f.Recover(ctx))
	must(t, f.AwaitHealed(ctx))
}
