package scenarios

import (
	"slices"
	"time"

	"oalab/scenarios/check"
	"oalab/scenarios/judge"
	"oalab/scenarios/topology"
)

// ScalerMutants are the drills of the scaler's defects (CHA-7), on containers. Each defect
// must be found under its condition, and must pass without it. Checker bands finds wrong pool
// sizes, and checker served a pool of dead servers.
func ScalerMutants() []Scenario {
	flaps := scalingEdge()
	calm := scalingEdge()
	// Away from an edge the defect has no effect.
	calm.Load = func(Size) (Load, error) {
		return plateaus(append(slices.Clone(approach), step{inBand[3], 9 * time.Second})...)
	}
	shrinks := scalingTakeOver()
	stays := scalingTakeOver()
	stays.Faults, stays.Checkers = nil, scalingCheckers(check.Bands{})
	return []Scenario{
		scalerMutant("scaler-flaps", "bands", "a load at the edge of a band", flaps, calm),
		scalerMutant("backup-shrinks", "bands", "a take-over in the top band", shrinks, stays),
		scalerMutant("scaler-blind", "served", "the death of the one server of the lowest band", scalingDeath(), scalingLife()),
	}
}

const (
	// deathAt is when the pool has long come down to the one server of the lowest band.
	deathAt = 10 * time.Second
	// deathFor is longer than a scaler may take to have another one.
	deathFor = 9 * time.Second
	// replacedS is how long, in seconds, a scaler may take to replace a dead server. It
	// checks health each second, needs two failures, and reloads Nginx.
	replacedS = 3.0
)

// scalingDeath kills the first app server while it alone is the pool.
func scalingDeath() Arm {
	arm := scalingLife()
	arm.Faults = func(Size) []Fault { return []Fault{killOf(topology.HostApp(1), deathAt, deathFor)} }
	return arm
}

// scalingLife is the same load with all servers alive.
func scalingLife() Arm {
	return Arm{
		Sized: func(size Size) Setup { return Setup{Layout: edgeLayout(size)} },
		Load: func(Size) (Load, error) {
			return plateaus(step{inBand[0], deathAt + deathFor + 8*time.Second})
		},
		Checkers: []check.Checker{check.Served{GraceS: replacedS, Min: 20}, check.Replies{}},
	}
}

// scalerMutant makes the scenario of a drill from the arm with the condition and that
// without it.
func scalerMutant(defect, checker, under string, with, without Arm) Scenario {
	with.Name, with.Expect = "main", judge.Violate(checker)
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
		Title:      "Scalers with the planted defect " + defect + " are found under " + under + ", and pass without it",
		Source:     "CHA-7, DIS-2",
		Topologies: []string{Docker},
		Limits:     dockerLimits,
		Arms:       arms,
	}
}
