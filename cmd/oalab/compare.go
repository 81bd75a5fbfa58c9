package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"oalab/cmd/internal/exit"
	"oalab/cmd/internal/proc"
	"oalab/reports/compare"
)

// compareFlags are the flags of compare.
type compareFlags struct {
	with    rest
	figures []string
	alpha   float64
	gate    float64
	json    bool
}

func (a *app) compareCommand() *cobra.Command {
	var f compareFlags
	cmd := &cobra.Command{
		Use:   "compare BASE… --with NEW…",
		Short: "Compare two groups of stored runs, and gate on regressions",
		Long: `compare judges the run folders again, from their evidence alone, and holds the NEW
runs against the BASE runs, which must be of one scenario, size and topology. All
folders behind --with are NEW; two folders without --with are one against one.

A run is one observation. For each figure: the medians, the difference and its
interval (Hodges-Lehmann), a Mann-Whitney test, corrected for the number of figures
(Holm). "~" means that the difference may be chance. Seeds may differ. Missing and
inconclusive runs are left out with a warning.

Exit status without --gate: 0. With it: 99 when a figure is worse by more than the
FRACTION and significantly so, 98 when that cannot be decided, 0 otherwise. 98 also
when all runs of one side are inconclusive, 1 for runs that cannot be compared.`,
		Example: `  oalab compare A B
  oalab compare base-* --with new-*
  oalab compare base-* --with new-* --gate 0.1 --figure p99_due_s --figure 'p99_due_s/*'`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			base, with, err := f.groups(args)
			if err != nil {
				return err
			}
			o := compare.Options{Figures: f.figures, Alpha: f.alpha}
			if cmd.Flags().Changed("gate") {
				o.Gate = &f.gate
			}
			return a.compare(cmd.Context(), f, o, base, with)
		},
	}
	f.with.before = cmd.Flags().NArg
	cmd.Flags().Var(&f.with, "with", "the NEW runs: all folders from here on")
	cmd.Flags().StringArrayVar(&f.figures, "figure", nil, "a figure, or a pattern such as 'p99_*'; can be repeated (default: those with objectives, latency, errors, throughput)")
	cmd.Flags().Float64Var(&f.alpha, "alpha", 0.05, "the chance of calling any difference real when there is none")
	cmd.Flags().Float64Var(&f.gate, "gate", 0, "exit with 99 when a figure is significantly worse by more than this FRACTION")
	cmd.Flags().BoolVar(&f.json, "json", false, "the comparison as one JSON object")
	return cmd
}

// rest is a flag that takes the arguments behind it along, as the shell's globs make
// them: it notes how many there were before it.
type rest struct {
	before func() int
	from   int
	dirs   []string
}

// Set takes one folder.
func (r *rest) Set(dir string) error {
	if len(r.dirs) == 0 {
		r.from = r.before()
	}
	r.dirs = append(r.dirs, dir)
	return nil
}

// String is the default value in the help text: none.
func (r *rest) String() string { return "" }

// Type is what the help text calls a value.
func (r *rest) Type() string { return "NEW..." }

// groups are the folders of both sides.
func (f *compareFlags) groups(args []string) (base, with []string, err error) {
	if len(f.with.dirs) == 0 {
		if len(args) != 2 {
			return nil, nil, errors.New("give two run folders, or BASE… --with NEW…")
		}
		return args[:1], args[1:], nil
	}
	base, with = args[:f.with.from], append(f.with.dirs, args[f.with.from:]...)
	if len(base) == 0 {
		return nil, nil, errors.New("no BASE run folder before --with")
	}
	return base, with, nil
}

// compare judges the runs of both sides and tells what differs.
func (a *app) compare(ctx context.Context, f compareFlags, o compare.Options, base, with []string) error {
	r, err := compare.Compare(a.judged(ctx, base), a.judged(ctx, with), o)
	switch {
	case proc.Interrupted(ctx):
		a.status = exit.Interrupted
		return nil
	case errors.Is(err, compare.ErrNothingLeft):
		a.complain(err)
		a.status = exit.Inconclusive
		return nil
	case err != nil:
		return err
	}
	if r.Gate != nil {
		a.status = statusOf(r.Gate.Verdict)
	}
	if f.json {
		return a.printJSON(r)
	}
	if _, err := fmt.Fprint(a.p.Stdout, r.Markdown()); err != nil {
		return fmt.Errorf("write the comparison on standard output: %w", err)
	}
	return nil
}

// judged judges stored runs from their evidence. Links are followed, so that a folder
// is recognised under each of its names.
func (a *app) judged(ctx context.Context, dirs []string) []compare.Run {
	var runs []compare.Run
	for _, dir := range dirs {
		if proc.Interrupted(ctx) {
			break
		}
		run := compare.Run{Dir: dir}
		run.Manifest, run.Err = a.h.Check(a.p.Path(dir))
		if real, err := filepath.EvalSymlinks(a.p.Path(dir)); err == nil {
			run.Path = real
		}
		runs = append(runs, run)
	}
	return runs
}
