package cache

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"oalab/server/internal/oauth"
)

// ErrAway says that Redis did not answer, or was not asked as it failed just before.
var ErrAway = errors.New("redis does not answer")

// Sessions keeps the sessions of followers for all servers (OAU-3). Other than what is cached
// here, they are nowhere else: without Redis they cannot be had, which is an error and not
// the end of a session. It is safe for concurrent use.
type Sessions struct{ client *Client }

// NewSessions makes a Sessions.
func NewSessions(c *Client) *Sessions { return &Sessions{client: c} }

func sessionKey(id string) string { return "oalab:session:" + id }

// ask makes one request; found is false where Redis said that there is nothing.
func (s *Sessions) ask(ctx context.Context, call func(context.Context) error) (found bool, err error) {
	result := s.client.request(ctx, resultHit, call)
	s.client.requests.WithLabelValues(cacheSessions, result).Inc()
	switch result {
	case resultHit:
		return true, nil
	case resultMiss:
		return false, nil
	}
	return false, ErrAway
}

// Create implements oauth.Sessions.
func (s *Sessions) Create(ctx context.Context, id string, session oauth.Session, life time.Duration) error {
	_, err := s.set(ctx, id, session, redis.SetArgs{TTL: life})
	return err
}

// Replace implements oauth.Sessions.
func (s *Sessions) Replace(ctx context.Context, id string, session oauth.Session, life time.Duration) error {
	found, err := s.set(ctx, id, session, redis.SetArgs{Mode: "XX", TTL: life})
	if err == nil && !found {
		return oauth.ErrNoSession
	}
	return err
}

func (s *Sessions) set(ctx context.Context, id string, session oauth.Session, how redis.SetArgs) (found bool, err error) {
	if how.TTL < time.Millisecond {
		return false, nil
	}
	raw, err := json.Marshal(session)
	if err != nil {
		return false, err
	}
	return s.ask(ctx, func(ctx context.Context) error { return s.client.rdb.SetArgs(ctx, sessionKey(id), raw, how).Err() })
}

// Load implements oauth.Sessions.
func (s *Sessions) Load(ctx context.Context, id string) (oauth.Session, error) {
	var raw []byte
	found, err := s.ask(ctx, func(ctx context.Context) (err error) {
		raw, err = s.client.rdb.Get(ctx, sessionKey(id)).Bytes()
		return err
	})
	if err != nil {
		return oauth.Session{}, err
	}
	var session oauth.Session
	if !found {
		return session, oauth.ErrNoSession
	}
	if err := json.Unmarshal(raw, &session); err != nil {
		return oauth.Session{}, fmt.Errorf("a session in the cache has an unknown form: %w", err)
	}
	return session, nil
}

// forget deletes a key.
var forget = redis.NewScript(`return redis.call('DEL', KEYS[1])`)

// Delete implements oauth.Sessions.
func (s *Sessions) Delete(ctx context.Context, id string) error {
	_, err := s.ask(ctx, func(ctx context.Context) error {
		return forget.Run(ctx, s.client.rdb, []string{sessionKey(id)}).Err()
	})
	return err
}

// Claim implements oauth.Sessions.
func (s *Sessions) Claim(ctx context.Context, key string, life time.Duration) (bool, error) {
	return s.ask(ctx, func(ctx context.Context) error {
		return s.client.rdb.SetArgs(ctx, "oalab:once:"+key, "1", redis.SetArgs{Mode: "NX", TTL: life}).Err()
	})
}
