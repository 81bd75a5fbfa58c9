package history

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// The defects of the evidence of a stored run, for errors.Is.
var (
	ErrNoManifest = errors.New("no run.json: not a run folder, or the run never ended")
	ErrManifest   = errors.New("run.json is torn or malformed")
	ErrMissing    = errors.New("evidence is missing")
	ErrShort      = errors.New("evidence is cut short")
	ErrChanged    = errors.New("evidence was changed after the run")
	ErrUnlisted   = errors.New("evidence is not sealed by run.json")
)

// ReadManifest reads run.json of a run folder. Without the file the error is
// ErrNoManifest; a file that is torn, or names no scenario or no arm, is ErrManifest.
func ReadManifest(dir string) (Manifest, error) {
	p := filepath.Join(dir, FileManifest)
	raw, err := os.ReadFile(p)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Manifest{}, fmt.Errorf("%s: %w", dir, ErrNoManifest)
	case err != nil:
		return Manifest{}, fmt.Errorf("read manifest: %w", err)
	}
	var m Manifest
	if err := json.Unmarshal(raw, &m); err != nil {
		return Manifest{}, fmt.Errorf("%s: %w: %w", p, ErrManifest, err)
	}
	if m.Scenario == "" || len(m.Arms) == 0 {
		return Manifest{}, fmt.Errorf("%s: %w: it names no scenario or no arm", p, ErrManifest)
	}
	for i, name := range m.Arms {
		if _, err := armPath(name, i == 0); err != nil {
			return Manifest{}, fmt.Errorf("%s: %w: %w", p, ErrManifest, err)
		}
	}
	return m, nil
}

// VerifyEvidence holds a run folder against the seal in its manifest and returns
// one error for each fault: a file that is missing (ErrMissing), shorter than
// sealed (ErrShort) or otherwise different (ErrChanged), and one that an arm must
// have, or that lies with the evidence, without being sealed (ErrUnlisted). None
// means that the evidence is the one the run wrote.
func VerifyEvidence(dir string, m Manifest) []error {
	listed, errs := verifySealed(dir, m)
	known := map[string]bool{}
	for i, name := range m.Arms {
		rel, err := armPath(name, i == 0)
		if err != nil {
			errs = append(errs, fmt.Errorf("%w: %w", ErrManifest, err))
			continue
		}
		known[rel] = true
		errs = append(errs, verifyListed(dir, rel, listed)...)
	}
	return append(errs, unknownArms(dir, known)...)
}

// verifySealed holds each sealed file against its seal, and returns which are sealed.
func verifySealed(dir string, m Manifest) (listed map[string]bool, errs []error) {
	listed = make(map[string]bool, len(m.Evidence))
	for _, want := range m.Evidence {
		if listed[want.Path] {
			errs = append(errs, fmt.Errorf("%s: %w: it is listed twice", want.Path, ErrManifest))
			continue
		}
		listed[want.Path] = true
		if err := verifyFile(dir, want); err != nil {
			errs = append(errs, err)
		}
	}
	return listed, errs
}

func verifyFile(dir string, want Evidence) error {
	if !filepath.IsLocal(filepath.FromSlash(want.Path)) {
		return fmt.Errorf("%s: %w: the path leads out of the folder", want.Path, ErrManifest)
	}
	got, err := measure(dir, want.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: %w", want.Path, ErrMissing)
	case err != nil:
		return fmt.Errorf("%s: %w: %w", want.Path, ErrMissing, err)
	case got.Bytes < want.Bytes:
		return fmt.Errorf("%s: %w: %d of %d bytes, %d of %d lines", want.Path, ErrShort, got.Bytes, want.Bytes, got.Lines, want.Lines)
	case got != want:
		return fmt.Errorf("%s: %w: %d bytes, %d lines, sha256 %.12s, sealed were %d bytes, %d lines, sha256 %.12s",
			want.Path, ErrChanged, got.Bytes, got.Lines, got.SHA256, want.Bytes, want.Lines, want.SHA256)
	}
	return nil
}

// verifyListed finds the evidence of an arm that the seal does not cover.
func verifyListed(dir, arm string, listed map[string]bool) []error {
	var errs []error
	for _, file := range required() {
		if rel := path.Join(arm, file); !listed[rel] {
			errs = append(errs, fmt.Errorf("%s: %w, though every arm must have it", rel, ErrUnlisted))
			listed[rel] = true // once is enough
		}
	}
	files, err := evidenceFiles(dir, arm)
	if err != nil {
		return append(errs, fmt.Errorf("list evidence: %w", err))
	}
	for _, rel := range files {
		if !listed[rel] {
			errs = append(errs, fmt.Errorf("%s: %w", rel, ErrUnlisted))
		}
	}
	return errs
}

// unknownArms finds folders of arms that the manifest does not name.
func unknownArms(dir string, known map[string]bool) []error {
	entries, err := os.ReadDir(within(dir, dirArms))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return []error{fmt.Errorf("list arms: %w", err)}
	}
	var errs []error
	for _, e := range entries {
		if rel := dirArms + "/" + e.Name(); !known[rel] {
			errs = append(errs, fmt.Errorf("%s: %w: no such arm", rel, ErrUnlisted))
		}
	}
	return errs
}
