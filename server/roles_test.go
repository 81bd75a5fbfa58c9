package server

import (
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/server/internal/telemetry"
)

// TestEachRoleOpensWhatItNeeds counts what parts share and a role has opened: a role takes
// none of the connections of another one (OAU-7).
func TestEachRoleOpensWhatItNeeds(t *testing.T) {
	t.Parallel()
	work := []string{"business", "carrier", "core", "phones", "queue", "redis", "relay", "tokens", "wechat", "worker"}
	for _, test := range []struct {
		roles string
		want  []string // sorted
	}{
		{RoleScaler, nil},
		{RoleOAuth, []string{"core", "redis", "tickets", "tokens", "wechat"}},
		{RoleWorker, work},
		{RoleCallback, append([]string{"copies", "keywords", "log"}, work...)},
		{RoleAll, append([]string{"copies", "keywords", "log", "tickets"}, work...)},
	} {
		t.Run(test.roles, func(t *testing.T) {
			t.Parallel()
			cfg := Default()
			cfg.DataDir = t.TempDir()
			cfg.Scaler.Servers = slices.Repeat([]string{"127.0.0.1:1"}, 5)
			r, err := parseRoles(ParseRoles(test.roles))
			if err != nil {
				t.Fatal(err)
			}
			s := &Server{cfg: cfg, roles: r, log: slog.New(slog.DiscardHandler), ready: &readiness{}, reg: telemetry.NewRegistry()}
			b := newBuild(t.Context(), s)
			if err := b.all(); err != nil {
				t.Error(err)
			}
			if err := s.stops.unwind(t.Context(), time.Minute); err != nil {
				t.Error(err)
			}
			slices.Sort(b.opened)
			want := slices.Sorted(slices.Values(test.want))
			if diff := cmp.Diff(want, b.opened); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}
