package browsertest

import (
	"os"
	"path/filepath"
	"testing"
)

// verdict is a test that notes how it ended.
type verdict struct {
	testing.TB

	how string
}

func (v *verdict) Helper()      {}
func (v *verdict) Fatal(...any) { v.how = "failed" }
func (v *verdict) Skip(...any) {
	if v.how == "" {
		v.how = "skipped"
	}
}

func TestPath(t *testing.T) {
	empty, full := t.TempDir(), t.TempDir()
	browser := filepath.Join(full, "google-chrome")
	if err := os.WriteFile(browser, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct{ path, require, want, how string }{
		"found":               {full, "docker,browser", browser, ""},
		"left out":            {empty, "docker", "", "skipped"},
		"asked for":           {empty, "docker,browser,soap", "", "failed"},
		"another one, longer": {empty, "browsers", "", "skipped"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("PATH", tc.path)
			v := &verdict{TB: t}
			if got := Path(v, func(string) string { return tc.require }, "nothing is seen"); got != tc.want || v.how != tc.how {
				t.Errorf("%q, %q; want %q, %q", got, v.how, tc.want, tc.how)
			}
		})
	}
}
