package container

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"oalab/scenarios/topology/image"
)

// TestMain is also the child of the tests about what a killed process leaves.
func TestMain(m *testing.M) {
	if run := os.Getenv(childRun); run != "" {
		fmt.Fprintln(os.Stderr, child(run))
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

// testImage names an image for the tests' hosts in place of the lab's own base, for
// instance one that takes less time to make.
const testImage = "OALAB_TEST_IMAGE"

// baseTimeout bounds the building of the base image, which is done once on a machine.
const baseTimeout = 3 * time.Minute

// base is the image of the tests' hosts, and why there is none.
var base = sync.OnceValues(func() (string, error) {
	if ref := os.Getenv(testImage); ref != "" {
		return ref, nil
	}
	docker, err := image.Connect(os.Getenv("DOCKER_HOST"))
	if err != nil {
		return "", err
	}
	defer docker.Close()
	ctx, cancel := context.WithTimeout(context.Background(), baseTimeout)
	defer cancel()
	b, err := image.New(docker, image.Options{})
	if err != nil {
		return "", err
	}
	built, err := b.Ensure(ctx, image.Base)
	if err != nil {
		return "", err
	}
	return built[image.Base].Ref, nil
})

// baseImage is the image of the tests' hosts; without one the test is skipped loudly,
// or fails where OALAB_REQUIRE asks for Docker.
func baseImage(t *testing.T) string {
	t.Helper()
	ref, err := base()
	if err != nil {
		skip(t, fmt.Sprintf("no image for hosts: %v. Remedy: oalab images, or set %s to a Debian image with nftables, iproute2 and procps", err, testImage))
	}
	return ref
}

func skip(t *testing.T, why string) {
	t.Helper()
	if slices.Contains(strings.Split(os.Getenv("OALAB_REQUIRE"), ","), "docker") {
		t.Fatal(why + "\nOALAB_REQUIRE names docker, so this may not be skipped")
	}
	t.Skip("SKIPPED: " + why)
}

// engine opens Docker for a run of its own, all of which is removed at the end.
func engine(t *testing.T) *Engine {
	t.Helper()
	e, err := Open(limit(t, 30*time.Second), Options{RunID: runID(t)})
	if u, ok := errors.AsType[*UnavailableError](err); ok {
		skip(t, u.Error())
	}
	must(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
		defer cancel()
		if err := e.Remove(ctx); err != nil {
			t.Errorf("clean up: %v", err)
		}
		if err := e.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return e
}

// runID tells the tests of one process from those of another.
func runID(t *testing.T) string {
	t.Helper()
	return fmt.Sprintf("test-%d-%s", os.Getpid(), strings.ToLower(filepath.Base(t.Name())))
}

func newNetwork(t *testing.T) *Network {
	t.Helper()
	n, err := engine(t).Network(limit(t, 30*time.Second), "net")
	must(t, err)
	return n
}

// spec is a host that does nothing until it is told to.
func spec(t *testing.T, n *Network, name string, last byte) Spec {
	t.Helper()
	log := filepath.Join(t.TempDir(), name+".log")
	return Spec{
		Name: name, Image: baseImage(t), Addr: n.Addr(last), LogPath: log, Cmd: []string{"sh", "-c", idle},
		Ready: func(context.Context) error {
			text, err := os.ReadFile(log)
			if life := strings.LastIndex(string(text), "=== start"); err == nil && !strings.Contains(string(text)[max(life, 0):], "\nup\n") {
				err = errors.New("its last life does not say that it is up")
			}
			return err
		},
	}
}

func limit(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// idle is a host that waits, stops when it is asked to, and is deaf when told so.
const idle = `trap '[ -e /deaf ] || { echo asked to stop; exit 0; }' TERM; echo up; while :; do sleep 1000 & wait $!; done`
