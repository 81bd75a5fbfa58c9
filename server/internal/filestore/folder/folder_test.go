package folder

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"oalab/server/internal/filestore"
	"oalab/server/internal/filestore/filestoretest"
)

func open(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestConformance(t *testing.T) {
	dir := t.TempDir()
	filestoretest.Run(t, func(t *testing.T) filestore.Store { t.Helper(); return open(t, dir) })
}

// TestAFullDisk: the error says so, the file before stays, and nothing is left of the new one.
func TestAFullDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	if err := s.Put(t.Context(), "a/b", []byte("before")); err != nil {
		t.Fatal(err)
	}
	s.write = func(f *os.File, content []byte) error {
		if _, err := f.Write(content[:len(content)/2]); err != nil {
			return err
		}
		return &fs.PathError{Op: "write", Path: f.Name(), Err: syscall.ENOSPC}
	}
	if err := s.Put(t.Context(), "a/b", []byte("after")); !errors.Is(err, filestore.ErrFull) {
		t.Errorf("error %v", err)
	}
	if got, err := s.Get(t.Context(), "a/b"); string(got) != "before" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if left, err := os.ReadDir(filepath.Join(dir, parts)); len(left) > 0 || err != nil {
		t.Errorf("left %v, %v", left, err)
	}
}

// TestADeadWriter: what a process left half-written is no file, and goes; what is being
// written stays.
func TestADeadWriter(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	open(t, dir)
	for name, age := range map[string]time.Duration{"dead": 2 * partAge, "alive": 0} {
		path := filepath.Join(dir, parts, name)
		at := time.Now().Add(-age)
		if err := errors.Join(os.WriteFile(path, []byte("ha"), 0o600), os.Chtimes(path, at, at)); err != nil {
			t.Fatal(err)
		}
	}
	open(t, dir)
	left, err := os.ReadDir(filepath.Join(dir, parts))
	if err != nil || len(left) != 1 || left[0].Name() != "alive" {
		t.Errorf("left %v, %v", left, err)
	}
}

// TestLinksLeadNowhere: a link out of the folder is not followed.
func TestLinksLeadNowhere(t *testing.T) {
	t.Parallel()
	dir, outside := t.TempDir(), t.TempDir()
	s := open(t, dir)
	if err := errors.Join(os.WriteFile(filepath.Join(outside, "secret"), []byte("s"), 0o600), os.Symlink(outside, filepath.Join(dir, "out"))); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Get(t.Context(), "out/secret"); err == nil {
		t.Errorf("read %q", got)
	}
	if err := s.Put(t.Context(), "out/new", []byte("x")); err == nil {
		t.Error("stored outside")
	}
}
