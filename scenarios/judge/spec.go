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

// Violate expects the named checker to fail. No other checker may, but for those
// named behind it: a planted defect that doubles an order changes its reply too.
func Violate(checker string, also ...string) Expectation {
	return Expectation{violated: checker, also: also}
}

// of is what is expected of one checker, given what it said. A checker that may fail
// is expected to say whatever it says of pass and fail.
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
