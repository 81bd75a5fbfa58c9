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
	return f.Session, noneOf(err)
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
		return noneOf(err)
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
	_, err := read(path)
	if errors.Is(err, errBroken) {
		return false, nil // it was claimed; until when is not known
	}
	if !errors.Is(err, oauth.ErrNoSession) {
		return false, err
	}
	return true, write(path, file{Until: time.Now().Add(life)})
}

// name is the file of a claim: its key may have any bytes.
func name(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

// errBroken says that a file has no content that can be read: a machine that crashes may leave
// one without.
var errBroken = errors.New("a session file has an unknown form")

// noneOf takes a broken session for none: its follower logs in again.
func noneOf(err error) error {
	if errors.Is(err, errBroken) {
		return oauth.ErrNoSession
	}
	return err
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
		return file{}, fmt.Errorf("%w: %s", errBroken, path)
	}
	if !time.Now().Before(f.Until) {
		return file{}, oauth.ErrNoSession
	}
	return f, nil
}

// unfinished ends the name of a file that is being written.
const unfinished = ".new"

// write puts a whole file in the place of the one before.
func write(path string, f file) error {
	raw, err := json.Marshal(f)
	if err != nil {
		return err
	}
	next := path + unfinished
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

// sweep removes what has ended, and tells of all that it cannot remove.
func (s *Store) sweep(ctx context.Context) error {
	var errs []error
	for _, sub := range []string{sessions, claims} {
		entries, err := os.ReadDir(filepath.Join(s.dir, sub))
		if err != nil {
			errs = append(errs, err)
			continue
		}
		for _, e := range entries {
			if ctx.Err() != nil {
				break
			}
			errs = append(errs, s.removeEnded(sub, e.Name()))
		}
	}
	return errors.Join(errs...)
}

// removeEnded removes a file that has ended, a broken session, and what a write has left that did
// not come to its end. A broken claim stays: without it a code could be exchanged again.
func (s *Store) removeEnded(sub, name string) error {
	path := filepath.Join(s.dir, sub, name)
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := read(path)
	broken, left := errors.Is(err, errBroken), strings.HasSuffix(name, unfinished)
	switch {
	case left, broken && sub == sessions, errors.Is(err, oauth.ErrNoSession):
	case broken:
		return nil
	default:
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
