package workfolder

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// TestMake: what a dead process left goes, what a living one has stays.
func TestMake(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	const noProcess = 1<<22 + 1 // above the largest process id of Linux
	dead := filepath.Join(tmp, fmt.Sprintf("%s%d-1", prefix, noProcess))
	living := filepath.Join(tmp, fmt.Sprintf("%s%d-1", prefix, os.Getpid()))
	foreign := filepath.Join(tmp, prefix+"else")
	for _, dir := range []string{dead, living, foreign} {
		if err := os.MkdirAll(filepath.Join(dir, "data"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	made, err := Make()
	if err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]bool{dead: false, living: true, foreign: true, made: true} {
		if _, err := os.Stat(dir); (err == nil) != want {
			t.Errorf("%s: %v, want it to be there: %t", filepath.Base(dir), err, want)
		}
	}
}
