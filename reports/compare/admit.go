package compare

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"

	"oalab/scenarios/history"
)

// ErrNothingLeft is returned when one side has runs, but none with a verdict.
var ErrNothingLeft = errors.New("no conclusive run is left")

func (o Options) check() error {
	if !(o.Alpha > 0 && o.Alpha < 0.5) {
		return fmt.Errorf("alpha is %g; it must lie between 0 and 0.5", o.Alpha)
	}
	if g := o.Gate; g != nil && !(*g >= 0 && !math.IsInf(*g, 0)) {
		return fmt.Errorf("gate is %g; it must be a fraction such as 0.1", *g)
	}
	return nil
}

// admit refuses runs that cannot be compared and leaves out those that say nothing:
// missing and inconclusive ones.
func admit(base, with []Run) (okBase, okWith []Run, r Result, err error) {
	if len(base) == 0 || len(with) == 0 {
		return nil, nil, r, errors.New("two groups of runs are compared; one of them is empty")
	}
	all := slices.Concat(base, with)
	if err := distinct(all); err != nil {
		return nil, nil, r, err
	}
	if i := slices.IndexFunc(all, func(run Run) bool { return run.Err == nil }); i >= 0 {
		if err := alike(all[i], all[i+1:]); err != nil {
			return nil, nil, r, err
		}
		m := all[i].Manifest
		r.Scenario, r.Topology, r.Size = m.Scenario, m.Topology, m.Size
	}
	r.Figures, r.Warnings, r.Notes = []Figure{}, []string{}, []string{}
	if okBase, r.Base, err = conclusive("base", base); err != nil {
		return nil, nil, r, err
	}
	if okWith, r.New, err = conclusive("new", with); err != nil {
		return nil, nil, r, err
	}
	return okBase, okWith, r, nil
}

// distinct refuses a run that is given twice, by its folder or by a copy of it.
func distinct(all []Run) error {
	for i, a := range all {
		for _, b := range all[:i] {
			switch {
			case a.path() == b.path():
				return fmt.Errorf("%s is given twice; a run counts once", a.Dir)
			case a.Err != nil || b.Err != nil || a.Manifest.Started.IsZero():
			case a.Manifest.Started.Equal(b.Manifest.Started) && a.Manifest.Seed == b.Manifest.Seed:
				return fmt.Errorf("%s and %s hold the same run; a run counts once", b.Dir, a.Dir)
			}
		}
	}
	return nil
}

func (r Run) path() string { return filepath.Clean(cmp.Or(r.Path, r.Dir)) }

// alike refuses runs of another kind than the first.
func alike(first Run, others []Run) error {
	for _, run := range others {
		if run.Err != nil {
			continue
		}
		a, b := first.Manifest, run.Manifest
		for _, part := range []struct{ what, of, other string }{
			{"scenario", a.Scenario, b.Scenario}, {"size", a.Size, b.Size}, {"topology", a.Topology, b.Topology},
		} {
			if part.of != part.other {
				return fmt.Errorf("runs of one %[1]s only can be compared: %[2]s has %[1]s %[3]s, %[4]s has %[5]s",
					part.what, first.Dir, named(part.of), run.Dir, named(part.other))
			}
		}
	}
	return nil
}

func named(s string) string { return cmp.Or(s, "none") }

// conclusive are the runs of a group that count. A failed run counts, because the missed
// objective may be the difference that the comparison looks for.
func conclusive(name string, runs []Run) (ok []Run, g Group, err error) {
	g = Group{Runs: []string{}, Excluded: []Excluded{}}
	missing := 0
	for _, run := range runs {
		switch v := run.Manifest.Verdict; {
		case run.Err != nil:
			missing++
			g.Excluded = append(g.Excluded, Excluded{run.Dir, fmt.Sprintf("cannot be read: %v", run.Err)})
		case v != history.Pass && v != history.Fail:
			g.Excluded = append(g.Excluded, Excluded{run.Dir, "inconclusive: " + named(run.Manifest.Reason)})
		default:
			ok = append(ok, run)
			g.Runs = append(g.Runs, run.Dir)
		}
	}
	if len(ok) > 0 {
		return ok, g, nil
	}
	first := g.Excluded[0]
	if missing == len(runs) {
		return nil, g, fmt.Errorf("none of the %s runs can be had: %s %s", name, first.Dir, brief(first.Reason))
	}
	return nil, g, fmt.Errorf("%s runs: %w: %s is %s", name, ErrNothingLeft, first.Dir, brief(first.Reason))
}
