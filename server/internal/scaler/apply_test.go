package scaler

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// program writes a script that stands for set-upstream.
func program(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "set")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCommand(t *testing.T) {
	t.Parallel()
	said := filepath.Join(t.TempDir(), "said")
	if err := Command([]string{program(t, `echo "$@" >"`+said+`"`), "--flag"})(t.Context(), []string{"a:1", "b:2"}); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(said); err != nil || string(got) != "--flag a:1 b:2\n" {
		t.Errorf("it was called with %q, %v", got, err)
	}
	err := Command([]string{program(t, "echo 'host not found'; echo in upstream.conf >&2; exit 2")})(t.Context(), nil)
	if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "host not found in upstream.conf") {
		t.Errorf("status 2: %v", err)
	}
	for name, command := range map[string]string{"status 1": program(t, "echo no disk; exit 1"), "no program": "/nonexistent"} {
		if err := Command([]string{command})(t.Context(), nil); err == nil || errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
