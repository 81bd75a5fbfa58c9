package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"oalab/scenarios/check"
	"oalab/scenarios/history"
)

// figure is a cell with the value of a figure of run.json.
func figure(f history.Figure) cell {
	return cell{Text: check.Quantity(f.Value, f.Unit), Figure: f.Name, Exact: exact(f.Value)}
}

func (r *run) objectives() section {
	s := section{ID: "objectives", Title: "Objectives"}
	all := objectivesOf(r.Manifest)
	if len(all) == 0 {
		s.say("None was held against this evidence.")
		return s
	}
	s.say("An objective is a limit on a figure. One missed fails the run; one that rests on too few observations makes it inconclusive.")
	rows := make([][]cell, 0, len(all))
	for _, f := range all {
		rows = append(rows, []cell{
			{Text: f.Name},
			figure(f),
			{Text: limit(f)},
			{Text: yesNo(f.OK), Tone: heldTone(f.OK)},
			{Text: used(f)},
			{Text: count(f.N)},
			{Text: r.meaning(f.Name)},
		})
	}
	s.table([]string{"figure", "value#", "limit#", "held", "of the limit#", "n#", "meaning"}, rows)
	return s
}

func (r *run) checkers() section {
	s := section{ID: "checkers", Title: "Checkers"}
	if len(r.Checkers) == 0 {
		s.say("None was asked.")
		return s
	}
	s.say("A checker judges one thing that must hold always, over the whole history and the ledgers of platform and carrier. " +
		"Without enough to check it is inconclusive.")
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
		s.say("None was injected.")
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
			return figure(f)
		}
	}
	return cell{Text: "–"}
}

// effectOf words the effects that the judge counted for a fault.
func (r *run) effectOf(w history.Window) string {
	var words []string
	for _, f := range r.Figures {
		if _, effect := check.EffectFault(f); !effect {
			continue
		}
		if _, fault, arm := r.split(f.Name); fault == w.Fault && arm == w.Arm {
			words = append(words, fmt.Sprintf("%s %s (%s wanted)", check.Quantity(f.Value, ""), f.Unit, relation(f.Relation)+" "+check.Quantity(*f.Limit, "")))
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
		s.say("None could be had.")
		return s
	}
	s.say("A name without a slash is the main arm's; behind the slash stands the fault in whose window a message was due, the server, or the arm.")
	titles := []string{"figure", "value#", "n#", "limit#", "held", "meaning"}
	intervals := slices.ContainsFunc(r.Figures, func(f history.Figure) bool { return interval(f) != "" })
	if intervals {
		titles = slices.Insert(titles, 2, "interval#")
	}
	rows := make([][]cell, 0, len(r.Figures))
	for _, f := range r.Figures {
		cells := []cell{{Text: f.Name}, figure(f), {Text: count(f.N)}, {Text: limit(f)}, held(f), {Text: r.shortMeaning(f.Name)}}
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

// interval words the confidence interval of a figure that has one.
func interval(f history.Figure) string {
	if f.CILow == nil || f.CIHigh == nil {
		return ""
	}
	return check.Quantity(*f.CILow, f.Unit) + " – " + check.Quantity(*f.CIHigh, f.Unit)
}
