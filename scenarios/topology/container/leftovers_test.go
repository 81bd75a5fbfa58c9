package container

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/containerd/errdefs"
	"github.com/google/go-cmp/cmp"
	"github.com/moby/moby/client"
)

// there are the containers and networks of a run that Docker has.
func there(t *testing.T, e *Engine, run string) []string {
	t.Helper()
	ctx := limit(t, 20*time.Second)
	var names []string
	cs, err := e.docker.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: ours(run)})
	must(t, err)
	for _, c := range cs.Items {
		names = append(names, strings.TrimPrefix(c.Names[0], "/"))
	}
	ns, err := e.docker.NetworkList(ctx, client.NetworkListOptions{Filters: ours(run)})
	must(t, err)
	for _, n := range ns.Items {
		names = append(names, n.Name)
	}
	slices.Sort(names)
	return names
}

// The first host that fails ends the start of the others, and nothing stays.
func TestStartFails(t *testing.T) {
	n := newNetwork(t)
	dies, waits := spec(t, n, "dies", 11), spec(t, n, "waits", 12)
	dies.Cmd = []string{"sh", "-c", "echo planted death; exit 7"}
	waits.Ready = func(context.Context) error { return errors.New("never") }
	begin := time.Now()
	_, err := n.Start(limit(t, time.Minute), dies, waits)
	if err == nil || !strings.Contains(err.Error(), "exit status 7") {
		t.Errorf("got %v, want how it died", err)
	}
	t.Logf("failed after %v", time.Since(begin))
	if got := there(t, n.engine, n.engine.run); len(got) != 1 {
		t.Errorf("left: %v, want the network alone", got)
	}
	missing := spec(t, n, "missing", 13)
	missing.Image = "oalab-test/not-there:1"
	if _, err := n.Start(limit(t, time.Minute), missing); err == nil || !strings.Contains(err.Error(), "build or load it") {
		t.Errorf("a missing image: %v, want the remedy", err)
	}
	must(t, n.Remove(limit(t, 20*time.Second)))
	must(t, n.Remove(limit(t, 20*time.Second)))
}

// childRun is the environment variable that makes the test's binary a child which
// starts a host, says so and waits to be killed.
const childRun = "OALAB_TEST_CHILD_RUN"

func child(run string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	e, err := Open(ctx, Options{RunID: run, Keep: strings.HasSuffix(run, "-keep")})
	if err != nil {
		return err
	}
	n, err := e.Network(ctx, "net")
	if err != nil {
		return err
	}
	if !strings.HasSuffix(run, "-keep") {
		s := Spec{Name: "one", Image: os.Getenv(testImage), Addr: n.Addr(11), Cmd: []string{"sh", "-c", idle}, Volumes: []string{"/data"}}
		if _, err := n.Start(ctx, s); err != nil {
			return err
		}
	}
	fmt.Fprintln(os.Stdout, "started")
	select {}
}

// startChild runs a child until it has started its host.
func startChild(t *testing.T, run string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(limit(t, time.Minute), os.Args[0])
	cmd.Env = append(os.Environ(), childRun+"="+run, testImage+"="+baseImage(t))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "started\n" {
		t.Fatalf("the child says %q (%v)", line, err)
	}
	return cmd
}

// volumeOf is the name of the one volume of a container.
func volumeOf(t *testing.T, e *Engine, id string) string {
	t.Helper()
	c, err := e.docker.ContainerInspect(limit(t, 20*time.Second), id, client.ContainerInspectOptions{})
	must(t, err)
	if len(c.Container.Mounts) != 1 || c.Container.Mounts[0].Name == "" || !hasVolume(t, e, c.Container.Mounts[0].Name) {
		t.Fatalf("mounts %+v, want one volume", c.Container.Mounts)
	}
	return c.Container.Mounts[0].Name
}

func hasVolume(t *testing.T, e *Engine, name string) bool {
	t.Helper()
	_, err := e.docker.VolumeInspect(limit(t, 20*time.Second), name, client.VolumeInspectOptions{})
	if err != nil && !errdefs.IsNotFound(err) {
		t.Fatal(err)
	}
	return err == nil
}

// A volume outlives a restart of its host, and goes with it.
func TestVolume(t *testing.T) {
	n := newNetwork(t)
	s := spec(t, n, "one", 11)
	s.Volumes = []string{"/data"}
	hosts, err := n.Start(limit(t, time.Minute), s)
	must(t, err)
	h, ctx := hosts[0], limit(t, time.Minute)
	must(t, h.Run(ctx, "sh", "-c", "echo kept >/data/file"))
	must(t, h.Kill(ctx))
	must(t, h.Start(ctx))
	if r, err := h.Exec(ctx, "cat", "/data/file"); err != nil || r.Output != "kept\n" {
		t.Errorf("after a restart the file has %q, %v", r.Output, err)
	}
	volume := volumeOf(t, n.engine, h.id)
	must(t, h.Remove(ctx))
	if hasVolume(t, n.engine, volume) {
		t.Errorf("volume %s is left", volume)
	}
}

// What a killed process left is removed at the next start; what a living one has, and what
// was to be kept, stays until it is cleaned by name.
func TestLeftovers(t *testing.T) {
	first := engine(t)
	dead, keep := first.run+"-dead", first.run+"-keep"
	killed, kept := startChild(t, dead), startChild(t, keep)
	must(t, kept.Process.Kill())
	_ = kept.Wait()
	one, net := "oalab-"+dead+"-one", "oalab-"+dead+"-net"
	reopen := func() Removed {
		t.Helper()
		begin := time.Now()
		e, err := Open(limit(t, time.Minute), Options{RunID: first.run + "-again"})
		must(t, err)
		t.Logf("opened after %d ms", time.Since(begin).Milliseconds())
		must(t, e.Close())
		return e.Left
	}
	volume := volumeOf(t, first, one)
	reopen()
	if diff := cmp.Diff([]string{net, one}, there(t, first, dead)); diff != "" {
		t.Errorf("of a living process (-want +got):\n%s", diff)
	}
	must(t, killed.Process.Kill())
	_ = killed.Wait()
	if diff := cmp.Diff(Removed{Containers: []string{one}, Networks: []string{net}}, reopen()); diff != "" {
		t.Errorf("told of a killed process (-want +got):\n%s", diff)
	}
	if got := there(t, first, dead); len(got) > 0 {
		t.Errorf("of a killed process: %v is left", got)
	}
	if hasVolume(t, first, volume) {
		t.Errorf("of a killed process: volume %s is left", volume)
	}
	want := []string{"oalab-" + keep + "-net"}
	if diff := cmp.Diff(want, there(t, first, keep)); diff != "" {
		t.Errorf("of one that keeps (-want +got):\n%s", diff)
	}
	removed, err := first.Clean(limit(t, time.Minute), keep)
	must(t, err)
	if diff := cmp.Diff(Removed{Networks: want}, removed); diff != "" {
		t.Errorf("cleaned (-want +got):\n%s", diff)
	}
}

// Down of a run removes what that run keeps, and nothing of another run.
func TestDownOfARun(t *testing.T) {
	first := engine(t)
	one, other := first.run+"-one-keep", first.run+"-other-keep"
	for _, run := range []string{one, other} {
		child := startChild(t, run)
		must(t, child.Process.Kill())
		_ = child.Wait()
	}
	for _, run := range []string{one, other} {
		net := []string{"oalab-" + run + "-net"}
		if diff := cmp.Diff(net, there(t, first, run)); diff != "" {
			t.Errorf("before its turn (-want +got):\n%s", diff)
		}
		got, err := first.Down(limit(t, time.Minute), run)
		must(t, err)
		if diff := cmp.Diff(Removed{Networks: net}, got); diff != "" {
			t.Errorf("removed (-want +got):\n%s", diff)
		}
		if left := there(t, first, run); len(left) > 0 {
			t.Errorf("%v is left", left)
		}
	}
}

// Two networks of one run do not overlap, and both gateways are on this machine.
func TestNetworks(t *testing.T) {
	e := engine(t)
	ctx := limit(t, time.Minute)
	begin := time.Now()
	a, err := e.Network(ctx, "a")
	must(t, err)
	t.Logf("network made after %d ms", time.Since(begin).Milliseconds())
	b, err := e.Network(ctx, "b")
	must(t, err)
	if a.Subnet().Overlaps(b.Subnet()) || !labRange.Overlaps(a.Subnet()) || a.Subnet().Bits() != 24 {
		t.Errorf("subnets %s and %s", a.Subnet(), b.Subnet())
	}
	for _, n := range []*Network{a, b} {
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(n.Gateway().String(), "0"))
		must(t, err)
		must(t, l.Close())
	}
	if _, err := e.Network(ctx, "a"); err == nil {
		t.Error("two networks of one name")
	}
}
