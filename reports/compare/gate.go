package compare

import (
	"errors"
	"fmt"
	"slices"

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
	var failed, few, open []string
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
			few = append(few, f.Name)
		case beyond:
			f.Gate = history.Inconclusive
			open = append(open, fmt.Sprintf("%s is worse by %s, but not significantly", f.Name, share(by)))
		}
	}
	one := slices.DeleteFunc(slices.Clone(oneSided), func(name string) bool { return wanted(name, "") == "" })
	held += len(one)
	if len(one) > 0 {
		open = append(open, "only one side has "+listed(one, ", "))
	}
	if len(few) > 0 {
		open = append(open, "too few runs for "+listed(few, ", "))
	}
	switch {
	case held == 0:
		return errors.New("the gate has nothing to hold: none of these figures can be worse")
	case len(failed) > 0:
		r.Gate.Verdict, r.Gate.Reason = history.Fail, listed(failed, "; ")
	case len(open) > 0:
		r.Gate.Verdict, r.Gate.Reason = history.Inconclusive, listed(open, "; ")
	default:
		r.Gate.Reason = fmt.Sprintf("none of %s is significantly worse by more than %s", counted(held, "figure"), share(limit))
	}
	return nil
}
