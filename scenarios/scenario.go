// Package scenarios is the catalogue: each scenario is a value that names the
// topology it runs on, the load it offers, the faults it injects and what each
// of its arms must prove. Package runner carries them out.
package scenarios

import (
	"time"

	"oalab/chaos"
	"oalab/chaos/upstream"
	"oalab/scenarios/check"
	"oalab/scenarios/history"
	"oalab/scenarios/load/profile"
	"oalab/scenarios/predict"
	"oalab/scenarios/topology"
	"oalab/scenarios/workload"
)

// Size scales a scenario: short for every change, full for published figures.
type Size string

// The sizes of a run.
const (
	Short Size = "short"
	Full  Size = "full"
)

// bySize is what a scenario takes in either size.
func bySize[T any](size Size, short, full T) T {
	if size == Full {
		return full
	}
	return short
}

// The topologies that scenarios name.
const (
	Embedded = topology.Embedded // child processes on one machine, without containers
	Docker   = topology.Docker   // each host a container
)

// Scenario is one experiment: a hypothesis, the arms that test it, and where the
// hypothesis comes from.
type Scenario struct {
	Name       string
	Title      string   // the hypothesis in one sentence
	Source     string   // requirement rows and source documents
	Topologies []string // the first is the default
	// Limits say what the default topology cannot show; they head every report.
	Limits []string
	Arms   []Arm // the first is the main arm
	// Study makes it a scenario without load: its one arm has nothing but a name.
	Study Study
}

// Arm is one variant of a scenario and what it is expected to end with.
type Arm struct {
	Name    string
	Control bool // the arm without the faults
	Expect  check.Expectation
	Setup   Setup
	Load    func(Size) (Load, error)
	// Faults are the planned faults; nil injects nothing.
	Faults     func(Size) []Fault
	Checkers   []check.Checker
	Objectives []check.Objective
}

// Setup is what an arm changes in the system under test. The zero value is the
// product as it is shipped.
type Setup struct {
	// Defects are planted in the server, which must be built with tag defects
	// (CHA-7). A defect also switches off what would heal it.
	Defects []string
	// CarrierNoDedup switches the carrier's own de-duplication off (MOCKC-4).
	CarrierNoDedup bool
	// CarrierRules hold for the whole arm, such as the carrier's everyday latency.
	CarrierRules []upstream.Rule
	// TokenLifetime is the life of the platform's access tokens, in whole seconds;
	// 0 means 7 200 s.
	TokenLifetime time.Duration
	// Layout is what the docker topology is made of.
	Layout topology.Layout
	// TokenAPI is where the server gets its tokens: stable_token (also when empty)
	// or token.
	TokenAPI string
}

// Load is the arrivals an arm offers.
type Load struct {
	Followers int
	Mix       workload.Mix
	Profile   profile.Profile
	Phases    []history.Phase
	// MaxWorkers bounds the operations in flight; 0 means peak rate × 15 s, the
	// three tries that one operation can take (design 5.11).
	MaxWorkers int
	// Drain bounds the wait for an empty system after the last arrival.
	Drain time.Duration
}

// Fault places a fault on an arm's time line and says how to see that it bit.
type Fault struct {
	Name   string
	At     time.Duration
	For    time.Duration
	Jitter time.Duration // the seed moves At by up to this much, so that no phase is favoured
	Target chaos.Target
	Make   func(topology.System) chaos.Fault
	Effect check.Effect
	// Cause is what the fault is to the pair of load balancers, if the settings let
	// expect how long its outage is; "" if not.
	Cause predict.Cause
	// Predict is what the settings let expect of a fault that hits something else than
	// the load balancers; nil if nothing.
	Predict func(topology.Layout) ([]history.Prediction, error)
}

// Spec is what the judge needs to know of an arm.
func (a Arm) Spec(size Size) check.Spec {
	spec := check.Spec{
		Arm:        a.Name,
		Expect:     a.Expect,
		Control:    a.Control,
		Checkers:   a.Checkers,
		Objectives: a.Objectives,
	}
	if a.Faults == nil {
		return spec
	}
	seen := map[string]bool{}
	for _, f := range a.Faults(size) {
		if !seen[f.Name] {
			seen[f.Name] = true
			spec.Effects = append(spec.Effects, f.Effect)
		}
	}
	return spec
}

// Specs are the judge's view of the named arms, in that order.
func (s Scenario) Specs(size Size, arms []string) []check.Spec {
	specs := make([]check.Spec, 0, len(arms))
	for _, name := range arms {
		for _, a := range s.Arms {
			if a.Name == name {
				specs = append(specs, a.Spec(size))
			}
		}
	}
	return specs
}

// All is the catalogue in the order of its numbers in the requirements.
func All() []Scenario {
	return []Scenario{Smoke(), RedpacketStats(), LBFailover(), MySQLFailover(), RollingDeploy(), AppFaults()}
}

// Find looks a scenario up by name, the drills that All leaves out included.
func Find(name string) (Scenario, bool) {
	for _, list := range [][]Scenario{All(), Mutants(), {CarrierWithoutDedup()}} {
		for _, s := range list {
			if s.Name == name {
				return s, true
			}
		}
	}
	return Scenario{}, false
}
