package history

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// The ways in which a run folder cannot be made. Both are the user's to mend.
var (
	// ErrNotEmpty is returned for a folder that holds something already: a run
	// never mixes its evidence with another's.
	ErrNotEmpty = errors.New("folder is not empty")
	// ErrUnwritable is returned for a folder that cannot be made or written to.
	ErrUnwritable = errors.New("folder cannot be written to")
)

// Folder is the run folder of a run that is going on. It is used by one goroutine;
// the writers of its arms are not so bound.
type Folder struct {
	dir  string
	made bool // the folder was not there before
	arms []armEntry
}

type armEntry struct {
	name   string
	rel    string
	writer *ArmWriter
}

// CreateFolder makes the run folder dir, which must not exist or be empty
// (ErrNotEmpty), and proves that it can be written to (ErrUnwritable). When it
// fails it leaves nothing behind that was not there before.
func CreateFolder(dir string) (*Folder, error) {
	entries, err := os.ReadDir(dir)
	existed := true
	switch {
	case errors.Is(err, fs.ErrNotExist):
		existed = false
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, fmt.Errorf("run folder %s: %w: %w", dir, ErrUnwritable, err)
		}
	case err != nil:
		return nil, fmt.Errorf("run folder %s: %w: %w", dir, ErrUnwritable, err)
	case len(entries) > 0:
		return nil, fmt.Errorf("run folder %s: %w (%s and %d more): name another folder or empty this one",
			dir, ErrNotEmpty, entries[0].Name(), len(entries)-1)
	}
	if err := probe(dir); err != nil {
		if !existed {
			_ = os.Remove(dir) // it is empty: nothing was written
		}
		return nil, fmt.Errorf("run folder %s: %w: %w", dir, ErrUnwritable, err)
	}
	return &Folder{dir: dir, made: !existed}, nil
}

// probe writes a block and syncs it, because a full disk lets files be created.
func probe(dir string) error {
	f, err := os.CreateTemp(dir, ".probe-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.Write(make([]byte, 4096))
	return errors.Join(err, f.Sync(), f.Close())
}

// Dir is the path of the folder as it was given.
func (f *Folder) Dir() string { return f.dir }

// Path is the path of a file in the folder; rel is slash separated.
func (f *Folder) Path(rel string) string { return within(f.dir, rel) }

// WriteManifest writes run.json whole or not at all: to a temporary file that is
// synced and then renamed. Figures that JSON cannot hold (NaN) are an error.
func (f *Folder) WriteManifest(m Manifest) error { return WriteManifest(f.dir, m) }

// WriteManifest is Folder.WriteManifest for a folder that is not being run in.
func WriteManifest(dir string, m Manifest) error {
	if err := writeJSON(filepath.Join(dir, FileManifest), m); err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	return nil
}

// writeJSON replaces the file at path by v as indented JSON, atomically.
func writeJSON(path string, v any) (err error) {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("encode %s: %w", path, err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	if _, err := f.Write(append(raw, '\n')); err != nil {
		return err
	}
	if err := f.Chmod(0o644); err != nil { // CreateTemp makes it private
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes the names in a folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
