package scenarios_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"oalab/scenarios/runner"
)

// binaries of the system under test, built once for all scenarios.
var bin struct {
	oalab, oaserver, defective string
}

func TestMain(m *testing.M) {
	if role := os.Getenv(childRole); role != "" {
		os.Exit(child(role))
	}
	flag.Parse()
	letDrillsOverlap()
	os.Exit(runTests(m))
}

// letDrillsOverlap runs more drills at once than there are cores, unless a flag says
// otherwise: they wait most of the time, and judge invariants, which do not depend on how
// punctual the generator was. A scenario whose figures have limits runs alone.
func letDrillsOverlap() {
	chosen := false
	flag.Visit(func(f *flag.Flag) { chosen = chosen || f.Name == "test.parallel" })
	if !chosen {
		_ = flag.Set("test.parallel", "4") // the flag exists in every test binary
	}
}

func runTests(m *testing.M) int {
	if err := buildBinaries(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	status := m.Run()
	if err := provedEnough(conclusions.asked.Load(), conclusions.open.Load()); err != nil && status == 0 {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return status
}

// buildBinaries builds what a user runs, where make build has it, and the server that the
// drills plant their defects in. If both are up to date, this takes a second.
func buildBinaries(ctx context.Context) error {
	dir, err := filepath.Abs("../bin")
	if err != nil {
		return err
	}
	bin.oalab = filepath.Join(dir, "oalab")
	bin.oaserver = filepath.Join(dir, "oaserver")
	bin.defective = filepath.Join(dir, "defective", "oaserver")
	for _, b := range []struct {
		out, pkg string
		args     []string
	}{
		{bin.oalab, "oalab/cmd/oalab", nil},
		{bin.oaserver, "oalab/cmd/oaserver", nil},
		{bin.defective, "oalab/cmd/oaserver", []string{"-tags", "defects"}},
	} {
		args := append([]string{"build", "-trimpath", "-o", b.out}, b.args...)
		cmd := exec.CommandContext(ctx, "go", append(args, b.pkg)...)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("build %s: %w\n%s", b.pkg, err, out)
		}
	}
	return nil
}

// progress prints the live lines into the test's log.
func progress(t *testing.T) func(runner.Tick) {
	t.Helper()
	return func(tick runner.Tick) { t.Log(tick) }
}
