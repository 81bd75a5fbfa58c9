package proc_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"oalab/cmd/internal/proc"
)

func TestFind(t *testing.T) {
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"beside/both": 0o755, "path/both": 0o755, "path/one": 0o755, "path/text": 0o644} {
		full := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte("x"), mode); err != nil {
			t.Fatal(err)
		}
	}
	p := proc.Proc{
		Name: "oalab", Dir: dir, Executable: filepath.Join(dir, "beside", "oalab"),
		LookupEnv: func(string) (string, bool) { return "nowhere:path", true }, // relative: seen from Dir
	}
	for program, want := range map[string]string{"both": "beside/both", "one": "path/one"} {
		if got, err := p.Find(program); err != nil || got != filepath.Join(dir, want) {
			t.Errorf("Find(%s) = %s, %v; want %s", program, got, err, want)
		}
	}
	for _, program := range []string{"text", "absent"} {
		if got, err := p.Find(program); err == nil || !strings.Contains(err.Error(), program) {
			t.Errorf("Find(%s) = %s, %v; want an error naming it", program, got, err)
		}
	}
}
