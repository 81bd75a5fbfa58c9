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
	"oalab/scenarios/instrument"
	"oalab/scenarios/judge"
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
	// On is the only topology that the arm is for; "": any.
	On     string
	Expect judge.Expectation
	Setup  Setup
	// Sized is the setup of an arm that differs by size, in place of Setup.
	Sized func(Size) Setup
	Load  func(Size) (Load, error)
	// Faults are the planned faults; nil injects nothing.
	Faults     func(Size) []Fault
	Checkers   []check.Checker
	Objectives []judge.Objective
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
	// Servers is how many servers the embedded topology has; 0 means 1.
	Servers int
	// LoginServers is how many servers of the role oauth the topology has beside the others.
	LoginServers int
	// ControlNodes is how many control nodes the topology has beside the others. They keep the
	// tokens of the accounts of a load of token reads.
	ControlNodes int
	// Packets gives the login servers the role of the red packets too; nil does not.
	Packets *topology.Packets
	// Layout is what the docker topology is made of.
	Layout topology.Layout
	// OneByOne lets no two faults overlap: one that heals late delays the next.
	OneByOne bool
	// ProbeEvery is how often the servers are asked for their figures; 0 means 100 ms.
	ProbeEvery time.Duration
	// Instruments measure beside the load, one after the other.
	Instruments []instrument.Instrument
	// CPUAim, if not 0, limits the processors of the app servers before the second step of
	// a closed load: so that about this share of the machine is busy when all of them are
	// at their limit. The first step, without limits, measures what a message costs.
	CPUAim float64
	// TokenAPI is where the server gets its tokens: stable_token (also when empty)
	// or token.
	TokenAPI string
}

// Load is the arrivals an arm offers.
type Load struct {
	Followers int
	Mix       workload.Mix
	// Page makes each operation a plain request for this path of the service, without a
	// follower, in place of a message. Mix is then not used. It is for open loads only.
	Page string
	// Logins makes each operation a visit of a follower to a page behind the login, in place
	// of a message. Mix is then not used. It is for open loads only.
	Logins *workload.Logins
	// TokenReads makes each operation a read of an account's token at the control nodes, in place
	// of a message. Mix and Followers are then not used. It is for open loads only.
	TokenReads *workload.TokenReads
	// Packets makes each operation a call of a follower at the red packets, in place of a
	// message. Mix is then not used. It is for open loads only.
	Packets *workload.Packets
	Profile profile.Profile
	Phases  []history.Phase
	// MaxWorkers bounds the operations in flight; 0 means peak rate × 15 s, the
	// three tries that one message can take (docs/design/verdicts.md), or × 5 s with a Page.
	MaxWorkers int
	// Updates is the time between two changes of a keyword that is asked for all the time,
	// at each server and at the service (check.ReadYourWrites); 0 means that there is none.
	Updates time.Duration
	// Drain bounds the wait for an empty system after the last arrival.
	Drain time.Duration
	// Day is how long a day of a compressed month is, for the report; 0: it is none.
	Day time.Duration
	// Steps make it a closed load: Profile, Phases and MaxWorkers are not used.
	Steps []Step
}

// Step is one step of a closed load (SCN-5).
type Step struct {
	// Nodes is how many app servers stand behind the load balancer; 0 asks app server 1
	// itself.
	Nodes int
	// Clients have one operation in flight each, and make Requests together.
	Clients, Requests int
	// Most bounds how long the step begins operations; 0 means no bound. Operations that
	// the plan has beyond it are left out.
	Most time.Duration
}

// Fault places a fault on an arm's time line and says how its effect is observed.
type Fault struct {
	Name   string
	At     time.Duration
	For    time.Duration
	Jitter time.Duration // the seed moves At by up to this much, so that no phase is favoured
	Target chaos.Target
	// Needs are the powers that Make asks of the system. A run on a system that lacks one is
	// refused before anything is started.
	Needs []topology.Need
	// Make returns the fault for a running system. It may use the powers in Needs only.
	Make   func(topology.System) (chaos.Fault, error)
	Effect judge.Effect
	// Cause is the effect of the fault on the pair of load balancers, from which the length
	// of its outage is predicted; "" if there is no prediction.
	Cause predict.Cause
	// Predict returns the predictions for a fault that does not hit the load balancers; nil
	// means that there are none.
	Predict func(topology.Layout) ([]history.Prediction, error)
}

// Spec is what the judge needs to know of an arm.
func (a Arm) Spec(size Size) judge.Spec {
	spec := judge.Spec{
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
func (s Scenario) Specs(size Size, arms []string) []judge.Spec {
	specs := make([]judge.Spec, 0, len(arms))
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
	return []Scenario{Smoke(), RedpacketStats(), LBFailover(), MySQLFailover(), AppScaling(), NetworkBaseline(), SingleVsDistributed(), RollingDeploy(), UsageAnalysis(), AppFaults(), Overload(), OAuthCrowd(), HotRedpacket(), PlatformRetries(), RedisFaults(), CarrierFaults(), TokenStorm(), Crash()}
}

// Find looks a scenario up by name, the drills that All leaves out included.
func Find(name string) (Scenario, bool) {
	for _, list := range [][]Scenario{All(), Mutants(), ScalerMutants(), AppMutants(), {CarrierWithoutDedup(), RedundantStores()}} {
		for _, s := range list {
			if s.Name == name {
				return s, true
			}
		}
	}
	return Scenario{}, false
}

// fewStatements bounds what a message costs the databases, orders apart (PERF-2, PERF-6).
// From 500 a second on each server, messages come close enough together to share
// statements, and the judge takes 1.2 for the limit. Below, a text pays for its log row, and
// a query for its reply too.
func fewStatements(minN int) judge.Objective {
	return judge.Objective{Figure: "statements_per_message", Relation: "<=", Limit: 2.2, MinN: minN}
}

// quickWhenSteady bounds how long followers wait before any fault (PERF-6). It holds where
// the load is open and no processor is limited.
func quickWhenSteady(minN int) judge.Objective {
	return judge.Objective{Figure: "p50_due_s/steady", Relation: "<=", Limit: 0.010, MinN: minN}
}
