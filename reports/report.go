// Package reports owns what a planner reads of a run. It draws from the run folder
// and from what the judge wrote into the manifest; it decides nothing itself, and
// the same folder gives the same report, byte for byte (REP-1, REP-3, REP-4, REP-10).
package reports

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"oalab/scenarios/history"
)

// FileMarkdown is the name of the report in the run folder.
const FileMarkdown = "report.md"

// Write writes report.md into the run folder dir, whole or not at all; a report that
// is there already is replaced. m is the manifest as judged. Evidence that cannot be
// read is no error: the report says so and leaves out what it would have drawn.
func Write(dir string, m history.Manifest) error {
	d := draw(dir, m)
	if err := replace(filepath.Join(dir, FileMarkdown), d.String()); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// armEvidence is the evidence of one arm, or why there is none.
type armEvidence struct {
	name string
	arm  *history.Arm
	err  error
}

// draw puts the report together, the most important first.
func draw(dir string, m history.Manifest) *document {
	arms := make([]armEvidence, 0, len(m.Arms))
	for i, name := range m.Arms {
		a, err := history.LoadArm(dir, name, i == 0)
		if err != nil {
			// Where the folder lies is not the report's business.
			err = errors.New(strings.ReplaceAll(err.Error(), filepath.Clean(dir)+string(filepath.Separator), ""))
		}
		arms = append(arms, armEvidence{name, a, err})
	}
	d := &document{}
	d.verdict(m)
	d.tested(m, arms)
	d.limitsOf(m.Topology)
	d.objectives(m)
	d.checkers(m)
	d.faults(m)
	d.latency(arms)
	d.generator(arms)
	d.allFigures(m)
	d.environment(m)
	d.again(m)
	return d
}

// replace writes a file by way of a temporary one beside it.
func replace(path, text string) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close() // the first error is the one to tell
			_ = os.Remove(f.Name())
		}
	}()
	if _, err := f.WriteString(text); err != nil {
		return err
	}
	if err := f.Chmod(0o644); err != nil { // CreateTemp makes it private
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
