package judge

import (
	"cmp"
	"fmt"
	"slices"

	"oalab/scenarios/account"
	"oalab/scenarios/check"
	"oalab/scenarios/figure"
	"oalab/scenarios/history"
)

// reasonInterrupted is the whole reason of an interrupted run (docs/contracts.md).
const reasonInterrupted = "interrupted"

// standing orders the ways in which an arm can end; the highest decides a run.
type standing int

const (
	stands        standing = iota // everything held
	missed                        // an objective was missed
	undecided                     // something could not be decided
	violated                      // an invariant broke, or one meant to break did not
	interrupted                   // the run was broken off
	untrustworthy                 // the evidence itself is bad
)

// verdict is what a standing means.
func (s standing) verdict() history.Verdict {
	switch s {
	case stands:
		return history.Pass
	case missed, violated:
		return history.Fail
	case undecided, untrustworthy, interrupted:
	}
	return history.Inconclusive
}

// ArmJudgement is what became of one arm.
type ArmJudgement struct {
	Arm      string
	Verdict  history.Verdict
	Reason   string             // one sentence
	About    history.ReasonKind // what that is about; "" of an arm that ended as expected
	Checkers []history.CheckerResult
	Figures  []history.Figure // names as within the arm, without its suffix

	standing standing
}

// Arm judges one arm by its spec. The order is that of the design: an interrupted
// run and bad evidence decide before any checker is asked; then an invariant that
// is violated wins over all that is inconclusive, and that over an objective missed.
// An arm that is meant to violate an invariant passes when exactly that one broke.
func Arm(s Spec, a *history.Arm) ArmJudgement {
	j := ArmJudgement{Arm: s.Arm}
	if a.Record.Interrupted {
		j.Figures = figure.All(a, account.Windows(a))
		return j.unasked(s, interrupted, reasonInterrupted)
	}
	if wrong := contradictions(a); wrong != "" {
		return j.unasked(s, untrustworthy, "evidence contradicts itself: "+wrong)
	}
	r := figure.Reckon(a, account.Windows(a))

	open := sentences(history.ReasonUndecided, a.Record.Problems...)
	if s.Control && len(a.Record.Windows) > 0 {
		open = append(open, unsettled("control arm had fault %s", a.Record.Windows[0].Fault))
	}
	effects, toothless := bitten(a, s.Effects)
	open = append(open, sentences(history.ReasonUndecided, toothless...)...)

	broken, openCheckers := j.ask(s, a)
	open = append(open, openCheckers...)

	on := ground{generator: r.Generator, machine: r.Machine, factor: account.SpeedFactor(a.Record), scopes: r.Scopes}
	figures, missedObjectives, openObjectives := on.held(r.Figures, dense(a, s.Objectives))
	j.Figures = append(figures, effects...)
	open = append(open, openObjectives...)
	if len(s.Checkers)+len(s.Objectives) == 0 {
		open = append(open, unsettled("nothing was judged: the arm has neither checker nor objective"))
	}
	return j.end(s, sentences(history.ReasonInvariant, broken...), open, sentences(history.ReasonObjective, missedObjectives...))
}

// ask lets all checkers judge. It returns a sentence for each invariant that broke
// against expectation or did not break as expected, and for each that is open.
func (j *ArmJudgement) ask(s Spec, a *history.Arm) (broken []string, open []sentence) {
	asked, disturbed := false, noise(a)
	for _, c := range s.Checkers {
		f := check.Ask(c, a)
		want := s.Expect.of(c.Name(), f.Verdict)
		asked = asked || c.Name() == s.Expect.violated
		j.Checkers = append(j.Checkers, history.CheckerResult{
			Name: c.Name(), Arm: s.Arm, Expected: want, Verdict: f.Verdict,
			Checked: f.Checked, Violations: f.Violations, Detail: f.Detail,
		})
		switch {
		case f.Verdict == want:
		case f.Verdict == history.Inconclusive:
			open = append(open, sentence{
				fmt.Sprintf("checker %s is inconclusive: %s", c.Name(), f.Detail), cmp.Or(f.About, history.ReasonUndecided),
			})
		case want == history.Fail && disturbed.text != "":
			// The defect may show at certain moments only, and those were disturbed.
			open = append(open, sentence{
				fmt.Sprintf("checker %s was meant to fail and passed, but %s: %s", c.Name(), disturbed.text, f.Detail), disturbed.about,
			})
		case want == history.Fail:
			broken = append(broken, fmt.Sprintf("checker %s was meant to fail and passed: %s", c.Name(), f.Detail))
		default:
			broken = append(broken, fmt.Sprintf("checker %s found %d violations: %s", c.Name(), f.Violations, f.Detail))
		}
	}
	if s.Expect.violated != "" && !asked {
		open = append(open, unsettled("checker %s was meant to fail and is not among the checkers", s.Expect.violated))
	}
	return broken, open
}

// noise says what kept an arm from running as planned; without text if nothing did. A planted
// defect that does not show in such an arm proves nothing.
func noise(a *history.Arm) sentence {
	if bound := account.Certify(a).Bound; bound != "" {
		return sentence{bound, history.ReasonGenerator}
	}
	return sentence{account.MachineOf(a).Words(), history.ReasonMachine}
}

// end settles the standing of the arm and words its reason.
func (j ArmJudgement) end(s Spec, broken, open, missedObjectives []sentence) ArmJudgement {
	convicted := slices.IndexFunc(j.Checkers, func(r history.CheckerResult) bool {
		return r.Name == s.Expect.violated && r.Verdict == history.Fail
	})
	switch {
	case len(broken) > 0 && s.Expect.violated != "" && convicted < 0 && len(open) > 0:
		// Nothing broke, but the conditions were not right either: a fault that does not act
		// cannot bring a planted defect to light.
		if unexpected(j.Checkers) {
			return j.as(violated, broken)
		}
		return j.as(undecided, open)
	case len(broken) > 0:
		return j.as(violated, broken)
	case convicted >= 0 && len(s.Objectives) == 0:
		c := j.Checkers[convicted]
		return j.as(stands, sentences("", fmt.Sprintf("checker %s found %d violations, as it was meant to: %s", c.Name, c.Violations, c.Detail)))
	case len(open) > 0:
		return j.as(undecided, open)
	case len(missedObjectives) > 0:
		return j.as(missed, missedObjectives)
	}
	return j.as(stands, sentences("", fmt.Sprintf("%d checkers and %d objectives held", len(s.Checkers), len(s.Objectives))))
}

// unexpected reports whether a checker failed that was not meant to.
func unexpected(results []history.CheckerResult) bool {
	return slices.ContainsFunc(results, func(r history.CheckerResult) bool {
		return r.Verdict == history.Fail && r.Expected != history.Fail
	})
}

// as ends the judgement; the first of the sentences is the reason.
func (j ArmJudgement) as(st standing, why []sentence) ArmJudgement {
	j.standing, j.Verdict, j.Reason, j.About = st, st.verdict(), why[0].text, why[0].about
	if rest := len(why) - 1; rest > 0 {
		j.Reason += fmt.Sprintf(" (and %d more)", rest)
	}
	return j
}

// unasked ends the judgement without asking the checkers.
func (j ArmJudgement) unasked(s Spec, st standing, reason string) ArmJudgement {
	for _, c := range s.Checkers {
		j.Checkers = append(j.Checkers, history.CheckerResult{
			Name: c.Name(), Arm: s.Arm, Expected: s.Expect.of(c.Name(), history.Inconclusive),
			Verdict: history.Inconclusive, Detail: "not asked: " + reason,
		})
	}
	about := history.ReasonEvidence
	if st == interrupted {
		about = history.ReasonInterrupted
	}
	return j.as(st, sentences(about, reason))
}
