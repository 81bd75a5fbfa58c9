package arch_test

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"oalab/cmd/internal/arch"
)

// root is the folder of go.mod, seen from this package.
const root = "../../.."

func load(t *testing.T) *arch.Tree {
	t.Helper()
	tree, err := arch.Load(root)
	if err != nil {
		t.Fatal(err)
	}
	if !tree.Has("cmd/internal/arch") {
		t.Fatalf("the tree at %s does not hold this package: the tests would pass on nothing", root)
	}
	return tree
}

// report fails the test with every violation.
func report(t *testing.T, violations []string) {
	t.Helper()
	for _, v := range violations {
		t.Error(v)
	}
}

func TestImports(t *testing.T) {
	tree := load(t)
	for _, rule := range arch.Rules(tree) {
		report(t, rule.Violations(tree))
	}
}

func TestRulesNameLivingPackages(t *testing.T) {
	tree := load(t)
	for _, rule := range arch.Rules(tree) {
		report(t, rule.Dead(tree, arch.NotYetBuilt))
	}
	for name := range arch.NotYetBuilt {
		if tree.Has(name) {
			t.Errorf("%s exists now: take it out of NotYetBuilt", name)
		}
	}
}

func TestCalls(t *testing.T) {
	tree := load(t)
	for _, rule := range arch.CallRules() {
		report(t, rule.Violations(tree))
	}
}

func TestPackageComments(t *testing.T) { report(t, arch.PackageComments(load(t))) }

func TestPackageNames(t *testing.T) { report(t, arch.EmptyNames(load(t))) }

func TestFileSizes(t *testing.T) {
	tree := load(t)
	report(t, arch.TooLong(tree))
	median := arch.Median(tree)
	t.Logf("median length of a non-test file: %d lines", median)
	if median > arch.MedianLines {
		t.Errorf("the median file has %d lines, at most %d are allowed", median, arch.MedianLines)
	}
}

func TestTexts(t *testing.T) {
	bad, err := arch.Texts(root)
	if err != nil {
		t.Fatal(err)
	}
	report(t, bad)
}

// TestServerImage keeps the harness out of what is shipped (ARCHITECTURE.md).
// It asks the go command, because a dependency may come by way of another.
func TestServerImage(t *testing.T) {
	if !load(t).Has("cmd/oaserver") {
		if _, planned := arch.NotYetBuilt["cmd/oaserver"]; !planned {
			t.Fatal("cmd/oaserver is gone and not in NotYetBuilt")
		}
		return
	}
	forbidden := []string{
		"github.com/tsenart/vegeta", "github.com/Shopify/toxiproxy", "github.com/testcontainers", "github.com/moby",
		"oalab/mock", "oalab/scenarios", "oalab/chaos", "oalab/reports", "testing",
	}
	for _, tags := range []string{"", "defects"} {
		cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-tags", tags, "./cmd/oaserver")
		cmd.Dir = filepath.FromSlash(root)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("go list -deps ./cmd/oaserver: %v", err)
		}
		deps := strings.Fields(string(out))
		if len(deps) < 20 {
			t.Fatalf("go list names only %d dependencies of oaserver", len(deps))
		}
		if planted := slices.Contains(deps, "oalab/server/internal/defect"); planted != (tags == "defects") {
			t.Errorf("oaserver (tags %q) depends on server/internal/defect: %t; a product build contains no code of a planted defect", tags, planted)
		}
		for _, dep := range deps {
			for _, bad := range forbidden {
				if dep == bad || strings.HasPrefix(dep, bad+"/") || bad == "oalab/mock" && strings.HasPrefix(dep, bad) {
					t.Errorf("oaserver (tags %q) depends on %s: a server image holds the server only", tags, dep)
				}
			}
		}
	}
}
