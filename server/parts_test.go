package server

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/server/internal/part"
	"oalab/server/internal/web"
)

// Parts start in the order in which they are mounted, and stop in the reverse one: the loops
// of a part before what its Start began.
func TestPartsStopInReverse(t *testing.T) {
	t.Parallel()
	s := &Server{log: slog.New(slog.DiscardHandler), ready: &readiness{}}
	var steps []string
	step := func(what string) { steps = append(steps, what) }
	mount := func(name string) {
		s.mount(part.Part{
			Name:  name,
			Start: func() { step("start " + name) },
			Stop:  func(context.Context) error { step("stop " + name); return nil },
			Loops: []part.Loop{{Name: "loop of " + name, Run: func(ctx context.Context) error {
				<-ctx.Done()
				step("end loop of " + name)
				return nil
			}}},
		})
	}
	mount("first")
	s.mount(part.Part{}) // gives nothing
	mount("second")
	for _, p := range s.parts {
		s.begin(p)
	}
	if err := s.stops.unwind(t.Context(), time.Minute); err != nil {
		t.Error(err)
	}
	want := []string{"start first", "start second", "end loop of second", "stop second", "end loop of first", "stop first"}
	if diff := cmp.Diff(want, steps); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// A worker without a part that gives the handlers of its job types does not start; a server
// that does no jobs knows the types alone.
func TestAWorkerNeedsHandlers(t *testing.T) {
	t.Parallel()
	b := newBuild(t.Context(), &Server{cfg: Default(), roles: roles{RoleWorker: true}, ready: &readiness{}})
	if types, err := b.handlers(); err == nil {
		t.Errorf("taken: %v", types.Kinds())
	}
	b.roles = roles{RoleCallback: true}
	if types, err := b.handlers(); err != nil || len(types) == 0 {
		t.Errorf("%v, %v", types.Kinds(), err)
	}
}

// A part without which the server is only slower does not make it unready.
func TestHealthOfParts(t *testing.T) {
	t.Parallel()
	s := &Server{ready: &readiness{}}
	away := errors.New("away")
	ask := func(context.Context) error { return away }
	s.mount(part.Part{Health: []part.Health{{Name: "truth", Ask: ask}, {Name: "cache", Ask: ask, Dispensable: true}}})
	got := s.ready.Check(t.Context())
	if _, dispensable := errors.AsType[*web.DispensableError](got["cache"]); !dispensable || !errors.Is(got["truth"], away) || !errors.Is(got["server"], errStarting) {
		t.Errorf("%v", got)
	}
}
