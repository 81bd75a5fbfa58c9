package judge

import (
	"oalab/scenarios/check"
	"oalab/scenarios/history"
)

// judgeOf is a checker made of a function.
type judgeOf struct {
	name  string
	check func(*history.Arm) check.Finding
}

func (j judgeOf) Name() string                       { return j.name }
func (j judgeOf) Check(a *history.Arm) check.Finding { return j.check(a) }

// says is a checker that always says the same.
func says(name string, v history.Verdict) check.Checker {
	return judgeOf{name, func(*history.Arm) check.Finding {
		f := check.Finding{Verdict: v, Checked: 1, Detail: "first offender of " + name}
		if v == history.Fail {
			f.Violations = 1
		}
		return f
	}}
}

// figureOf is a figure by its name; its zero value where there is none.
func figureOf(figures []history.Figure, name string) history.Figure {
	for _, f := range figures {
		if f.Name == name {
			return f
		}
	}
	return history.Figure{}
}
