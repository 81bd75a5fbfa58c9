package host

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/chaos"
)

// hostFault is one of the faults that need more than a Controller.
type hostFault struct {
	name string
	make func(a, b *box) chaos.Fault
	// hit reports whether the hosts are as they are while it is in effect.
	hit func(a, b *box) bool
	// undo makes the effect go away without the fault.
	undo func(*box)
}

func hostFaults() []hostFault {
	return []hostFault{
		{
			"cut", func(a, _ *box) chaos.Fault { return Cut("f", "t", a, Link{Direction: In}) },
			func(a, b *box) bool { return a.cuts["f on t"].Direction == In && len(b.cuts) == 0 },
			func(b *box) { clear(b.cuts) },
		},
		{
			"cut-link", func(a, b *box) chaos.Fault { return Cut("f", "t", a, Link{Peers: []netip.Addr{b.addr}}) },
			func(a, b *box) bool { return slices.Equal(a.cuts["f on t"].Peers, []netip.Addr{b.addr}) },
			func(b *box) { clear(b.cuts) },
		},
		{
			"split", func(a, b *box) chaos.Fault { return Split("f", "t", a, b) },
			func(a, b *box) bool {
				return cmp.Equal(a.cuts["f on t"].Peers, []netip.Addr{b.addr}, eqAddr) && cmp.Equal(b.cuts["f on t"].Peers, []netip.Addr{a.addr}, eqAddr)
			},
			func(b *box) { clear(b.cuts) },
		},
		{
			"kill-inside", func(a, _ *box) chaos.Fault { return KillInside("f", "t", a, "nginx", "nginx") },
			func(a, _ *box) bool { return len(a.procs["nginx"]) == 0 && slices.Contains(a.calls, "signal KILL") },
			func(b *box) { b.procs["nginx"] = []int{7} },
		},
		{
			"cpu", func(a, _ *box) chaos.Fault { return CPULimit("f", "t", a, 0.1) },
			func(a, _ *box) bool { return a.cpus == 0.1 && a.mib == 0 },
			func(b *box) { b.cpus = 1 },
		},
		{
			"memory", func(a, _ *box) chaos.Fault { return MemoryLimit("f", "t", a, 64) },
			func(a, _ *box) bool { return a.mib == 64 && a.cpus == 0 },
			func(b *box) { b.mib = 1 },
		},
		{
			"disk", func(a, _ *box) chaos.Fault { return DiskFull("f", "t", a, "/small") },
			func(a, _ *box) bool { return a.full["/small"] },
			func(b *box) { clear(b.full) },
		},
	}
}

var eqAddr = cmp.Comparer(func(a, b netip.Addr) bool { return a == b })

func boxes() (a, b *box) {
	a, b = newBox(), newBox()
	b.addr = netip.MustParseAddr("198.18.0.12")
	return a, b
}

// In effect and healed are what is seen, not what was asked for.
func TestHostFaults(t *testing.T) {
	t.Parallel()
	for _, f := range hostFaults() {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			a, b := boxes()
			fault := f.make(a, b)
			if fault.Name() != "f" || fault.Target() != "t" {
				t.Errorf("it is %q on %q", fault.Name(), fault.Target())
			}
			ctx := limit(t, 10*time.Second)
			must(t, fault.Inject(ctx))
			must(t, fault.AwaitEffect(ctx))
			if !f.hit(a, b) || a.looks > 0 {
				t.Errorf("in effect, but %+v and %+v", a, b)
			}
			must(t, fault.Recover(ctx))
			must(t, fault.AwaitHealed(ctx))
			if f.hit(a, b) || a.looks > 0 {
				t.Errorf("healed, but %+v and %+v", a, b)
			}
			must(t, fault.Recover(ctx))
			must(t, fault.AwaitHealed(ctx))
		})
	}
}

// What was asked for and does not come is never in effect, and what does not go is
// never healed.
func TestHostFaultsAreObserved(t *testing.T) {
	t.Parallel()
	for _, f := range hostFaults() {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			a, b := boxes()
			a.lag, b.lag = 0, 0
			fault := f.make(a, b)
			ctx := limit(t, 10*time.Second)
			must(t, fault.Inject(ctx))
			a.set(f.undo)
			b.set(f.undo)
			soon, cancel := short(ctx)
			defer cancel()
			if err := fault.AwaitEffect(soon); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("in effect although nothing is: %v", err)
			}
			must(t, fault.Inject(ctx))
			soon, cancel = short(ctx)
			defer cancel()
			if err := fault.AwaitHealed(soon); err == nil {
				t.Error("healed although nothing was recovered")
			}
		})
	}
}

// A fault on a dead host would pass for one that bit; recovery starts the host, also
// one that died of the fault.
func TestHostFaultsNeedALivingHost(t *testing.T) {
	t.Parallel()
	for _, f := range hostFaults() {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			a, b := boxes()
			a.down = true
			fault := f.make(a, b)
			ctx := limit(t, 10*time.Second)
			if err := fault.Inject(ctx); !errors.Is(err, ErrDown) {
				t.Errorf("got %v, want ErrDown", err)
			}
			must(t, fault.Recover(ctx))
			must(t, fault.AwaitHealed(ctx))
			must(t, fault.Inject(ctx))
			a.set(func(b *box) { b.down = true })
			must(t, fault.Recover(ctx))
			if up, _ := a.Alive(ctx); !up {
				t.Error("recovered, and the host is down")
			}
		})
	}
}

func TestKillInside(t *testing.T) {
	t.Parallel()
	ctx := limit(t, 10*time.Second)
	a := newBox()
	f := KillInside("kill-nginx", "lb1", a, "nginx", "nginx")
	must(t, f.Inject(ctx))
	// Something inside starts it at once. The fault was still in effect, and recovery has
	// nothing to do.
	a.set(func(b *box) { b.procs["nginx"] = []int{42} })
	must(t, f.AwaitEffect(ctx))
	must(t, f.Recover(ctx))
	must(t, f.AwaitHealed(ctx))
	if slices.Contains(a.calls, "run") {
		t.Error("it was started although it was there")
	}
	if err := KillInside("f", "t", a, "keepalived").Inject(ctx); !errors.Is(err, ErrDown) {
		t.Errorf("a process that is not there: %v, want ErrDown", err)
	}
}

func TestHaltInside(t *testing.T) {
	t.Parallel()
	ctx := limit(t, 10*time.Second)
	a := newBox()
	f := HaltInside("halt-nginx", "lb1", a, "nginx")
	must(t, f.Inject(ctx))
	must(t, f.AwaitEffect(ctx))
	must(t, f.Recover(ctx))
	must(t, f.AwaitHealed(ctx))
	if diff := cmp.Diff([]string{"signal STOP", "signal CONT"}, a.calls); diff != "" {
		t.Errorf("what was done (-want +got):\n%s", diff)
	}
	if err := HaltInside("f", "t", newBox(), "keepalived").Inject(ctx); !errors.Is(err, ErrDown) {
		t.Errorf("a process that is not there: %v, want ErrDown", err)
	}
}

// A reload is in effect when a new process runs, and there is nothing to undo.
func TestReload(t *testing.T) {
	t.Parallel()
	ctx := limit(t, 10*time.Second)
	a := newBox()
	before := slices.Clone(a.procs["nginx"])
	f := Reload("reload-nginx", "lb1", a, "nginx", "nginx", "-s", "reload")
	must(t, f.Inject(ctx))
	a.set(func(b *box) { b.procs["nginx"] = before })
	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	if err := f.AwaitEffect(short); err == nil {
		t.Error("a reload that starts nothing counts as one")
	}
	a.set(func(b *box) { b.procs["nginx"] = append(before, 4711) })
	must(t, f.AwaitEffect(ctx))
	must(t, f.Recover(ctx))
	must(t, f.AwaitHealed(ctx))
}

// A limit goes back to what it was, not to none.
func TestLimitGoesBack(t *testing.T) {
	t.Parallel()
	ctx := limit(t, 10*time.Second)
	a := newBox()
	a.cpus, a.fail["cpu 0.1"] = 0.5, errors.New("planted")
	f := CPULimit("slow", "app1", a, 0.1)
	if err := f.Inject(ctx); err == nil {
		t.Error("a limit that was not taken is no error")
	}
	must(t, f.Recover(ctx))
	must(t, f.AwaitHealed(ctx))
	if a.cpus != 0.5 {
		t.Errorf("limit %g, want 0.5", a.cpus)
	}
}

// A split that fails at one end is joined at both.
func TestSplitRecoversHalf(t *testing.T) {
	t.Parallel()
	ctx := limit(t, 10*time.Second)
	a, b := boxes()
	b.fail["cut"], a.fail["join"] = errors.New("planted"), errors.New("planted join")
	f := Split("split-brain", "lb", a, b)
	if err := f.Inject(ctx); err == nil {
		t.Error("a half split is no error")
	}
	if err := f.Recover(ctx); err == nil || len(b.calls) == 0 || !slices.Contains(b.calls, "join") {
		t.Errorf("recovered with %v; the other end saw %v", err, b.calls)
	}
	delete(a.fail, "join")
	must(t, f.Recover(ctx))
	must(t, f.AwaitHealed(ctx))
}

func TestUntil(t *testing.T) {
	t.Parallel()
	ctx := limit(t, 10*time.Second)
	a := newBox()
	home := errors.New("the address is not home")
	look := func(context.Context) error { return home }
	f := Until(Cut("cut-host", "lb1", a, Link{}), "the address is home", func(ctx context.Context) error { return look(ctx) })
	must(t, f.Inject(ctx))
	must(t, f.AwaitEffect(ctx))
	must(t, f.Recover(ctx))
	soon, cancel := short(ctx)
	defer cancel()
	if err := f.AwaitHealed(soon); !errors.Is(err, home) {
		t.Errorf("healed with %v, want %v", err, home)
	}
	look = func(context.Context) error { return nil }
	must(t, f.AwaitHealed(ctx))

	if _, ok := f.(chaos.Lasting); ok {
		t.Error("a cut with a condition is Lasting")
	}
	k := Until(Until(Kill("kill-host", "lb1", a), "x", look), "y", look)
	if l, ok := k.(chaos.Lasting); !ok || l.MinFor() != MinDown {
		t.Error("a kill with a condition is not Lasting")
	}
}

// A question to an address that moves meanwhile is never answered: the next one is.
func TestALookWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		looks, begun := 0, time.Now()
		err := poll(ctx, "the address is home", func(ctx context.Context) error {
			if looks++; looks == 1 {
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		})
		if took := time.Since(begun); err != nil || looks != 2 || took != lookLimit {
			t.Errorf("%d looks in %v: %v, want two in %v", looks, took, err, lookLimit)
		}
	})
}
