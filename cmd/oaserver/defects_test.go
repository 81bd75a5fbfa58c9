//go:build !defects

package main

import (
	"strings"
	"testing"

	"oalab/cmd/internal/exit"
)

func TestAProductBuildRefusesDefects(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{"a.yaml": valid})
	status, _, stderr := runIn(t, dir, map[string]string{"OALAB_DEFECTS": "no-dedup"}, "serve", "--config", "a.yaml")
	if status != exit.Usage || !strings.Contains(stderr, "refused: this program was built without the tag defects") {
		t.Errorf("status %d, stderr %q", status, stderr)
	}
}
