package history

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Seal measures every evidence file of the folder's arms, ordered by path. Close
// the arms and stop the mocks first. A file that was never written (an interrupted
// run) is left out here; VerifyEvidence will miss it.
func (f *Folder) Seal() ([]Evidence, error) {
	var out []Evidence
	for _, a := range f.arms {
		files, err := evidenceFiles(f.dir, a.rel)
		if err != nil {
			return nil, fmt.Errorf("seal arm %s: %w", a.name, err)
		}
		for _, rel := range files {
			e, err := measure(f.dir, rel)
			if err != nil {
				return nil, fmt.Errorf("seal arm %s: %w", a.name, err)
			}
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b Evidence) int { return strings.Compare(a.Path, b.Path) })
	return out, nil
}

// evidenceFiles lists what an arm has of its required files, and all of ledgers/.
func evidenceFiles(dir, arm string) ([]string, error) {
	var out []string
	for _, file := range required() {
		rel := path.Join(arm, file)
		if path.Dir(file) == dirLedgers {
			continue // listed below with the other files of its folder
		}
		if _, err := os.Stat(within(dir, rel)); err == nil {
			out = append(out, rel)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	entries, err := os.ReadDir(within(dir, path.Join(arm, dirLedgers)))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries {
		if e.Type().IsRegular() {
			out = append(out, path.Join(arm, dirLedgers, e.Name()))
		}
	}
	return out, nil
}

// measure reads one file. Lines are counted in text files only: 0 for a gob.
func measure(dir, rel string) (Evidence, error) {
	f, err := os.Open(within(dir, rel))
	if err != nil {
		return Evidence{}, err
	}
	defer func() { _ = f.Close() }() // only read from
	var (
		sum   = sha256.New()
		lines lineCounter
	)
	n, err := io.Copy(io.MultiWriter(sum, &lines), f)
	if err != nil {
		return Evidence{}, fmt.Errorf("%s: %w", rel, err)
	}
	e := Evidence{Path: rel, Bytes: n, SHA256: hex.EncodeToString(sum.Sum(nil))}
	if filepath.Ext(rel) != ".gob" {
		e.Lines = int(lines)
	}
	return e, nil
}

type lineCounter int

func (c *lineCounter) Write(p []byte) (int, error) {
	*c += lineCounter(bytes.Count(p, []byte{'\n'}))
	return len(p), nil
}
