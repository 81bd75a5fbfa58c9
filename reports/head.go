package reports

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"oalab/scenarios/figure"
	"oalab/scenarios/history"
	"oalab/scenarios/judge"
)

// objectivesOf are the figures of a run that were held against a limit.
func objectivesOf(m history.Manifest) []history.Figure {
	var out []history.Figure
	for _, f := range m.Figures {
		if _, effect := judge.EffectFault(f); f.Limit != nil && !effect {
			out = append(out, f)
		}
	}
	return out
}

// head is the top of the report: what was claimed, what came out, why, and where it
// was tightest.
func (r *run) head() head {
	h := head{
		Scenario: r.Scenario, Claim: r.Title, Source: r.Source,
		Verdict: r.Verdict, Words: verdictWords(r.Verdict), Reason: r.Reason,
		Meta: []string{
			"topology " + r.Topology, "size " + r.Size, "seed " + strconv.FormatUint(r.Seed, 10),
			r.Started.UTC().Format("2006-01-02 15:04:05 UTC"), "took " + brief(r.DurationS) + " s",
			plural(len(r.Arms), "arm") + ": " + strings.Join(r.Arms, ", "),
		},
	}
	if h.Claim == "" {
		h.Claim = "Every invariant and every objective of scenario " + r.Scenario + " holds."
	}
	nearest := objectivesOf(r.Manifest)
	slices.SortStableFunc(nearest, func(a, b history.Figure) int { return cmp.Compare(usedUp(b), usedUp(a)) })
	for _, f := range nearest[:min(len(nearest), 3)] {
		h.Worst = append(h.Worst, worst{
			Figure: f.Name, Value: figure.Quantity(f.Value, f.Unit), Exact: exact(f.Value), Limit: limit(f),
			Meaning: r.meaning(f.Name), Used: used(f), Share: int(100 * min(usedUp(f), 1)), Tone: heldTone(f.OK),
		})
	}
	return h
}

func heldTone(ok *bool) tone {
	switch {
	case ok == nil:
		return unsure
	case *ok:
		return good
	}
	return bad
}

func verdictWords(v history.Verdict) string {
	switch v {
	case history.Pass:
		return "Passed"
	case history.Fail:
		return "Failed"
	case history.Inconclusive:
	}
	return "Inconclusive: not everything that the verdict needs could be decided"
}

func verdictTone(v history.Verdict) tone {
	switch v {
	case history.Pass:
		return good
	case history.Fail:
		return bad
	case history.Inconclusive:
	}
	return unsure
}

// tested says what was run.
func (r *run) tested() section {
	s := section{ID: "tested", Title: "What was tested"}
	entries := []prose{}
	if r.Source != "" {
		entries = append(entries, text("The claim comes from %s.", r.Source))
	}
	for i, e := range r.arms {
		p := text("Arm ").code(e.name)
		if i == 0 && len(r.arms) > 1 {
			p = p.text(" (main arm: its figures have no suffix)")
		}
		if e.err != nil {
			entries = append(entries, p.text(": its evidence cannot be read: %s.", e.err))
			continue
		}
		entries = append(entries, p.text(": %s", offered(e.arm)))
	}
	if r.Study {
		entries = append(entries, text("This run had no load. The evidence was computed from the seed, and judged from its files."))
	}
	entries = append(entries, text("Plan ").code(cmp.Or(r.PlanSHA256, "unknown")).
		text(": equal plans have equal arrivals, followers and fault times."))
	s.list(entries)
	return s
}

// offered words the load of an arm.
func offered(a *history.Arm) string {
	load := a.Record.Load
	s := fmt.Sprintf("%s in %s s, %s model, peak %s per second, %s.",
		operations(a), brief(load.DurationS), cmp.Or(load.Model, "unknown"),
		figure.Quantity(load.PeakPerS, ""), plural(len(a.Record.Windows), "fault window"))
	if a.Record.DrainedS > 0 {
		s += fmt.Sprintf(" The system was seen empty after %s s.", brief(a.Record.DrainedS))
	} else {
		s += " The system was never seen empty."
	}
	if a.Record.Interrupted {
		s += " It was interrupted."
	}
	if len(a.Record.Problems) > 0 {
		s += " Problems of the run: " + strings.Join(a.Record.Problems, "; ") + "."
	}
	return s
}

// operations describes the offered operations and the number of followers.
func operations(a *history.Arm) string {
	if page := a.Record.Load.Page; page != "" {
		return fmt.Sprintf("%d requests for %s", len(a.Plan), page)
	}
	kinds, followers := map[string]int{}, map[string]bool{}
	for _, p := range a.Plan {
		kinds[cmp.Or(p.Kind, "request")]++
		if p.OpenID != "" {
			followers[p.OpenID] = true
		}
	}
	var parts []string
	for _, kind := range []string{history.KindText, history.KindQuery, history.KindOrder, history.KindEvent, "request"} {
		if n := kinds[kind]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, kind))
		}
	}
	return fmt.Sprintf("%d messages (%s) of %d followers", len(a.Plan), strings.Join(parts, ", "), len(followers))
}

// usedUp is how much of its limit a figure takes: above 1 it is missed, and the
// nearer to it, the worse. A figure that may only have one value takes none or all.
func usedUp(f history.Figure) float64 {
	v, l := f.Value, *f.Limit
	switch f.Relation {
	case "<", "<=":
		return ratio(v, l)
	case ">", ">=":
		return ratio(l, v)
	}
	if v == l {
		return 0
	}
	return math.Inf(1)
}

func ratio(v, limit float64) float64 {
	switch {
	case limit > 0:
		return v / limit
	case v <= limit:
		return 0
	}
	return math.Inf(1)
}
