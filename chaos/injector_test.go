package chaos

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const ms = time.Millisecond

// options keep bounds short enough to be read in a table.
func options() Options {
	return Options{StepTimeout: 4 * time.Second, RecoverTimeout: 10 * time.Second}
}

func ignoreErr() cmp.Option { return cmpopts.IgnoreFields(Window{}, "Err", "Begun") }

func TestInjectorTimeLine(t *testing.T) {
	t.Parallel()
	// at is an entry on target "target"; the fault takes 30 ms to bite, 20 ms to
	// be taken out and 50 ms to heal.
	slow := func(name string) *scripted {
		f := newScripted(name)
		f.on["effect"], f.on["recover"], f.on["healed"] = after(30*ms), after(20*ms), after(50*ms)
		return f
	}
	window := func(name string, from, to, begin, ask, healed time.Duration) Window {
		return Window{Fault: name, Target: "target", PlannedFrom: from, PlannedTo: to, Begun: begin - 30*ms, From: begin, To: ask, Healed: healed}
	}
	tests := []struct {
		name   string
		in     Schedule
		serial bool
		settle time.Duration
		want   []Window
	}{
		{name: "empty"},
		{
			name: "one", in: Schedule{{Fault: slow("a"), At: 100 * ms, For: 500 * ms}},
			want: []Window{window("a", 100*ms, 600*ms, 130*ms, 600*ms, 670*ms)},
		},
		{
			name: "lasting counts from effect",
			in:   Schedule{{Fault: lasting{slow("a"), 500 * ms}, At: 100 * ms, For: 500 * ms}},
			want: []Window{window("a", 100*ms, 600*ms, 130*ms, 630*ms, 700*ms)},
		},
		{
			name: "effect after the planned end still heals at once",
			in:   Schedule{{Fault: slow("a"), At: 100 * ms, For: 10 * ms}},
			want: []Window{window("a", 100*ms, 110*ms, 130*ms, 130*ms, 200*ms)},
		},
		{
			name: "overlap runs concurrently, results keep the order of the schedule",
			in:   Schedule{{Fault: slow("b"), At: 300 * ms, For: 500 * ms}, {Fault: slow("a"), At: 100 * ms, For: 500 * ms}},
			want: []Window{
				window("b", 300*ms, 800*ms, 330*ms, 800*ms, 870*ms),
				window("a", 100*ms, 600*ms, 130*ms, 600*ms, 670*ms),
			},
		},
		{
			name: "the same fault waits until its earlier window is healed",
			in:   Schedule{{Fault: slow("a"), At: 600 * ms, For: 500 * ms}, {Fault: slow("a"), At: 100 * ms, For: 500 * ms}},
			want: []Window{
				window("a", 600*ms, 1100*ms, 700*ms, 1100*ms, 1170*ms),
				window("a", 100*ms, 600*ms, 130*ms, 600*ms, 670*ms),
			},
		},
		{
			name: "serial: another fault waits too, and the one after it is in time again", serial: true,
			in: Schedule{
				{Fault: slow("a"), At: 100 * ms, For: 500 * ms},
				{Fault: slow("b"), At: 640 * ms, For: 200 * ms},
				{Fault: slow("c"), At: 1000 * ms, For: 200 * ms},
			},
			want: []Window{
				window("a", 100*ms, 600*ms, 130*ms, 600*ms, 670*ms),
				window("b", 640*ms, 840*ms, 700*ms, 870*ms, 940*ms),
				window("c", 1000*ms, 1200*ms, 1030*ms, 1200*ms, 1270*ms),
			},
		},
		{
			name: "serial: what had to wait lets the system settle first", serial: true, settle: 200 * ms,
			in: Schedule{
				{Fault: slow("a"), At: 100 * ms, For: 500 * ms},
				{Fault: slow("b"), At: 640 * ms, For: 200 * ms},
			},
			want: []Window{
				window("a", 100*ms, 600*ms, 130*ms, 600*ms, 670*ms),
				window("b", 640*ms, 840*ms, 900*ms, 1070*ms, 1140*ms),
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				o := options()
				o.Serial, o.Settle = test.serial, test.settle
				got, err := NewInjector(test.in, o).Run(t.Context(), time.Now())
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(test.want, got, cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("windows (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// For each step that fails: the error, and the steps that must still have been called.
func TestInjectorFailures(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		script map[string]func(context.Context) error
		want   Window
		steps  []string
		err    []error // all must be in Window.Err; none: nil
		says   string
	}{
		{
			name: "inject fails", script: map[string]func(context.Context) error{"inject": failing(1)},
			want:  Window{To: 1000 * ms, Healed: 1000 * ms},
			steps: []string{"inject", "recover", "healed"}, err: []error{errPlanted},
		},
		{
			name: "effect never comes", script: map[string]func(context.Context) error{"effect": after(time.Hour)},
			want:  Window{To: 5000 * ms, Healed: 5000 * ms},
			steps: []string{"inject", "effect", "recover", "healed"}, err: []error{context.DeadlineExceeded},
		},
		{
			name: "recovery fails twice and is repeated", script: map[string]func(context.Context) error{"recover": failing(2)},
			want:  Window{From: 1000 * ms, To: 3000 * ms, Healed: 3150 * ms},
			steps: []string{"inject", "effect", "recover", "recover", "recover", "healed"},
		},
		{
			name: "healing is not seen at first", script: map[string]func(context.Context) error{"healed": failing(1)},
			want:  Window{From: 1000 * ms, To: 3000 * ms, Healed: 3050 * ms},
			steps: []string{"inject", "effect", "recover", "healed", "recover", "healed"},
		},
		{
			name: "recovery hangs until its bound", script: map[string]func(context.Context) error{"recover": after(time.Hour)},
			want:  Window{From: 1000 * ms, To: 3000 * ms},
			steps: []string{"inject", "effect", "recover", "recover", "recover"}, err: []error{context.DeadlineExceeded},
			says: "not healed after 3 attempts in 10s",
		},
		{
			name: "inject panics", script: map[string]func(context.Context) error{"inject": panicking},
			want:  Window{To: 1000 * ms, Healed: 1000 * ms},
			steps: []string{"inject", "recover", "healed"}, says: "planted panic",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := newScripted("a")
				f.on = test.script
				got, err := NewInjector(Schedule{{Fault: f, At: time.Second, For: 2 * time.Second}}, options()).Run(t.Context(), time.Now())
				test.want.Fault, test.want.Target = "a", "target"
				test.want.PlannedFrom, test.want.PlannedTo = time.Second, 3*time.Second
				if diff := cmp.Diff([]Window{test.want}, got, ignoreErr()); diff != "" {
					t.Errorf("window (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(test.steps, f.steps()); diff != "" {
					t.Errorf("steps (-want +got):\n%s", diff)
				}
				if bad := len(test.err) > 0 || test.says != ""; bad != (got[0].Err != nil) || bad != (err != nil) {
					t.Fatalf("Window.Err %v, Run error %v", got[0].Err, err)
				}
				for _, want := range test.err {
					if !errors.Is(got[0].Err, want) || !errors.Is(err, want) {
						t.Errorf("Window.Err %v and Run's %v, both want %v", got[0].Err, err, want)
					}
				}
				if test.says != "" && !strings.Contains(err.Error(), test.says) {
					t.Errorf("%q does not say %q", err, test.says)
				}
			})
		})
	}
}

// However a schedule is ended early, what was injected is recovered in a living
// context before Run returns, and what was not is never injected.
func TestInjectorEndsEarly(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		end  func(cancel context.CancelFunc, in *Injector)
		want error
	}{
		{name: "context", end: func(cancel context.CancelFunc, _ *Injector) { cancel() }, want: context.Canceled},
		{name: "abort", end: func(_ context.CancelFunc, in *Injector) { in.Abort(); in.Abort() }, want: ErrAborted},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				active, biting, later := newScripted("active"), newScripted("biting"), newScripted("later")
				biting.on["effect"] = after(time.Minute)
				for _, f := range []*scripted{active, biting} {
					f.on["recover"] = func(ctx context.Context) error {
						if _, bounded := ctx.Deadline(); !bounded || ctx.Err() != nil {
							t.Errorf("recovery's context: bounded %v, error %v", bounded, ctx.Err())
						}
						return after(time.Second)(ctx)
					}
				}
				in := NewInjector(Schedule{
					{Fault: active, At: time.Second, For: time.Hour},
					{Fault: biting, At: 4 * time.Second, For: time.Hour},
					{Fault: later, At: 20 * time.Second, For: time.Hour},
				}, options())
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				time.AfterFunc(5*time.Second, func() { test.end(cancel, in) })
				got, err := in.Run(ctx, time.Now())
				if !errors.Is(err, test.want) {
					t.Errorf("Run's error %v, want %v", err, test.want)
				}
				s := time.Second
				want := []Window{
					{Fault: "active", Target: "target", PlannedFrom: s, PlannedTo: time.Hour + s, From: s, To: 5 * s, Healed: 6 * s},
					{Fault: "biting", Target: "target", PlannedFrom: 4 * s, PlannedTo: time.Hour + 4*s, To: 5 * s, Healed: 6 * s},
					{Fault: "later", Target: "target", PlannedFrom: 20 * s, PlannedTo: time.Hour + 20*s},
				}
				if diff := cmp.Diff(want, got, ignoreErr()); diff != "" {
					t.Errorf("windows (-want +got):\n%s", diff)
				}
				if got[0].Err != nil {
					t.Errorf("a window that was only cut short has error %v", got[0].Err)
				}
				if !errors.Is(got[2].Err, test.want) || len(later.steps()) != 0 {
					t.Errorf("the later fault: error %v, steps %v", got[2].Err, later.steps())
				}
			})
		})
	}
}

func TestInjectorAbortBeforeRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newScripted("a")
		in := NewInjector(Schedule{{Fault: f, At: time.Second, For: time.Second}}, options())
		in.Abort()
		if _, err := in.Run(t.Context(), time.Now()); !errors.Is(err, ErrAborted) {
			t.Errorf("got %v, want ErrAborted", err)
		}
		if len(f.steps()) != 0 {
			t.Errorf("steps %v after an abort", f.steps())
		}
	})
}

// A panic in one fault, or in a listener, takes the other faults out as well.
func TestInjectorPanicRecoversTheOthers(t *testing.T) {
	t.Parallel()
	broken := newScripted("broken")
	broken.on["inject"] = panicking
	tests := []struct {
		name     string
		second   Fault
		listener func(Window)
	}{
		{name: "in a fault", second: broken},
		{name: "in a listener", second: Noop{As: "told"}, listener: func(w Window) {
			if w.Fault == "told" {
				panic("planted panic")
			}
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				long := newScripted("long")
				o := options()
				o.OnActive = test.listener
				got, err := NewInjector(Schedule{
					{Fault: long, For: time.Hour},
					{Fault: test.second, At: 2 * time.Second, For: time.Hour},
				}, o).Run(t.Context(), time.Now())
				if _, ok := errors.AsType[*PanicError](err); !ok {
					t.Errorf("Run's error %v, want the panic", err)
				}
				if got[0].To != 2*time.Second || got[0].Healed != 2*time.Second {
					t.Errorf("the other fault: %+v, want it healed at 2 s", got[0])
				}
			})
		})
	}
}

func TestInjectorDoesNotRepeatWhatDidNotHeal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, other := newScripted("a"), newScripted("b")
		f.on["healed"] = failing(1000)
		got, err := NewInjector(Schedule{
			{Fault: f, At: time.Second, For: time.Second},
			{Fault: f, At: time.Minute, For: time.Second},
			{Fault: other, At: time.Minute, For: time.Second},
		}, options()).Run(t.Context(), time.Now())
		if !errors.Is(err, errPlanted) || !errors.Is(got[1].Err, errPlanted) {
			t.Errorf("errors %v and %v, want the planted one in both", err, got[1].Err)
		}
		if got[1].From != 0 || got[2].Healed != time.Minute+time.Second || got[2].Err != nil {
			t.Errorf("second window %+v, the other fault's %+v", got[1], got[2])
		}
		injected := 0
		for _, step := range f.steps() {
			if step == "inject" {
				injected++
			}
		}
		if injected != 1 {
			t.Errorf("a fault that did not heal was injected %d times", injected)
		}
	})
}

func TestInjectorTells(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var active, over []Window
		o := options()
		o.OnActive = func(w Window) { active = append(active, w) }
		o.OnWindow = func(w Window) { over = append(over, w) }
		got, err := NewInjector(Schedule{{Fault: Noop{}, At: time.Second, For: time.Second}}, o).Run(t.Context(), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(got, over); diff != "" {
			t.Errorf("OnWindow (-returned +told):\n%s", diff)
		}
		want := []Window{{Fault: "noop", Target: "nothing", PlannedFrom: time.Second, PlannedTo: 2 * time.Second, Begun: time.Second, From: time.Second}}
		if diff := cmp.Diff(want, active); diff != "" {
			t.Errorf("OnActive (-want +told):\n%s", diff)
		}
	})
}

// Listeners need no locks of their own.
func TestInjectorTellsOneAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var busy sync.Mutex
		told := 0
		listen := func(Window) {
			if !busy.TryLock() {
				t.Error("two listeners at a time")
				return
			}
			defer busy.Unlock()
			told++
			time.Sleep(time.Second)
		}
		o := options()
		o.OnActive, o.OnWindow = listen, listen
		if _, err := NewInjector(Schedule{
			{Fault: Noop{As: "a"}, At: time.Second, For: time.Second},
			{Fault: Noop{As: "b"}, At: time.Second, For: time.Second},
		}, o).Run(t.Context(), time.Now()); err != nil {
			t.Error(err)
		}
		if told != 4 {
			t.Errorf("told %d times, want 4", told)
		}
	})
}

func TestInjectorRefuses(t *testing.T) {
	t.Parallel()
	in := NewInjector(Schedule{{Fault: Noop{}, For: 0}}, Options{})
	if _, err := in.Run(t.Context(), time.Now()); err == nil {
		t.Error("an invalid schedule runs")
	}
	if _, err := in.Run(t.Context(), time.Now()); !errors.Is(err, ErrUsed) {
		t.Errorf("second Run: %v, want ErrUsed", err)
	}
}
