package history

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// A study has no arms with a system under load. Its evidence is the files that it names, in
// the run folder itself.

// WriteJSON writes v to a file of the folder, whole or not at all.
func (f *Folder) WriteJSON(rel string, v any) error {
	if err := writeJSON(f.Path(rel), v); err != nil {
		return fmt.Errorf("write %s: %w", rel, err)
	}
	return nil
}

// SealFiles measures the named files of the folder, ordered by path.
func (f *Folder) SealFiles(files []string) ([]Evidence, error) {
	out := make([]Evidence, 0, len(files))
	for _, rel := range files {
		e, err := measure(f.dir, rel)
		if err != nil {
			return nil, fmt.Errorf("seal %s: %w", rel, err)
		}
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b Evidence) int { return strings.Compare(a.Path, b.Path) })
	return out, nil
}

// VerifyFiles holds the sealed files of a study against their seal, and the seal
// against the files that the study must have. Errors are those of VerifyEvidence.
func VerifyFiles(dir string, m Manifest, required []string) []error {
	listed, errs := verifySealed(dir, m)
	for _, rel := range required {
		if !listed[filepath.ToSlash(rel)] {
			errs = append(errs, fmt.Errorf("%s: %w, though the study must have it", rel, ErrUnlisted))
		}
	}
	return errs
}
