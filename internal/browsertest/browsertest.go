// Package browsertest finds the browser that tests look at pages with.
package browsertest

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// Path finds a browser. Without one the test is skipped loudly, or fails where
// OALAB_REQUIRE asks for it; undone is what is then left out, such as "the report is not
// looked at".
func Path(tb testing.TB, getenv func(string) string, undone string) string {
	tb.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "headless-shell"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	remedy := "no Chromium here: " + undone + ". Remedy: make deps (Debian), or install chromium"
	if slices.Contains(strings.Split(getenv("OALAB_REQUIRE"), ","), "browser") {
		tb.Fatal(remedy)
	}
	tb.Skip("SKIPPED: " + remedy)
	return ""
}
