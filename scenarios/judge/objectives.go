package judge

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"oalab/scenarios/account"
	"oalab/scenarios/figure"
	"oalab/scenarios/history"
)

// Objective is a numeric bound on a figure of an arm: Figure Relation Limit must
// hold (REP-4). A limit of time is that of a machine as fast as the reference, and is
// multiplied by the speed factor of a slower one. Below MinN observations (at least one),
// without the figure, or where nothing was answered, it is inconclusive.
type Objective struct {
	Figure   string // name within the arm, such as p99_due_s/carrier-slow
	Relation string // <, <=, >, >=, ==
	Limit    float64
	MinN     int
}

// ground is what the figures of an arm are judged on.
type ground struct {
	generator account.Generator
	machine   account.Machine
	factor    float64 // by which limits of time are multiplied; see SpeedFactor
	scopes    map[string]account.Slice
}

// held holds the figures against the objectives. It returns the figures as run.json has
// them, with their limits entered (a second objective on the same figure repeats its
// line), and a sentence for each objective that was missed or could not be decided.
func (g ground) held(figures []figure.Measured, objectives []Objective) (out []history.Figure, missed []string, undecided []sentence) {
	for _, f := range figures {
		out = append(out, f.Line())
	}
	for _, o := range objectives {
		i := slices.IndexFunc(figures, func(f figure.Measured) bool { return f.Name == o.Figure })
		if i < 0 {
			undecided = append(undecided, g.absent(o))
			continue
		}
		f := figures[i]
		if _, err := compare(f.Value, o.Relation, o.Limit); err != nil {
			undecided = append(undecided, unsettled("objective on %s: %v", o.Figure, err))
			continue
		}
		line := f.Line()
		limit := o.Limit
		if f.Unit == figure.UnitSeconds && g.factor > 1 {
			claimed := limit
			limit *= g.factor
			line.ClaimedLimit = &claimed
		}
		line.Relation, line.Limit = o.Relation, &limit
		switch ok, open := g.decide(f, o, limit); {
		case open.text != "":
			line.Open = open.text
			undecided = append(undecided, open)
		default:
			line.OK = &ok
			if !ok {
				missed = append(missed, fmt.Sprintf("%s, limit %s (n %d)", words(f), limitWords(line), f.N))
			}
		}
		if out[i].Limit == nil {
			out[i] = line
		} else {
			out = append(out, line)
		}
	}
	return out, missed, undecided
}

// absent says why a figure is not there.
func (g ground) absent(o Objective) sentence {
	_, suffix, _ := strings.Cut(o.Figure, "/")
	if s := g.scopes[suffix]; s.Scheduled > 0 && s.Successes() == 0 {
		return unsettled("%s cannot be had: none of %d operations was answered%s", o.Figure, s.Scheduled, during(suffix))
	}
	return g.scarce(o, fmt.Sprintf("%s cannot be had from this evidence, its limit is %s %s", o.Figure, o.Relation, account.Number(o.Limit)))
}

// scarce says that a figure rests on too little. A step of a closed load is left out where the
// machine was full: then the machine is the reason.
func (g ground) scarce(o Objective, text string) sentence {
	row, _ := figure.Find(o.Figure)
	if full := g.machine.Words(); row.Time == figure.ByMachine && full != "" {
		return sentence{full + "; " + text, history.ReasonMachine}
	}
	return sentence{text, history.ReasonUndecided}
}

func during(suffix string) string {
	if suffix == "" {
		return ""
	}
	return " while " + suffix + " was in effect"
}

// decide holds a figure against a limit: it is met or missed when all that it could be
// lies on one side. Otherwise open says why it is neither.
func (g ground) decide(f figure.Measured, o Objective, limit float64) (ok bool, open sentence) {
	is := func(v float64) bool { ok, _ := compare(v, o.Relation, limit); return ok }
	bound := limitWords(history.Figure{Unit: f.Unit, Relation: o.Relation, Limit: &limit})
	if f.N < max(o.MinN, 1) {
		return false, g.scarce(o, fmt.Sprintf("%s rests on %d observations, %d wanted", o.Figure, f.N, max(o.MinN, 1)))
	}
	row, _ := figure.Find(f.Name)
	if row.Time == figure.ByArrivals && g.generator.Bound != "" && !spares(g.generator, is, f, limit) {
		return false, sentence{fmt.Sprintf("%s; %s needs it, limit %s", g.generator.Bound, words(f), bound), history.ReasonGenerator}
	}
	if row.Time == figure.ByArrivals && f.Widened() {
		// With "==" the interval may hold the limit though neither end does.
		inside := o.Relation == "==" && f.Low <= limit && limit <= f.High
		if inside || is(f.Low) != is(f.High) || is(f.Low) != is(f.Value) {
			return false, sentence{fmt.Sprintf("%s, and the limit %s lies within that", words(f), bound), history.ReasonGenerator}
		}
	}
	ok = is(f.Value)
	atLeast := o.Relation == ">" || o.Relation == ">="
	if row.Time != figure.Timeless && f.Full {
		switch {
		case !ok && (atLeast || math.IsNaN(f.Free) || is(f.Free)),
			ok && atLeast && f.Unit == figure.UnitSeconds && !is(f.Free):
			return false, sentence{fmt.Sprintf("%s; %s may be due to that, limit %s", g.machine.Words(), words(f), bound), history.ReasonMachine}
		}
	}
	_, suffix, _ := strings.Cut(o.Figure, "/")
	if s := g.scopes[suffix]; ok && s.Scheduled > 0 && s.Successes() == 0 {
		return false, unsettled("%s says nothing: none of %d operations was answered%s", o.Figure, s.Scheduled, during(suffix))
	}
	return ok, sentence{}
}

// spares reports whether an objective is met by so much that a generator near its ceiling
// cannot have caused it: in a queue that is used to a share u everything takes up to 1/(1-u)
// times as long. Such a generator makes a system look slower. Therefore a missed objective is
// never spared.
func spares(g account.Generator, is func(float64) bool, f figure.Measured, limit float64) bool {
	if !g.Overloaded || g.Share >= 1 || !is(f.Value) {
		return false
	}
	return f.Value == 0 || limit/f.Value > 1/(1-g.Share)
}

// words gives a figure, and the bounds between which the lateness of the generator leaves it.
func words(f figure.Measured) string {
	s := f.Name + " is " + figure.Quantity(f.Value, f.Unit)
	if f.Widened() {
		s += fmt.Sprintf(", by the generator's own lateness between %s and %s", figure.Quantity(f.Low, f.Unit), figure.Quantity(f.High, f.Unit))
	}
	return s
}

// limitWords is the limit of a figure; on a slower machine also the one that is claimed.
func limitWords(f history.Figure) string {
	s := f.Relation + " " + figure.Quantity(*f.Limit, f.Unit)
	if f.ClaimedLimit != nil {
		s += fmt.Sprintf(" (%s on a machine as fast as the reference)", figure.Quantity(*f.ClaimedLimit, f.Unit))
	}
	return s
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
