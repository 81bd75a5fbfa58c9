package cache

import (
	"errors"
	"testing"
	"time"

	"oalab/server/internal/oauth"
	"oalab/server/internal/oauth/sessiontest"
)

func TestSessionsInTheEmbeddedRedis(t *testing.T) {
	t.Parallel()
	c := open(t, Config{}, nil)
	sessiontest.Run(t, func(*testing.T) (first, second oauth.Sessions) { return NewSessions(c), NewSessions(c) })
}

// Two servers share a Redis.
func TestSessionsInRedis(t *testing.T) {
	t.Parallel()
	address := redisAddr(t)
	sessiontest.Run(t, func(t *testing.T) (first, second oauth.Sessions) {
		t.Helper()
		return NewSessions(open(t, Config{Addr: address, Timeout: time.Second}, nil)), NewSessions(open(t, Config{Addr: address, Timeout: time.Second}, nil))
	})
}

// Without Redis no session has ended: a follower is told to come again, not sent to log in.
func TestSessionsWithoutRedis(t *testing.T) {
	t.Parallel()
	s := NewSessions(open(t, Config{Addr: "127.0.0.1:1"}, nil))
	if _, err := s.Load(t.Context(), sessiontest.ID()); !errors.Is(err, ErrAway) {
		t.Errorf("load: %v", err)
	}
	if _, err := s.Claim(t.Context(), "k", time.Minute); !errors.Is(err, ErrAway) {
		t.Errorf("claim: %v", err)
	}
	if err := s.Replace(t.Context(), sessiontest.ID(), oauth.Session{}, time.Minute); !errors.Is(err, ErrAway) {
		t.Errorf("replace: %v", err)
	}
}
