package server

import (
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/server/internal/signedapi"
	"oalab/server/internal/telemetry"
)

// TestSharedIsOpenedOnce: the second part to ask gets what the first one got, the error too,
// and what needs itself is an error instead of a start that never ends.
func TestSharedIsOpenedOnce(t *testing.T) {
	t.Parallel()
	b := newBuild(t.Context(), &Server{})
	opens := 0
	open := func() (int, error) { opens++; return opens, nil }
	for range 2 {
		if got, err := shared(b, "number", open); got != 1 || err != nil {
			t.Errorf("%d, %v", got, err)
		}
	}
	for range 2 {
		if _, err := shared(b, "broken", func() (int, error) { opens++; return 0, errStopping }); !errors.Is(err, errStopping) {
			t.Errorf("%v", err)
		}
	}
	if opens != 2 {
		t.Errorf("opened %d times", opens)
	}
	var itself func() (int, error)
	itself = func() (int, error) { return shared(b, "itself", itself) }
	if _, err := itself(); err == nil {
		t.Error("something that needs itself was opened")
	}
	if _, err := shared(b, "number", func() (string, error) { return "", nil }); err == nil {
		t.Error("one name was given two types")
	}
	if diff := cmp.Diff([]string{"number", "broken", "itself"}, b.opened); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestEachRoleOpensWhatItNeeds counts what parts share and a role has opened: a role takes
// none of the connections of another one (OAU-7).
func TestEachRoleOpensWhatItNeeds(t *testing.T) {
	t.Parallel()
	work := []string{"business", "carrier", "core", "phones", "queue", "redis", "relay", "stores", "tokens", "wechat", "worker"}
	for _, test := range []struct {
		roles string
		want  []string // sorted
	}{
		{RoleScaler, nil},
		{RoleOAuth, []string{"core", "login", "redis", "tickets", "tokens", "wechat"}},
		{RoleControl, []string{"core", "redis", "tickets", "tokens", "wechat"}},
		{RoleCampaign, []string{"core", "log rows", "login", "phones", "redis", "stores", "tickets", "tokens", "wechat"}},
		{RoleWorker, append([]string{"files", "media"}, work...)},
		{RoleCallback, append([]string{"contexts", "copies", "copies of media", "keywords", "log", "log rows"}, work...)},
		{RoleAll, append([]string{"contexts", "copies", "copies of media", "files", "keywords", "log", "log rows", "login", "media", "tickets"}, work...)},
	} {
		t.Run(test.roles, func(t *testing.T) {
			t.Parallel()
			cfg := Default()
			cfg.DataDir = t.TempDir()
			cfg.API.Apps = []signedapi.App{{Name: "app", Secret: Secret(strings.Repeat("s", 32)), Rights: []string{"tokens"}}}
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
