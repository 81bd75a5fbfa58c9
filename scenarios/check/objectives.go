package check

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"oalab/scenarios/history"
)

// Objective is a numeric bound on a figure of an arm: Figure Relation Limit must
// hold (REP-4). Below MinN observations (at least one), or without the figure, it is
// inconclusive.
type Objective struct {
	Figure   string // name within the arm, such as p99_due_s/carrier-slow
	Relation string // <, <=, >, >=, ==
	Limit    float64
	MinN     int
}

// held holds the figures against the objectives. It returns the figures with their
// limits entered (a second objective on the same figure repeats its line), and a
// sentence for each objective that was missed or could not be decided.
func held(figures []history.Figure, objectives []Objective) (out []history.Figure, missed, undecided []string) {
	out = slices.Clone(figures)
	for _, o := range objectives {
		i := slices.IndexFunc(figures, func(f history.Figure) bool { return f.Name == o.Figure })
		if i < 0 {
			undecided = append(undecided, fmt.Sprintf("%s cannot be had from this evidence, its limit is %s %s",
				o.Figure, o.Relation, number(o.Limit)))
			continue
		}
		f := figures[i]
		ok, err := compare(f.Value, o.Relation, o.Limit)
		if err != nil {
			undecided = append(undecided, fmt.Sprintf("objective on %s: %v", o.Figure, err))
			continue
		}
		limit := o.Limit
		f.Relation, f.Limit, f.OK = o.Relation, &limit, &ok
		if out[i].Limit == nil {
			out[i] = f
		} else {
			out = append(out, f)
		}
		switch {
		case f.N < max(o.MinN, 1):
			undecided = append(undecided, fmt.Sprintf("%s rests on %d observations, %d wanted", o.Figure, f.N, max(o.MinN, 1)))
		case !ok:
			missed = append(missed, fmt.Sprintf("%s is %s, limit %s %s (n %d)",
				o.Figure, Quantity(f.Value, f.Unit), o.Relation, Quantity(o.Limit, f.Unit), f.N))
		}
	}
	return out, missed, undecided
}

func compare(value float64, relation string, limit float64) (bool, error) {
	switch relation {
	case "<":
		return value < limit, nil
	case "<=":
		return value <= limit, nil
	case ">":
		return value > limit, nil
	case ">=":
		return value >= limit, nil
	case "==":
		return value == limit, nil
	}
	return false, fmt.Errorf("relation %q is none of < <= > >= ==", relation)
}

// Quantity words a value with its unit for people: four digits, no unit for counts
// and ratios.
func Quantity(v float64, unit string) string {
	switch unit {
	case unitCount, unitRatio, "":
		return number(v)
	case unitRate:
		return number(v) + "/s"
	}
	return number(v) + " " + unit
}

// number keeps whole numbers whole and cuts others to four digits, large ones to those
// before the point.
func number(v float64) string {
	if v == float64(int64(v)) {
		return strconv.FormatInt(int64(v), 10)
	}
	if math.Abs(v) >= 1e4 && math.Abs(v) < 1e15 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 4, 64)
}
