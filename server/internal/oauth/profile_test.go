package oauth_test

import (
	"bytes"
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/server/internal/oauth"
)

// TestTokensAreSealedAtRest: a row without the key says nothing, and is good for its own
// follower alone.
func TestTokensAreSealedAtRest(t *testing.T) {
	t.Parallel()
	g := newRig(t)
	g.browser().login("?scope=userinfo", "C1")
	u := g.users.kept["demo|oFollower"]
	for _, at := range [][]byte{u.Tokens.Access, u.Tokens.Refresh} {
		if len(at) < 20 || bytes.Contains(at, []byte("ACCESS")) || bytes.Contains(at, []byte("REFRESH")) {
			t.Errorf("at rest: %q", at)
		}
	}
	keys, err := oauth.NewKeyring(key, "")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := keys.Open(u.Tokens.KeyID, u.Tokens.Access, "access demo oFollower"); err != nil || string(got) != "ACCESS-1" {
		t.Errorf("%q, %v", got, err)
	}
	for _, purpose := range []string{"access demo oOther", "access second oFollower", "refresh demo oFollower"} {
		if _, err := keys.Open(u.Tokens.KeyID, u.Tokens.Access, purpose); err == nil {
			t.Errorf("opened as %s", purpose)
		}
	}
	flipped := bytes.Clone(u.Tokens.Access)
	flipped[len(flipped)-1] ^= 1
	if _, err := keys.Open(u.Tokens.KeyID, flipped, "access demo oFollower"); err == nil {
		t.Error("a changed row is opened")
	}
	// After the key has changed the row can be read, and its id says by which key.
	next, err := oauth.NewKeyring("another key of at least 32 characters", key)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := next.Open(u.Tokens.KeyID, u.Tokens.Refresh, "refresh demo oFollower"); err != nil || string(got) != "REFRESH-1" {
		t.Errorf("under the previous key: %q, %v", got, err)
	}
	if id, _ := next.Seal(nil, ""); id == u.Tokens.KeyID {
		t.Error("both keys have one id")
	}
}

// TestProfiles: a profile is fetched once a day, by the tokens that are kept, and an outage
// shows the kept one (OAU-5).
func TestProfiles(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newRig(t)
		b := g.browser()
		b.login("?scope=userinfo", "C1")
		name := func(b *browser, want string) {
			t.Helper()
			if who, status := b.me(); status != http.StatusOK || who.Nickname != want {
				t.Errorf("%d %q, want %q", status, who.Nickname, want)
			}
		}
		name(b, "流量😀")
		g.platform.set(func(p *fakePlatform) { p.nickname = "other" })
		other := g.browser() // the follower's other phone
		other.login("?scope=userinfo", "C2")
		name(other, "流量😀")
		if g.platform.profiles != 1 {
			t.Errorf("%d profiles fetched within a day", g.platform.profiles)
		}
		<-time.After(25 * time.Hour)
		g.platform.set(func(p *fakePlatform) { p.fail, p.noProfile = errCut, errCut })
		asked := g.platform.calls()
		name(b, "流量😀") // away: the kept one
		if g.platform.calls() == asked {
			t.Error("no newer profile was asked for")
		}
		asked = g.platform.calls()
		name(b, "流量😀")
		if g.platform.calls() != asked {
			t.Error("each visit asks the platform while it is away")
		}
		g.platform.set(func(p *fakePlatform) { p.fail, p.noProfile = nil, nil })
		<-time.After(6 * time.Minute)
		refreshed := len(g.platform.refreshes)
		name(b, "other")
		name(b, "other")
		if diff := cmp.Diff([]string{"REFRESH-1"}, g.platform.refreshes[refreshed:]); diff != "" {
			t.Errorf("refreshes\n%s", diff)
		}
		name(other, "other")
		if len(g.platform.refreshes) != refreshed+1 {
			t.Error("the second phone has asked the platform again")
		}
		// A login while profiles cannot be had ends in a session, too.
		<-time.After(25 * time.Hour)
		g.platform.set(func(p *fakePlatform) { p.noProfile = errCut })
		late := g.browser()
		late.login("?scope=userinfo", "C3")
		name(late, "other")
	})
}

// TestProfileStoreAway: a login is not refused for the sake of its profile.
func TestProfileStoreAway(t *testing.T) {
	t.Parallel()
	g := newRig(t)
	g.users.fail = errAway
	b := g.browser()
	want(t, "login", b.login("?scope=userinfo&return=/c/demo/x", "C1"), http.StatusFound, "/c/demo/x")
	if who, status := b.me(); status != http.StatusOK || who.OpenID != "oFollower" {
		t.Errorf("%d %+v", status, who)
	}
}

// TestSnapshot: a follower whose openid is made up is marked so, and no profile is kept.
func TestSnapshot(t *testing.T) {
	t.Parallel()
	g := newRig(t)
	g.platform.grant.Snapshot = true
	b := g.browser()
	b.login("?scope=userinfo", "C1")
	if who, _ := b.me(); !who.Snapshot || who.Nickname != "" || len(g.users.kept) != 0 {
		t.Errorf("%+v, %d users", who, len(g.users.kept))
	}
	// Out of the snapshot the follower can log in: the session with the made-up openid is no answer.
	g.platform.grant.Snapshot = false
	b.login("?scope=userinfo", "C2")
	if who, _ := b.me(); who.Snapshot || who.Nickname != "流量😀" {
		t.Errorf("after the snapshot: %+v", who)
	}
}

// TestASilentStoreHoldsNoLoginUp: a login is over before a load balancer gives the server up, and
// its session is there before the profile is kept.
func TestASilentStoreHoldsNoLoginUp(t *testing.T) {
	t.Parallel()
	for name, mute := range map[string]func(*fakeUsers){
		"reads": func(u *fakeUsers) { u.muteLoad = true }, "writes": func(u *fakeUsers) { u.muteSave = true },
	} {
		synctest.Test(t, func(t *testing.T) {
			g := newRig(t)
			g.sessions = remoteSessions{g.sessions}
			g.serve()
			mute(g.users)
			b, began := g.browser(), time.Now()
			want(t, name, b.login("?scope=userinfo&return=/c/demo/x", "C1"), http.StatusFound, "/c/demo/x")
			if took := time.Since(began); took >= 2*time.Second {
				t.Errorf("%s: a login took %v", name, took)
			}
		})
	}
}

// remoteSessions are asked over a network: not by a request that has ended.
type remoteSessions struct{ oauth.Sessions }

func (r remoteSessions) Create(ctx context.Context, id string, s oauth.Session, life time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return r.Sessions.Create(ctx, id, s, life)
}

func (r remoteSessions) Replace(ctx context.Context, id string, s oauth.Session, life time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return r.Sessions.Replace(ctx, id, s, life)
}

// TestASilentPlatformHoldsNoFollowerUp: while profiles are not answered, logins and visits are
// over before a load balancer gives a server up, with the kept profile (OAU-5).
func TestASilentPlatformHoldsNoFollowerUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newRig(t)
		g.sessions = remoteSessions{g.sessions}
		g.serve()
		g.platform.set(func(p *fakePlatform) { p.mute = true })
		began := time.Now()
		intime := func(what string) {
			t.Helper()
			if took := time.Since(began); took >= 2*time.Second {
				t.Errorf("%s took %v", what, took)
			}
			began = time.Now()
		}
		name := func(b *browser, want string) {
			t.Helper()
			if who, status := b.me(); status != http.StatusOK || who.Nickname != want {
				t.Errorf("%d %q, want %q", status, who.Nickname, want)
			}
			intime("a visit")
		}
		b := g.browser()
		want(t, "login", b.login("?scope=userinfo&return=/c/demo/x", "C1"), http.StatusFound, "/c/demo/x")
		intime("a login")
		// This browser hangs up while its visit waits. The server still keeps that it has asked the platform.
		ctx, cancel := context.WithTimeout(t.Context(), time.Second/2)
		defer cancel()
		b.within(ctx, http.MethodGet, "/api/v1/login/demo/me", "")
		intime("a visit that was left")
		asked := g.platform.calls()
		name(b, "")
		if g.platform.calls() != asked {
			t.Error("each visit asks the platform while it is silent")
		}
		<-time.After(6 * time.Minute)
		g.platform.set(func(p *fakePlatform) { p.mute = false })
		began = time.Now()
		name(b, "流量😀") // by the tokens of the login
		<-time.After(25 * time.Hour)
		g.platform.set(func(p *fakePlatform) { p.mute = true })
		began = time.Now()
		name(b, "流量😀")
		other := g.browser()
		other.login("?scope=userinfo", "C2")
		intime("a login with a kept profile")
		name(other, "流量😀")
	})
}
