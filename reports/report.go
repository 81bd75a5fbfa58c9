// Package reports owns what a planner reads of a run. It draws from the run folder
// and from what the judge wrote into the manifest; it decides nothing itself, and
// the same folder gives the same report, byte for byte (REP-1…4, REP-10, PERF-1).
package reports

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"oalab/reports/plot"
	"oalab/reports/printable"
	"oalab/reports/series"
	"oalab/scenarios/history"
)

// Names of the report's files in the run folder. Plots lie in the folder DirPlots.
const (
	FileHTML     = "report.html"
	FileMarkdown = "report.md"
	FileJUnit    = "junit.xml"
	DirPlots     = "plots"
)

// Write writes report.html, report.md, junit.xml and plots/ into the run folder dir;
// each file is replaced whole or not at all, and nothing else is touched. m is the
// manifest as judged. Exhibits are what only this scenario has to show; they come
// after the checkers. Evidence that cannot be read is no error: the report says so
// and leaves out what it would have drawn.
func Write(dir string, m history.Manifest, exhibits ...Exhibit) error {
	return write(dir, m, plot.Save, exhibits)
}

// saver keeps a plot as files in a folder.
type saver func(folder, name string, d plot.Drawing) error

func write(dir string, m history.Manifest, save saver, exhibits []Exhibit) error {
	r := read(dir, m)
	if err := r.draw(dir, save); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	for _, e := range exhibits {
		s, err := e.section(filepath.Join(dir, DirPlots), save)
		if err != nil {
			return fmt.Errorf("write report: exhibit %s: %w", e.ID, err)
		}
		r.exhibits = append(r.exhibits, s)
	}
	d := r.document()
	page, err := asHTML(d)
	if err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	cases, err := asJUnit(d)
	if err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	for _, f := range []struct {
		name string
		raw  []byte
	}{{FileMarkdown, []byte(printable.Text(asMarkdown(d)))}, {FileHTML, page}, {FileJUnit, cases}} {
		if err := plot.Replace(filepath.Join(dir, f.name), f.raw); err != nil {
			return fmt.Errorf("write report: %w", err)
		}
	}
	return nil
}

// Failures words everything that did not end as it should, one sentence each, with
// figure, limit and plot, as junit.xml has it. It is empty for a run that passed.
func Failures(m history.Manifest) []string {
	r := run{Manifest: m}
	var out []string
	for _, s := range r.suites() {
		for _, c := range s.Cases {
			if c.Problem != "" {
				out = append(out, legal(c.Problem))
			}
		}
	}
	return out
}

// run is a run as the report sees it.
type run struct {
	history.Manifest
	arms     []armEvidence
	exhibits []section
}

// armEvidence is the evidence of one arm and what was drawn from it, or why there is
// none.
type armEvidence struct {
	name   string
	arm    *history.Arm
	err    error
	series series.Arm
	plots  map[string]*picture // by kind
}

// offered reports whether the arm's evidence can be read and holds any load: a
// scenario may be all computation.
func (e armEvidence) offered() bool { return e.err == nil && len(e.arm.Plan) > 0 }

// page is what the arm's plain requests were for; "": its operations were messages.
func (e armEvidence) page() string {
	if e.err != nil || e.arm == nil {
		return ""
	}
	return e.arm.Record.Load.Page
}

// read loads the evidence of all arms.
func read(dir string, m history.Manifest) *run {
	r := &run{Manifest: m}
	if m.Study {
		return r // its evidence is for exhibits
	}
	for i, name := range m.Arms {
		e := armEvidence{name: name}
		e.arm, e.err = history.LoadArm(dir, name, i == 0)
		if e.err != nil {
			// Where the folder lies is not the report's business.
			e.err = errors.New(strings.ReplaceAll(e.err.Error(), filepath.Clean(dir)+string(filepath.Separator), ""))
		} else {
			e.series = series.Of(e.arm)
		}
		r.arms = append(r.arms, e)
	}
	return r
}

// draw draws the plots of every arm and removes those of earlier reports that no
// longer stand for anything.
func (r *run) draw(dir string, save saver) error {
	folder := filepath.Join(dir, DirPlots)
	for i := range r.arms {
		e := &r.arms[i]
		for _, kind := range plotKinds() {
			if e.has(kind) {
				continue
			}
			for _, ending := range []string{"svg", "png"} {
				if err := os.Remove(filepath.Join(folder, plotName(e.name, kind)+"."+ending)); err != nil && !errors.Is(err, os.ErrNotExist) {
					return err
				}
			}
		}
		if !e.offered() {
			continue
		}
		if err := r.drawArm(folder, e, save); err != nil {
			return err
		}
	}
	return nil
}

// document puts the report together, the most important first.
func (r *run) document() document {
	d := document{Head: r.head(), Suites: r.suites()}
	sections := []section{r.tested(), r.objectives(), r.checkers()}
	for _, m := range measurements() {
		sections = append(sections, m.part(r))
	}
	sections = append(sections, r.steps(), r.overload(), r.masters(), r.failover(), r.scaling(), r.balancing(), r.drift())
	sections = append(sections, r.exhibits...)
	if !r.Study {
		sections = append(sections, r.overTime(), r.distribution(), r.errorClasses(), r.availability(), r.faults(), r.phases(),
			r.nodes(), r.generator(), r.embedded())
	}
	sections = append(sections, r.environment(), r.again(), r.glossary(), r.allFigures())
	for _, s := range sections {
		if len(s.Blocks) > 0 {
			d.Sections = append(d.Sections, s)
		}
	}
	return d
}
