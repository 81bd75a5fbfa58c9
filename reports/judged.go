package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"oalab/scenarios/account"
	"oalab/scenarios/figure"
	"oalab/scenarios/history"
	"oalab/scenarios/judge"
)

// figure is a cell with the value of a figure of run.json.
func figureCell(f history.Figure) cell {
	return cell{Text: figure.Quantity(f.Value, f.Unit), Figure: f.Name, Exact: exact(f.Value)}
}

func (r *run) objectives() section {
	s := section{ID: "objectives", Title: "Objectives"}
	all := objectivesOf(r.Manifest)
	if len(all) == 0 {
		s.say("This evidence was judged without objectives.")
		return s
	}
	s.say("An objective is a limit on a figure. It is held or missed when the whole interval of the figure lies on one side of the limit. A missed objective fails the run. " +
		"An objective is inconclusive in three cases: the limit lies within the interval that the generator's own lateness left, a full machine may be the reason, " +
		"or there are too few observations.")
	if factor := r.factor(); factor > 1 {
		s.say("This machine is %s times as slow as the reference machine. Limits of time are multiplied by this factor; the claimed limit stands beside.", brief(factor))
	}
	titles := []string{"figure", "value#", "limit#", "held", "of the limit#", "n#", "meaning"}
	intervals := slices.ContainsFunc(all, func(f history.Figure) bool { return interval(f) != "" })
	if intervals {
		titles = slices.Insert(titles, 2, "interval#")
	}
	rows := make([][]cell, 0, len(all))
	for _, f := range all {
		cells := []cell{{Text: f.Name}, figureCell(f), {Text: limit(f)}, heldWords(f), {Text: used(f)}, {Text: count(f.N)}, {Text: r.meaning(f.Name)}}
		if intervals {
			cells = slices.Insert(cells, 2, cell{Text: interval(f)})
		}
		rows = append(rows, cells)
	}
	s.table(titles, rows)
	return s
}

func (r *run) checkers() section {
	s := section{ID: "checkers", Title: "Checkers"}
	if len(r.Checkers) == 0 {
		s.say("This run has no checkers.")
		return s
	}
	s.say("A checker judges one invariant over the whole history and the ledgers of platform and carrier. It is inconclusive if there is too little to check.")
	rows := make([][]cell, 0, len(r.Checkers))
	for _, c := range r.Checkers {
		verdict := cell{Text: string(c.Verdict), Tone: verdictTone(c.Verdict)}
		if c.Verdict == c.Expected {
			verdict.Tone = good
		}
		if c.Expected == history.Fail {
			verdict.Text += ", meant to fail"
		}
		rows = append(rows, []cell{
			{Text: c.Name}, {Text: c.Arm}, verdict, {Text: count(c.Checked)}, {Text: count(c.Violations)}, {Text: c.Detail},
		})
	}
	s.table([]string{"checker", "arm", "verdict", "checked#", "violations#", "detail"}, rows)
	return s
}

// faults lists the windows: planned, actual, and how the fault showed.
func (r *run) faults() section {
	s := section{ID: "faults", Title: "Faults and their effect"}
	if len(r.Faults) == 0 {
		s.say("No fault was injected.")
		return s
	}
	s.say("Times are seconds after the start of the arm's load. A fault counts only when its effect was seen. " +
		"The last three columns are over all windows of the fault, for the messages that were due in them.")
	rows := make([][]cell, 0, len(r.Faults))
	for _, w := range r.Faults {
		healed := "never"
		if w.HealedS > 0 {
			healed = brief(w.HealedS)
		}
		effect := cell{Text: r.effectOf(w)}
		if w.Error != "" {
			effect.Tone = bad
		}
		rows = append(rows, []cell{
			{Text: w.Fault},
			{Text: w.Arm},
			{Text: w.Target},
			{Text: brief(w.PlannedFromS) + " – " + brief(w.PlannedToS)},
			{Text: brief(w.FromS) + " – " + brief(w.ToS)},
			{Text: healed},
			effect,
			r.figureIn(w, "p99_due_s"), r.figureIn(w, "tries_failed"), r.figureIn(w, "outage_s"),
		})
	}
	s.table([]string{
		"fault", "arm", "target", "planned#", "in effect#", "healed#", "effect, smallest of its windows", "p99 due#", "tries failed#", "longest outage#",
	}, rows)
	return s
}

// figureIn is a figure of the messages due in the windows of a fault.
func (r *run) figureIn(w history.Window, base string) cell {
	for _, f := range r.Figures {
		if b, fault, arm := r.split(f.Name); b == base && fault == w.Fault && arm == w.Arm {
			return figureCell(f)
		}
	}
	return cell{Text: "–"}
}

// effectOf words the effects that the judge counted for a fault.
func (r *run) effectOf(w history.Window) string {
	var words []string
	for _, f := range r.Figures {
		if _, effect := judge.EffectFault(f); !effect {
			continue
		}
		if _, fault, arm := r.split(f.Name); fault == w.Fault && arm == w.Arm {
			words = append(words, fmt.Sprintf("%s %s (%s wanted)", figure.Quantity(f.Value, ""), f.Unit, relation(f.Relation)+" "+figure.Quantity(*f.Limit, "")))
		}
	}
	if w.Error != "" {
		words = append(words, "ERROR: "+w.Error)
	}
	if history.IsWayBack(w.Fault) && len(words) == 0 {
		return "the address was seen to come home"
	}
	return cmp.Or(strings.Join(words, "; "), "not counted")
}

// allFigures lists every figure of run.json once, with its number of observations.
func (r *run) allFigures() section {
	s := section{ID: "figures", Title: "All figures"}
	if len(r.Figures) == 0 {
		s.say("No figure could be computed.")
		return s
	}
	s.say("A name without a slash is a figure of the main arm. The word after a slash is the fault in whose window the messages were due, the server, or the arm.")
	titles := []string{"figure", "value#", "n#", "limit#", "held", "meaning"}
	intervals := slices.ContainsFunc(r.Figures, func(f history.Figure) bool { return interval(f) != "" })
	if intervals {
		titles = slices.Insert(titles, 2, "interval#")
	}
	rows := make([][]cell, 0, len(r.Figures))
	for _, f := range r.Figures {
		cells := []cell{{Text: f.Name}, figureCell(f), {Text: count(f.N)}, {Text: limit(f)}, held(f), {Text: r.shortMeaning(f.Name)}}
		if intervals {
			cells = slices.Insert(cells, 2, cell{Text: interval(f)})
		}
		rows = append(rows, cells)
	}
	s.table(titles, rows)
	return s
}

func held(f history.Figure) cell {
	if f.OK == nil {
		return cell{}
	}
	return cell{Text: yesNo(f.OK), Tone: heldTone(f.OK)}
}

// heldWords says whether an objective was held, or why that is open.
func heldWords(f history.Figure) cell {
	if f.OK == nil {
		return cell{Text: "open: " + cmp.Or(f.Open, "too little to decide"), Tone: unsure}
	}
	return held(f)
}

// factor is by how much limits of time were multiplied, 1 for none.
func (r *run) factor() float64 {
	factor := 1.0
	for _, e := range r.arms {
		if e.err == nil {
			factor = max(factor, account.SpeedFactor(e.arm.Record))
		}
	}
	return factor
}

// interval words the confidence interval of a figure that has one.
func interval(f history.Figure) string {
	if f.CILow == nil || f.CIHigh == nil {
		return ""
	}
	return figure.Quantity(*f.CILow, f.Unit) + " – " + figure.Quantity(*f.CIHigh, f.Unit)
}
