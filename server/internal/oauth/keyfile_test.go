package oauth

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// TestOwnKey: processes that start at once have one key, and a restart has the same.
func TestOwnKey(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "data", "oauth.key")
	keys := make([]string, 8)
	var wg sync.WaitGroup
	for i := range keys {
		wg.Go(func() {
			var err error
			if keys[i], err = OwnKey(file); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, k := range keys {
		if k != keys[0] || len(k) < minKey {
			t.Errorf("keys %q and %q", keys[0], k)
		}
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	left, err := filepath.Glob(file + ".*")
	if err != nil || len(left) != 0 {
		t.Errorf("left over: %v, %v", left, err)
	}
	if err := os.WriteFile(file, []byte("short\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OwnKey(file); err == nil {
		t.Error("a short key is taken")
	}
}
