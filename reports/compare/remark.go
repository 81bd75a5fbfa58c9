package compare

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"oalab/scenarios/history"
)

// machine are the entries of a run's environment that make its figures another
// machine's.
var machine = []string{"arch", "cores", "cpu", "gomaxprocs", "kernel", "os"}

// remark says what a reader has to know of the figures.
func (r *Result) remark(base, with []Run, oneSided []string) {
	all := slices.Concat(base, with)
	for _, g := range []struct {
		name string
		Group
	}{{"base", r.Base}, {"new", r.New}} {
		for _, e := range g.Excluded {
			r.warn("%s run %s is left out, %s", g.name, e.Dir, brief(e.Reason))
		}
	}
	for _, run := range all {
		if run.Manifest.Verdict == history.Fail {
			r.warn("run %s failed and is still compared: %s", run.Dir, brief(run.Manifest.Reason))
		}
	}
	if r.SmallestPHolm >= r.Alpha {
		r.warn("%s", r.tooFew(len(base), len(with)))
	}
	if len(oneSided) > 0 {
		r.warn("only one side has: %s", listed(oneSided, ", "))
	}
	var partly []string
	for _, f := range r.Figures {
		if a, b := len(f.Base.Values), len(f.New.Values); a < len(base) || b < len(with) {
			partly = append(partly, fmt.Sprintf("%s (%d of %d base runs, %d of %d new runs)", f.Name, a, len(base), b, len(with)))
		}
	}
	if len(partly) > 0 {
		r.warn("not every run has: %s", listed(partly, ", "))
	}
	for _, key := range machine {
		values := distinctValues(all, func(m history.Manifest) string { return m.Environment[key] })
		if len(values) > 1 {
			r.warn("the machine differs: %s is %s; the figures may differ for that", key, strings.Join(values, ", "))
		}
	}
	r.plans(all)
	r.order(base, with)
}

func (r *Result) warn(format string, args ...any) {
	r.Warnings = append(r.Warnings, oneLine(fmt.Sprintf(format, args...)))
}

func (r *Result) note(format string, args ...any) {
	r.Notes = append(r.Notes, oneLine(fmt.Sprintf(format, args...)))
}

// oneLine puts a text from a run on one line.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// tooFew says that so many runs show no significant difference, and how many runs could.
func (r *Result) tooFew(base, with int) string {
	what := fmt.Sprintf("%d against %d runs are too few to tell a difference from chance", base, with)
	if base == 1 && with == 1 {
		what = "one run against one: these are differences, no evidence"
	}
	return fmt.Sprintf("%s: the smallest p they can reach is %s, and %s corrected for %s; from %d runs a side on it is below %g",
		what, probability(r.SmallestP), probability(r.SmallestPHolm), counted(max(1, r.Tested), "figure"), r.RunsWanted, r.Alpha)
}

// plans compares the seeds, and the plans that equal seeds must have in common.
func (r *Result) plans(all []Run) {
	seeds := distinctValues(all, func(m history.Manifest) string { return strconv.FormatUint(m.Seed, 10) })
	if len(seeds) > 1 {
		r.note("The runs have %d seeds. That is fine: each seed is another plan, and their spread is in the intervals.", len(seeds))
	} else {
		r.note("All runs have seed %s: nothing is said about other plans.", seeds[0])
	}
	for _, seed := range seeds {
		var same []Run
		for _, run := range all {
			if strconv.FormatUint(run.Manifest.Seed, 10) == seed && slices.Equal(run.Manifest.Arms, all[0].Manifest.Arms) {
				same = append(same, run)
			}
		}
		if len(distinctValues(same, func(m history.Manifest) string { return m.PlanSHA256 })) > 1 {
			r.warn("runs of seed %s have different plans: the scenario itself was changed between them", seed)
		}
	}
	if len(distinctValues(all, func(m history.Manifest) string { return strings.Join(m.Arms, ", ") })) > 1 {
		r.warn("the runs do not have the same arms")
	}
}

// order adds a note if all runs of one side came before all runs of the other. Then the
// difference includes changes of the machine over time.
func (r *Result) order(base, with []Run) {
	began := func(runs []Run) (first, last time.Time) {
		times := make([]time.Time, len(runs))
		for i, run := range runs {
			times[i] = run.Manifest.Started
		}
		return slices.MinFunc(times, time.Time.Compare), slices.MaxFunc(times, time.Time.Compare)
	}
	baseFirst, baseLast := began(base)
	newFirst, newLast := began(with)
	if len(base)+len(with) > 2 && (baseLast.Before(newFirst) || newLast.Before(baseFirst)) {
		r.note("All runs of one side were made before those of the other. Make them in turns. Otherwise a change of the machine over time counts as a difference.")
	}
}

// distinctValues are the different values of a text over the runs, sorted.
func distinctValues(runs []Run, of func(history.Manifest) string) []string {
	set := map[string]bool{}
	for _, run := range runs {
		set[of(run.Manifest)] = true
	}
	return slices.Sorted(maps.Keys(set))
}

// listed joins the first few of many findings.
func listed(findings []string, between string) string {
	const most = 3
	if rest := len(findings) - most; rest > 0 {
		findings = append(slices.Clone(findings[:most]), fmt.Sprintf("and %d more", rest))
	}
	return strings.Join(findings, between)
}

// brief shortens a run's reason to one line of a list; oalab check prints all of it.
func brief(reason string) string {
	const most = 120
	reason = oneLine(reason)
	if r := []rune(reason); len(r) > most {
		return string(r[:most]) + "…"
	}
	return named(reason)
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}
