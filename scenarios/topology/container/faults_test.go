package container

import (
	"context"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"oalab/chaos"
	"oalab/chaos/host"
)

// Every fault on real hosts: what is so while it is in effect, and that it heals.
func TestFaultsOnHosts(t *testing.T) {
	a, b := pair(t)
	ctx := limit(t, 3*time.Minute)
	harness := netip.Addr{}
	must(t, a.Run(ctx, "sh", "-c", "sleep 997 & echo"))
	tests := []struct {
		fault chaos.Fault
		while func(t *testing.T)
	}{
		{host.Cut("cut-host", "one", a, host.Link{}), func(t *testing.T) {
			t.Helper()
			reach(t, a, harness, false)
		}},
		{host.Cut("cut-link", "one-two", a, host.Link{Peers: []netip.Addr{b.Addr()}, Direction: host.Out}), func(t *testing.T) {
			t.Helper()
			reach(t, b, a.Addr(), false)
			reach(t, a, harness, true)
		}},
		{host.Split("split-brain", "one-two", a, b), func(t *testing.T) {
			t.Helper()
			reach(t, a, harness, true)
			reach(t, b, harness, true)
			if len(a.Cuts()) != 1 || len(b.Cuts()) != 1 {
				t.Errorf("cuts %v and %v, want both ends cut", a.Cuts(), b.Cuts())
			}
		}},
		{host.KillInside("kill-sleep", "one", a, "sleep", "sh", "-c", "sleep 998 &"), func(t *testing.T) {
			t.Helper()
			if up, err := a.Alive(ctx); err != nil || !up {
				t.Errorf("the host is alive: %t (%v)", up, err)
			}
		}},
		{host.CPULimit("slow", "one", a, 0.1), func(t *testing.T) {
			t.Helper()
			if got, err := a.CPULimit(ctx); err != nil || got != 0.1 {
				t.Errorf("limit %g (%v)", got, err)
			}
		}},
		{host.MemoryLimit("small", "one", a, 64), func(t *testing.T) {
			t.Helper()
			if got, err := a.MemoryLimit(ctx); err != nil || got != 64 {
				t.Errorf("limit %d (%v)", got, err)
			}
		}},
		{host.DiskFull("disk-full", "one", a, "/small"), func(t *testing.T) {
			t.Helper()
			if err := a.Run(ctx, "sh", "-c", "echo hello >/small/file"); err == nil {
				t.Error("a full disk took a file")
			}
		}},
		{host.Freeze("freeze", "one", a), func(t *testing.T) {
			t.Helper()
			reach(t, a, harness, true) // its kernel speaks for it
		}},
	}
	for _, test := range tests {
		t.Run(test.fault.Name(), func(t *testing.T) {
			begin := time.Now()
			must(t, test.fault.Inject(ctx))
			must(t, test.fault.AwaitEffect(ctx))
			hit := time.Since(begin)
			test.while(t)
			begin = time.Now()
			must(t, test.fault.Recover(ctx))
			must(t, test.fault.AwaitHealed(ctx))
			t.Logf("in effect after %d ms, healed after %d ms", hit.Milliseconds(), time.Since(begin).Milliseconds())
			must(t, a.Ready(ctx))
		})
	}
	if got, err := a.CPULimit(ctx); err != nil || got != 0 {
		t.Errorf("CPU limit %g left (%v)", got, err)
	}
}

// A watch goes on over the death of its host, and ends with its context.
func TestWatch(t *testing.T) {
	_, hosts := up(t, func(n *Network) []Spec { return []Spec{spec(t, n, "one", 11)} })
	h, ctx := hosts[0], limit(t, time.Minute)
	lines := make(chan Line, 100)
	watching, stop := context.WithCancel(ctx)
	var done sync.WaitGroup
	defer done.Wait()
	defer stop()
	done.Go(func() {
		err := h.Watch(watching, func(l Line) { lines <- l }, "sh", "-c", "ip -br -4 addr show eth0; exec ip -tshort -o monitor address")
		if err != nil {
			t.Errorf("watch: %v", err)
		}
	})
	next := func(life int, part string) {
		t.Helper()
		for {
			select {
			case l := <-lines:
				if l.Life != life || l.At.IsZero() {
					t.Errorf("line %+v, want life %d", l, life)
				}
				if strings.Contains(l.Text, part) {
					return
				}
			case <-ctx.Done():
				t.Fatalf("no line of life %d says %q", life, part)
			}
		}
	}
	next(1, h.Addr().String())
	must(t, poll(ctx, "ip monitor runs", func(ctx context.Context) error {
		return h.Run(ctx, "pgrep", "-x", "ip")
	}))
	must(t, h.Run(ctx, "ip", "addr", "add", "198.18.255.100/32", "dev", networkDevice))
	next(1, "198.18.255.100")
	must(t, h.Kill(ctx))
	next(1, "is down")
	must(t, h.Start(ctx))
	next(2, h.Addr().String())
	stop()
	done.Wait()
	pids, err := h.Pids(ctx, "ip")
	must(t, err)
	if len(pids) > 0 {
		t.Errorf("the command of the watch goes on as %v", pids)
	}
	// A command that ends while its host goes on is an error.
	if err := h.Watch(ctx, func(Line) {}, "sh", "-c", "echo hello; exit 3"); err == nil {
		t.Error("a watch whose command ended is no error")
	}
}
