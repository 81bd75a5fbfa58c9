//go:build defects

package oauth_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"oalab/server/internal/defect"
	"oalab/server/internal/oauth"
	"oalab/server/internal/oauth/sessionfiles"
	"oalab/server/internal/oauth/sessiontest"
	"oalab/server/internal/web"
)

// A code whose answer was lost is given to the platform again.
func TestDefectCodeRetried(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		plant defect.Set
		want  int
	}{{nil, 1}, {defect.Set{oauth.DefectCodeRetried}, 2}} {
		p := &fakePlatform{fail: errCut}
		if _, err := oauth.PlantPlatform(tc.plant, p).ExchangeCode(t.Context(), "demo", "code-1"); !errors.Is(err, errCut) {
			t.Errorf("%v: %v", tc.plant, err)
		}
		if got := len(p.exchanges); got != tc.want {
			t.Errorf("%v: %d exchanges, want %d", tc.plant, got, tc.want)
		}
	}
}

// A browser is logged in by a state of another one.
func TestDefectStateNotBound(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		plant defect.Set
		want  int
		seen  string
	}{{nil, http.StatusForbidden, ""}, {defect.Set{oauth.DefectStateNotBound}, http.StatusFound, "oFollower"}} {
		g := newRig(t)
		g.routes = func(s *oauth.Service) []web.Route { return oauth.PlantRoutes(tc.plant, s) }
		g.serve()
		sender, other := g.browser(), g.browser()
		if w := other.get(back(sender.start(""), "code-1")); w.Code != tc.want {
			t.Errorf("%v: %d %s", tc.plant, w.Code, w.Body)
		}
		if who, _ := other.me(); who.OpenID != tc.seen {
			t.Errorf("%v: the browser is %q, want %q", tc.plant, who.OpenID, tc.seen)
		}
	}
}

// A session is known to the server alone that it began at; claims are shared.
func TestDefectSessionLocal(t *testing.T) {
	t.Parallel()
	shared, err := sessionfiles.Open(t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	plant := defect.Set{oauth.DefectSessionLocal}
	here, there := oauth.PlantSessions(plant, shared), oauth.PlantSessions(plant, shared)
	id, ctx := sessiontest.ID(), t.Context()
	if err := here.Create(ctx, id, oauth.Session{OpenID: "oA"}, time.Minute); err != nil {
		t.Fatal(err)
	}
	loaded := func(s oauth.Sessions) string {
		found, err := s.Load(ctx, id)
		if err != nil && !errors.Is(err, oauth.ErrNoSession) {
			t.Error(err)
		}
		return found.OpenID
	}
	if a, b := loaded(here), loaded(there); a != "oA" || b != "" {
		t.Errorf("here %q, there %q", a, b)
	}
	replaced := func(s oauth.Sessions) error { return s.Replace(ctx, id, oauth.Session{OpenID: "oB"}, time.Minute) }
	if err := errors.Join(replaced(here), here.Delete(ctx, id)); err != nil || loaded(here) != "" {
		t.Errorf("%v, %q", err, loaded(here))
	}
	if err := replaced(there); !errors.Is(err, oauth.ErrNoSession) {
		t.Errorf("replaced there: %v", err)
	}
	for i, s := range []oauth.Sessions{here, there} {
		if first, err := s.Claim(context.WithoutCancel(ctx), "k", time.Minute); err != nil || first != (i == 0) {
			t.Errorf("claim %d: %v, %v", i, first, err)
		}
	}
	if oauth.PlantSessions(nil, shared) != oauth.Sessions(shared) {
		t.Error("without the defect the sessions are others")
	}
}
