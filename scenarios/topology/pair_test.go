package topology

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"oalab/chaos"
	"oalab/scenarios/topology/container"
	"oalab/scenarios/topology/image"
)

// pairTimeout bounds the start of a pair; its images may have to be built first.
const pairTimeout = 3 * time.Minute

// startPair starts the load balancers of a layout, and its generator, without stores
// and app servers: what Nginx speaks to is the handler, in this process. change sees
// each host's specification before it is made; nil changes nothing. Without Docker the
// test is skipped loudly, or fails where OALAB_REQUIRE asks for it.
func startPair(t *testing.T, layout Layout, app http.Handler, change func(*docker, *container.Spec)) *docker {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), pairTimeout)
	defer cancel()
	engine, err := container.Open(ctx, container.Options{RunID: runID()})
	if err != nil {
		skipWithoutDocker(t, err)
	}
	d := &docker{
		spec: Spec{LogDir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)}, layout: layout.withDefaults(),
		engine: engine, hosts: map[chaos.Target]*container.Host{},
	}
	t.Cleanup(func() {
		stop, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
		defer cancel()
		if err := d.Stop(stop); err != nil {
			t.Errorf("clean up: %v", err)
		}
	})
	if layout.Generator {
		d.spec.Oalab = program(ctx, t, "oalab")
	}
	if d.scaling() {
		d.spec.Oaserver = program(ctx, t, "oaserver")
	}
	must(t, d.ensureImages(ctx, append(d.generatorImages(), image.LB)...))
	d.network, err = engine.Network(ctx, "net")
	must(t, err)
	backend := listen(t, d, app)
	scalers, err := d.scalers()
	must(t, err)
	specs := append(d.balancers(scalers), d.generators()...)
	for i := range specs {
		if _, ok := specs[i].Env["UPSTREAMS"]; ok {
			specs[i].Env["UPSTREAMS"] = backend
		}
		if change != nil {
			change(d, &specs[i])
		}
	}
	must(t, d.launch(ctx, specs...))
	must(t, poll(ctx, "the virtual IP is at home", func(ctx context.Context) error { return d.AddressAt(ctx, HostLB1) }))
	return d
}

// listen serves a handler on the network's gateway, which hosts reach.
func listen(t *testing.T, d *docker, h http.Handler) (addr string) {
	t.Helper()
	ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", net.JoinHostPort(d.network.Gateway().String(), "0"))
	must(t, err)
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}
	var served sync.WaitGroup
	served.Go(func() { _ = srv.Serve(ln) }) // it ends by being closed
	t.Cleanup(func() {
		_ = srv.Close() // the test needs no more answers
		served.Wait()
	})
	return ln.Addr().String()
}

// program is a binary of this module: that on PATH, as in make test, or a fresh one.
func program(ctx context.Context, t *testing.T, name string) string {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	path := filepath.Join(t.TempDir(), name)
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", path, "oalab/cmd/"+name)
	build.Env = append(build.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v: %s", name, err, out)
	}
	return path
}

func skipWithoutDocker(t *testing.T, err error) {
	t.Helper()
	if slices.Contains(strings.Split(os.Getenv("OALAB_REQUIRE"), ","), "docker") {
		t.Fatalf("%v\nOALAB_REQUIRE names docker, so this may not be skipped", err)
	}
	t.Skipf("SKIPPED: %v", err)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// success answers as a back end that does nothing.
func success(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, "success") }
