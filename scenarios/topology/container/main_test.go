package container

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// TestMain is also the child of the tests about what a killed process leaves.
func TestMain(m *testing.M) {
	if run := os.Getenv(childRun); run != "" {
		fmt.Fprintln(os.Stderr, child(run))
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

// image is the image of the tests' hosts; without one the tests with Docker are
// skipped loudly, or fail where OALAB_REQUIRE asks for them.
func image(t *testing.T) string {
	t.Helper()
	if ref := os.Getenv("OALAB_TEST_IMAGE"); ref != "" {
		return ref
	}
	skip(t, "no image for hosts given. Remedy: set OALAB_TEST_IMAGE to a Debian image with nftables, iproute2 and procps")
	return ""
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
	image(t)
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
		Name: name, Image: image(t), Addr: n.Addr(last), LogPath: log, Cmd: []string{"sh", "-c", idle},
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
