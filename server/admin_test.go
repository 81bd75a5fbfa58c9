package server_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"oalab/server"
	"oalab/server/internal/servertest"
)

// TestAdminListen: with an address of their own, /readyz and /metrics are nowhere else
// (SEC-3): they name the parts of the system with their errors.
func TestAdminListen(t *testing.T) {
	t.Parallel()
	cfg := servertest.Config(t)
	cfg.AdminListen = "127.0.0.1:0"
	s := servertest.Start(t, cfg)
	for _, tc := range []struct {
		address, path string
		want          int
	}{
		{s.Addr(), "/healthz", 200},
		{s.Addr(), "/readyz", 404},
		{s.Addr(), "/metrics", 404},
		{s.Addr(), "/wechat/demo", 403},
		{s.AdminAddr(), "/healthz", 200},
		{s.AdminAddr(), "/readyz", 200},
		{s.AdminAddr(), "/metrics", 200},
		{s.AdminAddr(), "/wechat/demo", 404},
	} {
		if got := statusOf(t, "http://"+tc.address+tc.path); got != tc.want {
			t.Errorf("%s of %s: status %d, want %d", tc.path, tc.address, got, tc.want)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := s.Stop(ctx); err != nil {
		t.Error(err)
	}
	taken := servertest.Config(t)
	blocker := servertest.Start(t, servertest.Config(t))
	taken.AdminListen = blocker.Addr()
	busy, err := server.New(t.Context(), taken, server.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := busy.Start(t.Context()); err == nil {
		t.Error("an admin_listen that is in use: no error")
	}
}

func statusOf(t *testing.T, url string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}
