// Package tools holds the programs that check the project, apart from what the project depends on.
package tools

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// findsVulnerabilities is the exit status of govulncheck when code that is called is vulnerable.
const findsVulnerabilities = 3

// TestPlantedVulnerabilityIsFound runs govulncheck as make vuln does, over a local database with
// three planted entries for Echo: of the one whose code the server calls it must tell, and not of
// the one that was mended nor of the one that is not called (SEC-4).
func TestPlantedVulnerabilityIsFound(t *testing.T) {
	db, err := filepath.Abs("testdata/vulndb")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", "tool", "-modfile=tools/go.mod", "govulncheck", "-db", "file://"+db, "./server/internal/web")
	cmd.Dir, cmd.Env = "..", append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != findsVulnerabilities {
		t.Fatalf("govulncheck ended with %v, want exit status %d:\n%s", err, findsVulnerabilities, out)
	}
	found := regexp.MustCompile(`(?m)^Vulnerability #\d+: (\S+)`).FindAllStringSubmatch(string(out), -1)
	if len(found) != 1 || found[0][1] != "GO-0000-0001" {
		t.Errorf("found %v, want GO-0000-0001 alone:\n%s", found, out)
	}
}
