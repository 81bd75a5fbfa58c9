// Package sessiontest is what every store of sessions must do. It is for tests only.
package sessiontest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/server/internal/oauth"
)

// ID is one that no other test has.
func ID() string {
	sum := sha256.Sum256([]byte(rand.Text()))
	return hex.EncodeToString(sum[:])
}

func session() oauth.Session {
	now := time.Now().UTC().Truncate(time.Second)
	return oauth.Session{
		Account: "demo", OpenID: "oFollower", UnionID: "u", Scope: oauth.ScopeUser, Snapshot: true,
		Profile: oauth.Profile{Nickname: "流量😀\"<", Picture: "http://p/0", At: now}, Began: now, Seen: now,
	}
}

// Run runs the suite. open gives stores that share what they keep; the second one may be
// the first one.
func Run(t *testing.T, open func(t *testing.T) (first, second oauth.Sessions)) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, oauth.Sessions, oauth.Sessions){
		"a session is kept as it was given": kept, "a session ends by its life": ends, "a deleted session stays deleted": deleted,
		"a claim is the first one's": claimed, "a claim ends by its life": claimEnds,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first, second := open(t)
			test(t, first, second)
		})
	}
}

func load(t *testing.T, s oauth.Sessions, id string) (oauth.Session, bool) {
	t.Helper()
	got, err := s.Load(t.Context(), id)
	if err != nil && !errors.Is(err, oauth.ErrNoSession) {
		t.Fatal(err)
	}
	return got, err == nil
}

func kept(t *testing.T, first, second oauth.Sessions) { //nolint:thelper // a part of the suite is a test
	id, want := ID(), session()
	if err := first.Create(t.Context(), id, want, time.Minute); err != nil {
		t.Fatal(err)
	}
	got, _ := load(t, second, id)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	want.Seen, want.Profile.Nickname = want.Seen.Add(time.Hour), "other"
	if err := second.Replace(t.Context(), id, want, time.Minute); err != nil {
		t.Fatal(err)
	}
	got, _ = load(t, first, id)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("replaced: -want +got\n%s", diff)
	}
	for _, none := range []string{"", "../../etc/passwd", ID(), id + "0"} {
		if _, there := load(t, first, none); there {
			t.Errorf("session %q exists", none)
		}
	}
}

// short is a life that a test can wait for. A store may end it somewhat late.
const short = 300 * time.Millisecond

func ends(t *testing.T, s, _ oauth.Sessions) { //nolint:thelper // as above
	id, began := ID(), time.Now()
	if err := s.Create(t.Context(), id, session(), short); err != nil {
		t.Fatal(err)
	}
	await(t, func() bool { _, there := load(t, s, id); return !there })
	// The clock of the embedded Redis goes in steps, so a life may be shorter by one of them.
	if lived := time.Since(began); lived < short/2 {
		t.Errorf("it lived %v, want %v", lived, short)
	}
	if err := s.Replace(t.Context(), id, session(), time.Minute); !errors.Is(err, oauth.ErrNoSession) {
		t.Errorf("a session that has ended is replaced: %v", err)
	}
	// A later life counts, not the first one.
	id = ID()
	if err := errors.Join(s.Create(t.Context(), id, session(), short), s.Replace(t.Context(), id, session(), time.Minute)); err != nil {
		t.Fatal(err)
	}
	<-time.After(2 * short)
	if _, there := load(t, s, id); !there {
		t.Error("a session ended by the life from before")
	}
}

func deleted(t *testing.T, first, second oauth.Sessions) { //nolint:thelper // as above
	id := ID()
	if err := errors.Join(first.Create(t.Context(), id, session(), time.Minute), second.Delete(t.Context(), id)); err != nil {
		t.Fatal(err)
	}
	if _, there := load(t, first, id); there {
		t.Error("a deleted session is there")
	}
	if err := first.Replace(t.Context(), id, session(), time.Minute); !errors.Is(err, oauth.ErrNoSession) {
		t.Errorf("a visit brings a deleted session back: %v", err)
	}
	if err := errors.Join(first.Delete(t.Context(), id), first.Delete(t.Context(), "")); err != nil {
		t.Errorf("deleted twice: %v", err)
	}
}

func claimed(t *testing.T, first, second oauth.Sessions) { //nolint:thelper // as above
	key := "state:" + ID()
	var won atomic.Int64
	var wg sync.WaitGroup
	for i := range 16 {
		s := first
		if i%2 == 1 {
			s = second
		}
		wg.Go(func() {
			mine, err := s.Claim(t.Context(), key, time.Minute)
			if err != nil {
				t.Error(err)
			}
			if mine {
				won.Add(1)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d have the claim", won.Load())
	}
	if mine, err := first.Claim(t.Context(), key+"/../x", time.Minute); err != nil || !mine {
		t.Errorf("another key: %t, %v", mine, err)
	}
}

func claimEnds(t *testing.T, s, _ oauth.Sessions) { //nolint:thelper // as above
	key, began := "state:"+ID(), time.Now()
	take := func(ctx context.Context) bool {
		mine, err := s.Claim(ctx, key, short)
		if err != nil {
			t.Fatal(err)
		}
		return mine
	}
	if !take(t.Context()) {
		t.Fatal("a new key is claimed")
	}
	await(t, func() bool { return take(t.Context()) })
	// The clock of the embedded Redis goes in steps, so a life may be shorter by one of them.
	if lived := time.Since(began); lived < short/2 {
		t.Errorf("it lived %v, want %v", lived, short)
	}
}

func await(t *testing.T, condition func() bool) {
	t.Helper()
	for limit := time.Now().Add(10 * time.Second); !condition(); {
		if time.Now().After(limit) {
			t.Fatal("it does not end")
		}
		<-time.After(5 * time.Millisecond)
	}
}
