package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"unicode/utf8"

	"oalab/cmd/internal/proc"
)

// TestListFitsATerminal lists the real scenarios.
func TestListFitsATerminal(t *testing.T) {
	list := func(args ...string) string {
		var out bytes.Buffer
		p := proc.Proc{Name: "oalab", Args: append([]string{"list"}, args...), Stdout: &out, Stderr: &out, Dir: t.TempDir()}
		proc.Run(t.Context(), p, func(ctx context.Context, p proc.Proc) int { return execute(ctx, p, catalogue{}) })
		return out.String()
	}
	plain, long := list(), list("--long")
	for line := range strings.Lines(plain + long) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	for _, want := range []string{"SCENARIO", "smoke ", "lb-failover "} {
		if !strings.Contains(plain, want) {
			t.Errorf("the list lacks %q:\n%s", want, plain)
		}
	}
	if strings.Contains(plain, "source: ") || !strings.Contains(long, "source: ") || !strings.Contains(long, "arms: ") {
		t.Errorf("arms and sources are for --long:\n%s", long)
	}
}
