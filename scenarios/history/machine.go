package history

import (
	"cmp"
	"math"
)

// ProbeMachine measures how full the machine of the run is, at least five times a second.
// Each sample covers the time since the one before it. A system without these counters has
// no samples, and the environment of the run says so.
const (
	ProbeMachine = "machine"

	SeriesMachineBusy   = "machine_busy_ratio"   // processor time that was not idle, over all cores: 0 to 1; stolen time counts as busy
	SeriesMachineQueue  = "machine_run_queue"    // tasks that run or wait to run, per core, at the moment of the sample
	SeriesMachineStolen = "machine_stolen_ratio" // processor time that the hypervisor gave to others, over all cores: 0 to 1
	// SeriesMachinePressure is the share of time in which at least one task waited for a
	// processor (PSI, cpu, some). It is absent where the kernel does not count it.
	SeriesMachinePressure = "machine_pressure_ratio"
)

// Pace is how fast the machine was before the load, and the rate that was chosen for it.
type Pace struct {
	// SpeedFactor is how many times as long the machine takes as the reference one:
	// 1 is as fast, 2 half as fast. It is never below 1: a faster machine has the limits
	// of the reference. 0: not measured.
	SpeedFactor float64 `json:"speed_factor"`
	// Speed is what SpeedFactor was computed from.
	Speed []SpeedPart `json:"speed,omitempty"`
	// Rung is the step of the ladder: the load's rate is the claimed one divided by 2^Rung.
	Rung int `json:"rung"`
	// ClaimedRate is the highest planned rate on rung 0, UsedRate on Rung, in operations
	// per second. 0: the load has no planned rate.
	ClaimedRate float64 `json:"claimed_rate"`
	UsedRate    float64 `json:"used_rate"`
}

// SpeedPart is one thing that was timed to find out how fast the machine is.
type SpeedPart struct {
	Name       string  `json:"name"`
	ReferenceS float64 `json:"reference_s"` // time of one unit on the reference machine
	MedianS    float64 `json:"median_s"`    // over the rounds, here
	LeastS     float64 `json:"least_s"`     // of the fastest round
	MostS      float64 `json:"most_s"`      // of the slowest round
	Rounds     int     `json:"rounds"`
	// Weight is the power to which the part counts: below 1 for what a run does less of
	// when it is slow. 0 means 1.
	Weight float64 `json:"weight,omitempty"`
}

// Factor is how many times as long the machine takes for this part as the reference, to
// the power of its weight.
func (p SpeedPart) Factor() float64 {
	if p.ReferenceS <= 0 {
		return 0
	}
	return math.Pow(p.MedianS/p.ReferenceS, cmp.Or(p.Weight, 1))
}
