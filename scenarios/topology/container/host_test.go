package container

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"oalab/chaos/host"
)

// took logs how long a step took: the figures that a scenario's time line rests on.
func took(t *testing.T, what string, step func(context.Context) error) {
	t.Helper()
	begin := time.Now()
	must(t, step(limit(t, 30*time.Second)))
	t.Logf("%-12s %4d ms", what, time.Since(begin).Milliseconds())
}

// up starts hosts that do nothing.
func up(t *testing.T, specs func(*Network) []Spec) (*Network, []*Host) {
	t.Helper()
	n := newNetwork(t)
	hosts, err := n.Start(limit(t, time.Minute), specs(n)...)
	must(t, err)
	return n, hosts
}

// The life of a host: what each power of its controller does, in which state.
func TestHostLives(t *testing.T) {
	n := newNetwork(t)
	ctx := limit(t, 2*time.Minute)
	s := spec(t, n, "one", 11)
	s.Publish = []uint16{80}
	s.StopTimeout = 2 * time.Second
	h, err := n.create(ctx, s)
	must(t, err)
	if err := h.Ready(ctx); !errors.Is(err, host.ErrDown) {
		t.Errorf("ready before its start: %v, want ErrDown", err)
	}
	state := func(wantAlive, wantFrozen bool) {
		t.Helper()
		alive, err := h.Alive(ctx)
		must(t, err)
		frozen, err := h.Frozen(ctx)
		must(t, err)
		if alive != wantAlive || frozen != wantFrozen {
			t.Errorf("alive %t, frozen %t; want %t, %t", alive, frozen, wantAlive, wantFrozen)
		}
	}
	for _, step := range []struct {
		name          string
		do            func(context.Context) error
		alive, frozen bool
	}{
		{"start", h.Start, true, false},
		{"start again", h.Start, true, false},
		{"freeze", h.Freeze, true, true},
		{"freeze again", h.Freeze, true, true},
		{"thaw", h.Thaw, true, false},
		{"thaw again", h.Thaw, true, false},
		{"kill", h.Kill, false, false},
		{"kill again", h.Kill, false, false},
		{"freeze dead", h.Freeze, false, false},
		{"start", h.Start, true, false},
		{"freeze", h.Freeze, true, true},
		{"kill frozen", h.Kill, false, false},
		{"start", h.Start, true, false},
		{"ready", h.WaitReady, true, false},
		{"stop", h.Stop, false, false},
		{"stop again", h.Stop, false, false},
		{"start", h.Start, true, false},
		{"ready", h.WaitReady, true, false},
	} {
		took(t, step.name, step.do)
		state(step.alive, step.frozen)
	}
	i, err := h.inspect(ctx)
	must(t, err)
	e := i.NetworkSettings.Networks[n.Name()]
	if e.IPAddress != h.Addr() || e.MacAddress.String() != hardwareAddr(h.Addr()).String() {
		t.Errorf("after restarts it is %s at %s", e.IPAddress, e.MacAddress)
	}
	at, err := h.Published(ctx, 80)
	must(t, err)
	if at.Addr() != netip.MustParseAddr("127.0.0.1") {
		t.Errorf("published on %s: not on the loopback interface alone", at)
	}
	// A stop of a frozen host is heard; one that is not heard becomes a kill.
	must(t, h.Freeze(ctx))
	took(t, "stop frozen", h.Stop)
	must(t, h.Start(ctx))
	must(t, h.WaitReady(ctx))
	must(t, h.Run(ctx, "touch", "/deaf"))
	begin := time.Now()
	if err := h.Stop(ctx); !errors.Is(err, host.ErrForced) || time.Since(begin) < s.StopTimeout {
		t.Errorf("stop of a deaf host after %v: %v, want ErrForced", time.Since(begin), err)
	}
	state(false, false)
	took(t, "remove", h.Remove)
	must(t, h.Remove(ctx))
	text, err := os.ReadFile(s.LogPath)
	must(t, err)
	for part, want := range map[string]int{"=== start": 5, "asked to stop": 2} {
		if got := strings.Count(string(text), part); got != want {
			t.Errorf("the log holds %q %d times, want %d:\n%s", part, got, want, text)
		}
	}
}

// What can be done inside a host that goes on.
func TestHostInside(t *testing.T) {
	n, hosts := up(t, func(n *Network) []Spec {
		s := spec(t, n, "one", 11)
		s.Files = []File{{Path: "/etc/lab/hello", Content: []byte("hello\n"), Mode: 0o600}}
		s.Env = map[string]string{"GREETING": "hello"}
		s.CPUs, s.MemoryMiB = 0.5, 200
		return []Spec{s}
	})
	h, ctx := hosts[0], limit(t, time.Minute)
	r, err := h.Exec(ctx, "sh", "-c", `cat /etc/lab/hello; stat -c %a /etc/lab/hello; echo $GREETING >&2; hostname; exit 3`)
	must(t, err)
	lines := strings.Fields(r.Output)
	slices.Sort(lines)
	if got := strings.Join(lines, " "); r.Code != 3 || got != "600 hello hello one" {
		t.Errorf("exec: exit status %d, output %q", r.Code, r.Output)
	}
	took(t, "exec", func(ctx context.Context) error { _, err := h.Exec(ctx, "true"); return err })
	if err := h.Run(ctx, "sh", "-c", "echo no; exit 4"); err == nil || !strings.Contains(err.Error(), "exit status 4: no") {
		t.Errorf("a command that fails: %v", err)
	}
	// A daemon that keeps its output open does not keep Run.
	took(t, "run daemon", func(ctx context.Context) error { return h.Run(ctx, "sh", "-c", "tail -f /dev/null & echo") })
	pids, err := h.Pids(ctx, "tail")
	must(t, err)
	if len(pids) != 1 {
		t.Errorf("processes called tail: %v, want one", pids)
	}
	took(t, "signal", func(ctx context.Context) error { return h.Signal(ctx, "KILL", "tail") })
	must(t, h.Signal(ctx, "KILL", "nobody"))
	must(t, poll(ctx, "tail is dead", func(ctx context.Context) error {
		pids, err := h.Pids(ctx, "tail")
		if err == nil && len(pids) > 0 {
			err = errors.New("it is there")
		}
		return err
	}))
	if err := h.Fill(ctx, "/tmp"); err == nil {
		t.Error("a folder that is no tmpfs was filled")
	}
	limitsMove(t, h)
	// A host reaches what this process listens on at the gateway.
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", netip.AddrPortFrom(n.Gateway(), 0).String())
	must(t, err)
	defer l.Close()
	addr := netip.MustParseAddrPort(l.Addr().String())
	if r, err := h.script(ctx, `timeout 2 bash -c 'exec 3<>/dev/tcp/$0/$1' "$1" "$2"`, addr.Addr().String(), "1"); err != nil || !strings.Contains(r.Output, "refused") {
		t.Errorf("a closed port of the gateway: %+v, %v", r, err)
	}
	must(t, h.Run(ctx, "bash", "-c", `exec 3<>/dev/tcp/$0/$1`, addr.Addr().String(), strconv.Itoa(int(addr.Port()))))
}

// Limits are those of the kernel, move while it runs, and stay over a restart.
func limitsMove(t *testing.T, h *Host) {
	t.Helper()
	ctx := limit(t, time.Minute)
	want := func(cpus float64, mib int64) {
		t.Helper()
		c, err := h.CPULimit(ctx)
		must(t, err)
		m, err := h.MemoryLimit(ctx)
		must(t, err)
		if c != cpus || m != mib {
			t.Errorf("limits %g CPUs, %d MiB; want %g, %d", c, m, cpus, mib)
		}
	}
	want(0.5, 200)
	took(t, "limit CPU", func(ctx context.Context) error { return h.LimitCPU(ctx, 0.1) })
	want(0.1, 200)
	took(t, "limit memory", func(ctx context.Context) error { return h.LimitMemory(ctx, 64) })
	want(0.1, 64)
	must(t, h.Kill(ctx))
	must(t, h.Start(ctx))
	want(0.1, 64)
	must(t, h.LimitCPU(ctx, 0))
	must(t, h.LimitMemory(ctx, 0))
	want(0, 0)
	if err := h.LimitMemory(ctx, 5); err == nil {
		t.Error("a limit of 5 MiB was taken")
	}
	if err := h.LimitCPU(ctx, 0.001); err == nil {
		t.Error("a limit of 0.001 CPUs was taken")
	}
}
