package host

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/chaos"
)

var errPlanted = errors.New("planted failure")

// shell is a box that notes what is run on it.
type shell struct {
	*box
	ran [][]string
	err error
}

func (s *shell) Run(ctx context.Context, command ...string) error {
	s.ran = append(s.ran, command)
	return errors.Join(s.err, s.box.Run(ctx, command...))
}

// TestWithout: the file goes before the process and comes back before it.
func TestWithout(t *testing.T) {
	s := &shell{box: newBox()}
	f := Without(Kill("f", "t", s), s, "/usr/sbin/nginx")
	must(t, f.Inject(t.Context()))
	must(t, f.Recover(t.Context()))
	want := [][]string{
		{"mv", "/usr/sbin/nginx", "/usr/sbin/nginx.away"},
		{"sh", "-c", `[ ! -e "$2" ] || mv "$2" "$1"`, "oalab-back", "/usr/sbin/nginx", "/usr/sbin/nginx.away"},
	}
	if diff := cmp.Diff(want, s.ran); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"run", "kill", "run", "start"}, s.calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	s.err = errPlanted
	if err := f.Inject(t.Context()); !errors.Is(err, errPlanted) || len(s.calls) != 5 {
		t.Errorf("Inject returned %v after %v, want the planted error and no kill", err, s.calls)
	}
}

// TestRules: the table is set, and destroyed by its name.
func TestRules(t *testing.T) {
	s := &shell{box: newBox()}
	f := Rules("f", "t", s, "oalab_link", "table inet oalab_link { }")
	must(t, f.Inject(t.Context()))
	must(t, f.Recover(t.Context()))
	if set := s.ran[0]; set[3] != "oalab_link" || set[4] != "table inet oalab_link { }" {
		t.Errorf("set by %q", set)
	}
	if diff := cmp.Diff([]string{"nft", "destroy table inet oalab_link"}, s.ran[1]); diff != "" {
		t.Errorf("destroyed by (-want +got):\n%s", diff)
	}
	s.err = errPlanted
	if err := f.Inject(t.Context()); !errors.Is(err, errPlanted) {
		t.Errorf("Inject returned %v, want the planted error", err)
	}
}

// TestDeploy: a server leaves the lists before it stops, and comes back when it is ready.
func TestDeploy(t *testing.T) {
	b := newBox()
	b.lag = 0
	note := func(what string) func(context.Context) error {
		return func(context.Context) error { return b.do(what, func() {}) }
	}
	f := Deploy("f", "t", b, note("out"), note("in"))
	ctx := limit(t, 10*time.Second)
	must(t, f.Inject(ctx))
	must(t, f.AwaitEffect(ctx))
	must(t, f.Recover(ctx))
	must(t, f.AwaitHealed(ctx))
	if diff := cmp.Diff([]string{"out", "stop", "start", "in"}, b.calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	b.fail["out"] = errPlanted
	if err := f.Inject(ctx); !errors.Is(err, errPlanted) || slices.Contains(b.calls[4:], "stop") {
		t.Errorf("Inject returned %v after %v, want the planted error and no stop", err, b.calls[4:])
	}
}

// TestThenHalt: the survivor is halted for the length once it is ready, and goes on also if
// the step is given up.
func TestThenHalt(t *testing.T) {
	for _, tc := range []struct {
		name   string
		within time.Duration
		want   error
	}{{"whole", time.Minute, nil}, {"given up", time.Second, context.DeadlineExceeded}} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				survivor := newBox()
				ready := func(context.Context) error { return survivor.do("ready", func() {}) }
				f := ThenHalt(chaos.Noop{}, survivor, ready, 3*time.Second)
				ctx, cancel := context.WithTimeout(t.Context(), tc.within)
				defer cancel()
				began := time.Now()
				if err := f.AwaitEffect(ctx); !errors.Is(err, tc.want) {
					t.Errorf("AwaitEffect returned %v, want %v", err, tc.want)
				}
				if took, want := time.Since(began), min(3*time.Second, tc.within); took != want {
					t.Errorf("halted for %v, want %v", took, want)
				}
				if diff := cmp.Diff([]string{"ready", "freeze", "thaw"}, survivor.calls); diff != "" {
					t.Errorf("calls (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestInEffect: the condition is awaited after the fault's own effect, and the promise of a
// fault that lasts is kept.
func TestInEffect(t *testing.T) {
	looks := 0
	look := func(context.Context) error {
		if looks++; looks < 3 {
			return errPlanted
		}
		return nil
	}
	b := newBox()
	f := InEffect(Kill("f", "t", b), "it shows", look)
	ctx := limit(t, 10*time.Second)
	must(t, f.Inject(ctx))
	must(t, f.AwaitEffect(ctx))
	if looks != 3 {
		t.Errorf("in effect after %d looks, want 3", looks)
	}
	if l, ok := f.(chaos.Lasting); !ok || l.MinFor() != MinDown {
		t.Error("the promise of the kill was lost")
	}
	if _, ok := InEffect(Stop("f", "t", b), "it shows", look).(chaos.Lasting); ok {
		t.Error("a stop promises a length")
	}
	looks = -1000
	late, cancel := short(t.Context())
	defer cancel()
	if err := f.AwaitEffect(late); !errors.Is(err, errPlanted) {
		t.Errorf("AwaitEffect returned %v, want what was last seen", err)
	}
}
