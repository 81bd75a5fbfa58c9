package sessionfiles

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"oalab/server/internal/oauth"
	"oalab/server/internal/oauth/sessiontest"
)

func open(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestConformance(t *testing.T) {
	t.Parallel()
	sessiontest.Run(t, func(t *testing.T) (first, second oauth.Sessions) {
		t.Helper()
		s := open(t, t.TempDir())
		return s, s
	})
}

// TestSessionsOutliveTheProcess: a restart logs no follower out, and frees no claim.
func TestSessionsOutliveTheProcess(t *testing.T) {
	t.Parallel()
	dir, id := t.TempDir(), sessiontest.ID()
	before := open(t, dir)
	if _, err := before.Claim(t.Context(), "k", time.Minute); err != nil {
		t.Fatal(err)
	}
	if err := before.Create(t.Context(), id, oauth.Session{OpenID: "o"}, time.Minute); err != nil {
		t.Fatal(err)
	}
	after := open(t, dir)
	if got, err := after.Load(t.Context(), id); err != nil || got.OpenID != "o" {
		t.Errorf("%+v, %v", got, err)
	}
	if mine, err := after.Claim(t.Context(), "k", time.Minute); mine || err != nil {
		t.Errorf("claimed again: %v", err)
	}
	info, err := os.Stat(filepath.Join(dir, sessions, id))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

// TestSweepRemovesWhatHasEnded and leaves what has not.
func TestSweepRemovesWhatHasEnded(t *testing.T) {
	t.Parallel()
	s, ended, lives := open(t, t.TempDir()), sessiontest.ID(), sessiontest.ID()
	if err := errors.Join(s.Create(t.Context(), ended, oauth.Session{}, -time.Second), s.Create(t.Context(), lives, oauth.Session{}, time.Minute)); err != nil {
		t.Fatal(err)
	}
	for key, life := range map[string]time.Duration{"ended": -time.Second, "lives": time.Minute} {
		if _, err := s.Claim(t.Context(), key, life); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	left, err := filepath.Glob(filepath.Join(s.dir, "*", "*"))
	if err != nil || len(left) != 2 {
		t.Errorf("left: %v, %v", left, err)
	}
	if _, err := s.Load(t.Context(), lives); err != nil {
		t.Error(err)
	}
}

// TestBrokenFiles: a file that a crash of the machine has left without its content is no session.
// It is removed, and what has ended beside it too. A claim stays one.
func TestBrokenFiles(t *testing.T) {
	t.Parallel()
	s, broken, ended := open(t, t.TempDir()), strings.Repeat("0", 64), strings.Repeat("f", 64)
	_, first := s.Claim(t.Context(), "broken", time.Minute)
	_, second := s.Claim(t.Context(), "ended", -time.Second)
	if err := errors.Join(first, second, s.Create(t.Context(), broken, oauth.Session{}, time.Minute), s.Create(t.Context(), ended, oauth.Session{}, -time.Second)); err != nil {
		t.Fatal(err)
	}
	claim := filepath.Join(s.dir, claims, name("broken"))
	for _, path := range []string{filepath.Join(s.dir, sessions, broken), filepath.Join(s.dir, sessions, broken+".new"), claim} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Load(t.Context(), broken); !errors.Is(err, oauth.ErrNoSession) {
		t.Errorf("load: %v", err)
	}
	if err := s.Replace(t.Context(), broken, oauth.Session{}, time.Minute); !errors.Is(err, oauth.ErrNoSession) {
		t.Errorf("replace: %v", err)
	}
	if err := s.sweep(t.Context()); err != nil {
		t.Error(err)
	}
	left, err := filepath.Glob(filepath.Join(s.dir, "*", "*"))
	if err != nil || len(left) != 1 || left[0] != claim {
		t.Errorf("left: %v, %v", left, err)
	}
	if mine, err := s.Claim(t.Context(), "broken", time.Minute); mine || err != nil {
		t.Errorf("claimed again: %t, %v", mine, err)
	}
}
