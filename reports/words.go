package reports

import (
	"cmp"
	"math"
	"strconv"

	"oalab/scenarios/figure"
	"oalab/scenarios/history"
)

// meaning explains a figure in plain words, with its fault and arm. It is "" for a figure
// without an explanation.
func (r *run) meaning(name string) string {
	base, behind, arm := r.split(name)
	words := r.meaningIn(arm, base)
	if words == "" {
		return ""
	}
	switch row, _ := figure.Find(base); {
	case behind == "":
	case row.Of == figure.OfServer:
		words += ", " + behind
	case row.Of == figure.OfFault:
		words += ", of " + behind
	default:
		words += ", of those due while " + behind + " was in effect"
	}
	if len(r.Arms) > 0 && arm != r.Arms[0] {
		words += ", arm " + arm
	}
	return words
}

// shortMeaning is the meaning of a figure without fault and arm, where the name stands beside it.
func (r *run) shortMeaning(name string) string {
	base, _, arm := r.split(name)
	return r.meaningIn(arm, base)
}

// meaningIn says what a figure is of the operations of an arm.
func (r *run) meaningIn(arm, base string) string {
	row, _ := figure.Find(base)
	for _, e := range r.arms {
		if e.name == arm && e.page() != "" {
			return cmp.Or(row.Requests, row.Words)
		}
	}
	return row.Words
}

// limit words an objective's bound.
func limit(f history.Figure) string {
	if f.Limit == nil {
		return ""
	}
	s := relation(f.Relation) + " " + figure.Quantity(*f.Limit, f.Unit)
	if f.ClaimedLimit != nil {
		s += " (claimed " + figure.Quantity(*f.ClaimedLimit, f.Unit) + ")"
	}
	return s
}

// relation writes an objective's relation as people do.
func relation(r string) string {
	switch r {
	case "<=":
		return "≤"
	case ">=":
		return "≥"
	case "==":
		return "="
	}
	return r
}

// used is the part of its limit that a figure takes, as text. It is "" for a figure that
// must have one certain value.
func used(f history.Figure) string {
	if f.Relation == "==" {
		return ""
	}
	return percent(usedUp(f))
}

func percent(v float64) string {
	if math.IsInf(v, 0) {
		return "beyond any"
	}
	return strconv.FormatFloat(100*v, 'f', 0, 64) + " %"
}

// seconds is a time to the millisecond; brief leaves out digits that are zero.
func seconds(v float64) string {
	if math.IsNaN(v) {
		return "–"
	}
	return strconv.FormatFloat(v, 'f', 3, 64)
}

func brief(v float64) string {
	return strconv.FormatFloat(math.Round(v*1000)/1000, 'f', -1, 64)
}

// exact is a value with all its digits, as run.json has it.
func exact(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

func count(n int) string { return strconv.Itoa(n) }

func yesNo(ok *bool) string {
	switch {
	case ok == nil:
		return ""
	case *ok:
		return "yes"
	}
	return "NO"
}
