// Package sessionfiles keeps sessions in files of one server (OAU-3): with a load balancer
// that sends a follower to the same server each time, no other store is needed. They outlive
// the process, and belong to one process at a time.
package sessionfiles

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"oalab/server/internal/oauth"
)

// Store is the folder of the sessions. It is safe for concurrent use.
type Store struct {
	dir string
	log *slog.Logger
	// mu keeps what reads before it writes apart from other writes.
	mu sync.Mutex
}

// sweepEvery is how often files of sessions and claims that have ended are removed.
const sweepEvery = 10 * time.Minute

// The folders of sessions and of claims.
const (
	sessions = "sessions"
	claims   = "claims"
)

// Open makes the folder where it is missing. Only this server's user can enter it.
func Open(dir string, log *slog.Logger) (*Store, error) {
	for _, sub := range []string{sessions, claims} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return nil, fmt.Errorf("make the folder of the sessions: %w", err)
		}
	}
	return &Store{dir: dir, log: log}, nil
}

// file is the content of a file. Claims have no session.
type file struct {
	Until   time.Time     `json:"until"`
	Session oauth.Session `json:"session,omitzero"`
}

// path is the file of an id, which is made of hexadecimal digits alone.
func (s *Store) path(id string) (string, error) {
	if len(id) != 64 || strings.Trim(id, "0123456789abcdef") != "" {
		return "", oauth.ErrNoSession
	}
	return filepath.Join(s.dir, sessions, id), nil
}

// Create implements oauth.Sessions.
func (s *Store) Create(_ context.Context, id string, session oauth.Session, life time.Duration) error {
	path, err := s.path(id)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return write(path, file{time.Now().Add(life), session})
}

// Load implements oauth.Sessions.
func (s *Store) Load(_ context.Context, id string) (oauth.Session, error) {
	path, err := s.path(id)
	if err != nil {
		return oauth.Session{}, err
	}
	f, err := read(path)
	return f.Session, err
}

// Replace implements oauth.Sessions.
func (s *Store) Replace(_ context.Context, id string, session oauth.Session, life time.Duration) error {
	path, err := s.path(id)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := read(path); err != nil {
		return err
	}
	return write(path, file{time.Now().Add(life), session})
}

// Delete implements oauth.Sessions.
func (s *Store) Delete(_ context.Context, id string) error {
	path, err := s.path(id)
	if err != nil {
		return nil // there is none of that name
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("delete session: %w", err)
	}
	return nil
}

// Claim implements oauth.Sessions.
func (s *Store) Claim(_ context.Context, key string, life time.Duration) (bool, error) {
	path := filepath.Join(s.dir, claims, name(key))
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := read(path); !errors.Is(err, oauth.ErrNoSession) {
		return false, err
	}
	return true, write(path, file{Until: time.Now().Add(life)})
}

// name is the file of a claim: its key may have any bytes.
func name(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

// read reads a file that has not ended.
func read(path string) (file, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return file{}, oauth.ErrNoSession
	}
	if err != nil {
		return file{}, fmt.Errorf("read session: %w", err)
	}
	var f file
	if err := json.Unmarshal(raw, &f); err != nil {
		return file{}, fmt.Errorf("session file %s has an unknown form: remove it, and its follower logs in again", path)
	}
	if !time.Now().Before(f.Until) {
		return file{}, oauth.ErrNoSession
	}
	return f, nil
}

// write puts a whole file in the place of the one before.
func write(path string, f file) error {
	raw, err := json.Marshal(f)
	if err != nil {
		return err
	}
	next := path + ".new"
	if err := os.WriteFile(next, raw, 0o600); err != nil {
		return fmt.Errorf("write session: %w", err)
	}
	if err := os.Rename(next, path); err != nil {
		return fmt.Errorf("write session: %w", err)
	}
	return nil
}

// Run removes what has ended, until ctx ends.
func (s *Store) Run(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		if err := s.sweep(ctx); err != nil {
			s.log.WarnContext(ctx, "sessions that have ended were not removed", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

func (s *Store) sweep(ctx context.Context) error {
	for _, sub := range []string{sessions, claims} {
		entries, err := os.ReadDir(filepath.Join(s.dir, sub))
		if err != nil {
			return err
		}
		for _, e := range entries {
			if ctx.Err() != nil {
				break
			}
			if err := s.removeEnded(filepath.Join(s.dir, sub, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Store) removeEnded(path string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := read(path); !errors.Is(err, oauth.ErrNoSession) {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
