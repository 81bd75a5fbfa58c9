package compare

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"oalab/scenarios/history"
)

// Gate is the verdict of a regression gate: fail when a figure is worse by more than
// Limit and significantly so, inconclusive when that cannot be decided.
type Gate struct {
	Limit   float64         `json:"limit"`
	Verdict history.Verdict `json:"verdict"`
	Reason  string          `json:"reason"`
}

// hold holds the figures that can be worse against the gate. What is worse by more
// than the limit at the estimate, but not significantly, is not decided; neither is
// anything by too few runs.
func (r *Result) hold(limit float64, oneSided []string) error {
	r.Gate = &Gate{Limit: limit, Verdict: history.Pass}
	var failed, open []string
	held := 0
	for i := range r.Figures {
		f := &r.Figures[i]
		if f.Wanted == "" {
			continue
		}
		held++
		f.Gate = history.Pass
		by := f.worsening()
		switch beyond := by > limit; {
		case beyond && f.Conclusion == Worse:
			f.Gate = history.Fail
			failed = append(failed, fmt.Sprintf("%s is worse by %s", f.Name, share(by)))
		case !f.reachable:
			f.Gate = history.Inconclusive
			open = append(open, fmt.Sprintf("%s has too few runs", f.Name))
		case beyond:
			f.Gate = history.Inconclusive
			open = append(open, fmt.Sprintf("%s is worse by %s, but not significantly", f.Name, share(by)))
		}
	}
	for _, name := range oneSided {
		if wanted(name, "") != "" {
			held++
			open = append(open, name+" is a figure of one side only")
		}
	}
	switch {
	case held == 0:
		return errors.New("the gate has nothing to hold: none of these figures can be worse")
	case len(failed) > 0:
		r.Gate.Verdict, r.Gate.Reason = history.Fail, sentence(failed)
	case len(open) > 0:
		r.Gate.Verdict, r.Gate.Reason = history.Inconclusive, sentence(open)
	default:
		r.Gate.Reason = fmt.Sprintf("none of %s is significantly worse by more than %s", counted(held, "figure"), share(limit))
	}
	return nil
}

// sentence joins the first few of many findings.
func sentence(findings []string) string {
	const most = 3
	if rest := len(findings) - most; rest > 0 {
		findings = append(slices.Clone(findings[:most]), fmt.Sprintf("and %d more", rest))
	}
	return strings.Join(findings, "; ")
}
