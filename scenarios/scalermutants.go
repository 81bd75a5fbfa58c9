package scenarios

import (
	"slices"
	"time"

	"oalab/scenarios/check"
)

// ScalerMutants are the drills of the scaler's defects (CHA-7), on containers: each must
// be convicted by the checker bands under its condition, and acquitted without it.
func ScalerMutants() []Scenario {
	flaps := scalingEdge()
	calm := scalingEdge()
	// Without an edge near, the defect has nothing to decide anew.
	calm.Load = func(Size) (Load, error) {
		return plateaus(append(slices.Clone(approach), step{inBand[3], 9 * time.Second})...)
	}
	shrinks := scalingTakeOver()
	stays := scalingTakeOver()
	stays.Faults, stays.Checkers = nil, scalingCheckers(check.Bands{})
	return []Scenario{
		scalerMutant("scaler-flaps", "a load at the edge of a band", flaps, calm),
		scalerMutant("backup-shrinks", "a take-over in the top band", shrinks, stays),
	}
}

// scalerMutant makes the scenario of a drill from the arm with the condition and that
// without it.
func scalerMutant(defect, under string, with, without Arm) Scenario {
	with.Name, with.Expect = "main", check.Violate("bands")
	without.Name, without.Control = "control", true
	arms := []Arm{with, without}
	for i := range arms {
		sized := arms[i].Sized
		arms[i].Sized = func(size Size) Setup {
			setup := sized(size)
			setup.Defects = []string{defect}
			return setup
		}
		arms[i].Objectives = nil
	}
	return Scenario{
		Name:       "mutant-" + defect,
		Title:      "Scalers with the planted defect " + defect + " are convicted under " + under + " and acquitted without it",
		Source:     "CHA-7, DIS-2",
		Topologies: []string{Docker},
		Limits:     dockerLimits,
		Arms:       arms,
	}
}
