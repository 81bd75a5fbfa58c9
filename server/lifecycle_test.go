package server

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestUnwindRunsAllStopsInReverse(t *testing.T) {
	t.Parallel()
	var l lifecycle
	var order []string
	bad, worse := errors.New("bad"), errors.New("worse")
	l.push("a", func(context.Context) error { order = append(order, "a"); return bad })
	l.push("b", func(context.Context) error { order = append(order, "b"); return nil })
	l.push("c", func(context.Context) error { order = append(order, "c"); return worse })
	err := l.unwind(t.Context(), time.Second)
	if !slices.Equal(order, []string{"c", "b", "a"}) {
		t.Errorf("order %v", order)
	}
	if !errors.Is(err, bad) || !errors.Is(err, worse) || err.Error() != "stop c: worse\nstop a: bad" {
		t.Errorf("error %v", err)
	}
	if again := l.unwind(t.Context(), time.Second); again == nil || again.Error() != err.Error() || len(order) != 3 {
		t.Errorf("second unwind: %v, order %v", again, order)
	}
}

func TestUnwindIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l lifecycle
		release := make(chan struct{})
		stopped := false
		l.push("first", func(context.Context) error { stopped = true; return nil })
		l.push("hangs", func(context.Context) error { <-release; return nil })
		l.push("slow", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		start := time.Now()
		err := l.unwind(t.Context(), 5*time.Second)
		if took := time.Since(start); took != 5*time.Second+stopGrace {
			t.Errorf("took %v", took)
		}
		if !stopped || !errors.Is(err, errHangs) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("first stopped %v, error %v", stopped, err)
		}
		close(release)
	})
}

func TestParseRoles(t *testing.T) {
	t.Parallel()
	for list, want := range map[string][]string{
		"": {"callback", "campaign", "control", "oauth", "worker"}, "all": {"callback", "campaign", "control", "oauth", "worker"}, "worker": {"worker"},
		"callback": {"callback"}, "worker, callback": {"callback", "worker"}, "worker,all": {"callback", "campaign", "control", "oauth", "worker"},
		"scaler": {"scaler"}, "oauth": {"oauth"}, "control": {"control"}, "campaign": {"campaign"},
	} {
		r, err := parseRoles(ParseRoles(list))
		if err != nil || !slices.Equal(r.names(), want) {
			t.Errorf("%q: %v, %v, want %v", list, r.names(), err, want)
		}
	}
	for list, want := range map[string]string{
		"admin":           `role "admin" is not available yet; there are all, callback, campaign, control, oauth, scaler, worker`,
		"callback,scaler": `role scaler runs alone, on a host of its own`,
		"workers":         `role "workers" does not exist; there are all, callback, campaign, control, oauth, scaler, worker`,
	} {
		if _, err := parseRoles(ParseRoles(list)); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", list, err, want)
		}
	}
}

func TestReadinessTurnsRedBeforeAnythingStops(t *testing.T) {
	t.Parallel()
	cfg := Default()
	cfg.Listen, cfg.DataDir = "127.0.0.1:0", t.TempDir()
	s, err := New(t.Context(), cfg, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.ready.Check(t.Context())["server"]; !errors.Is(got, errStarting) {
		t.Errorf("before Start: %v", got)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if parts := s.ready.Check(t.Context()); parts["server"] != nil || parts["database"] != nil {
		t.Errorf("after Start: %v", parts)
	}
	var during map[string]error
	s.stops.stops = slices.Insert(s.stops.stops, len(s.stops.stops)-1, namedStop{"look", func(ctx context.Context) error {
		during = s.ready.Check(ctx)
		return nil
	}})
	if err := s.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if !errors.Is(during["server"], errStopping) || during["database"] != nil {
		t.Errorf("while stopping: %v", during)
	}
}
