// Package folder keeps files in a folder of one host.
package folder

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"syscall"
	"time"

	"oalab/server/internal/filestore"
)

// parts is the folder of files that are being written. No key begins with a dot.
const parts = ".parts"

// partAge is the age from which a part is that of a process that died.
const partAge = time.Hour

// Store is a folder. It reaches nothing outside of it, whatever links are in it.
type Store struct {
	root *os.Root
	// write fills a new file; tests let it fail.
	write func(f *os.File, content []byte) error
}

var _ filestore.Store = (*Store)(nil)

// Open makes the folder when it is not there, and removes what processes that died left
// half-written in it. It must be closed.
func Open(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of files: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open the folder of files: %w", err)
	}
	s := &Store{root: root, write: writeAll}
	if err := s.sweep(); err != nil {
		return nil, errors.Join(fmt.Errorf("clean the folder of files %s: %w", dir, err), root.Close())
	}
	return s, nil
}

func writeAll(f *os.File, content []byte) error {
	_, err := f.Write(content)
	return err
}

// Close ends the use of the folder.
func (s *Store) Close() error { return s.root.Close() }

func (s *Store) sweep() error {
	if err := s.root.MkdirAll(parts, 0o700); err != nil {
		return err
	}
	left, err := fs.ReadDir(s.root.FS(), parts)
	if err != nil {
		return err
	}
	for _, part := range left {
		info, err := part.Info()
		if err != nil || time.Since(info.ModTime()) < partAge {
			continue // it has gone, or is being written
		}
		if err := s.root.Remove(parts + "/" + part.Name()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Put implements filestore.Store. The file is on the disk before it has its name.
func (s *Store) Put(ctx context.Context, key string, content []byte) error {
	if err := errors.Join(filestore.CheckFile(key, content), ctx.Err()); err != nil {
		return err
	}
	part := parts + "/" + rand.Text()
	err := s.put(part, key, content)
	if err == nil {
		return nil
	}
	_ = s.root.Remove(part) // what is left of it goes at the next start
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		err = fmt.Errorf("%w: free room on the disk of %s: %w", filestore.ErrFull, s.root.Name(), err)
	}
	return fmt.Errorf("store the file %s: %w", key, err)
}

func (s *Store) put(part, key string, content []byte) error {
	f, err := s.root.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err = s.write(f, content); err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	dir := path.Dir(key)
	if err := s.root.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := s.root.Rename(part, key); err != nil {
		return err
	}
	return s.syncDir(dir)
}

// syncDir makes the name of a file outlive a crash of the host.
func (s *Store) syncDir(dir string) error {
	d, err := s.root.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Get implements filestore.Store.
func (s *Store) Get(ctx context.Context, key string) (content []byte, err error) {
	if err := errors.Join(filestore.CheckKey(key), ctx.Err()); err != nil {
		return nil, err
	}
	f, err := s.root.Open(key)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s", filestore.ErrNotFound, key)
	}
	if err != nil {
		return nil, fmt.Errorf("open the file %s: %w", key, err)
	}
	content, err = io.ReadAll(io.LimitReader(f, filestore.MaxSize))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("read the file %s: %w", key, err)
	}
	return content, nil
}

// Delete implements filestore.Store.
func (s *Store) Delete(ctx context.Context, key string) error {
	if err := errors.Join(filestore.CheckKey(key), ctx.Err()); err != nil {
		return err
	}
	if err := s.root.Remove(key); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("delete the file %s: %w", key, err)
	}
	return nil
}

// Check implements filestore.Store.
func (s *Store) Check(context.Context) error {
	if _, err := s.root.Stat(parts); err != nil {
		return fmt.Errorf("the folder of files: %w", err)
	}
	return nil
}
