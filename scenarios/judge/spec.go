package judge

import (
	"slices"

	"oalab/scenarios/check"
	"oalab/scenarios/history"
)

// Spec is what a scenario expects of one arm.
type Spec struct {
	Arm string
	// Expect is how the arm must end; the zero value is Pass.
	Expect     Expectation
	Checkers   []check.Checker
	Objectives []Objective
	Effects    []Effect
	// Control marks the arm without faults: one that had any is inconclusive.
	Control bool
}

// Expectation is how an arm must end. The zero value is Pass.
type Expectation struct {
	violated string
	also     []string
}

// Pass expects every checker to pass.
var Pass = Expectation{}

// Violate expects the named checker to fail. Those in also may fail too, because a planted
// defect that doubles an order also changes its reply. All other checkers must pass.
func Violate(checker string, also ...string) Expectation {
	return Expectation{violated: checker, also: also}
}

// of is the verdict that is expected of one checker, given its verdict. From a checker that
// may fail, pass and fail are both expected.
func (e Expectation) of(checker string, said history.Verdict) history.Verdict {
	switch {
	case checker == e.violated && checker != "":
		return history.Fail
	case said == history.Fail && slices.Contains(e.also, checker):
		return history.Fail
	default:
		return history.Pass
	}
}
