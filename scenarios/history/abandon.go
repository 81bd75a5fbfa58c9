package history

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Abandon takes back what a run that came to nothing has written: its evidence and
// its manifest, so that nothing looks like a run. Logs that hold something stay,
// because they say why; without any the folder goes too, if CreateFolder made it.
func (f *Folder) Abandon() error {
	var errs []error
	remove := func(path string) {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	remove(f.Path(FileManifest))
	for _, a := range f.arms {
		errs = append(errs, a.writer.Close())
		files, err := evidenceFiles(f.dir, a.rel)
		errs = append(errs, err)
		for _, rel := range files {
			remove(f.Path(rel))
		}
		errs = append(errs, dropEmptyLogs(a.writer.LogDir()))
		// The removal of a folder that is not empty fails. This is intended: the folder
		// keeps its files.
		for _, dir := range []string{a.writer.LogDir(), filepath.Join(a.writer.Dir(), dirLedgers)} {
			_ = os.Remove(dir)
		}
		if a.rel != "" {
			_ = os.Remove(a.writer.Dir())
			_ = os.Remove(f.Path(dirArms))
		}
	}
	if f.made {
		_ = os.Remove(f.dir)
	}
	return errors.Join(errs...)
}

func dropEmptyLogs(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() && info.Size() == 0 {
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}
