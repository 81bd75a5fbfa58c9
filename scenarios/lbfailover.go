package scenarios

import (
	"time"

	"oalab/scenarios/check"
	"oalab/scenarios/history"
	"oalab/scenarios/judge"
	"oalab/scenarios/load/profile"
	"oalab/scenarios/predict"
	"oalab/scenarios/topology"
	"oalab/scenarios/workload"
)

// fullRate is the arrival rate of the scenarios on containers where the rate is part of
// the claim, in messages per second.
const fullRate = 500.0

// claimedRate is fullRate in both sizes.
func claimedRate(Size) float64 { return fullRate }

// anyRate is for claims that hold at any rate: size short has a lower rate.
func anyRate(size Size) float64 { return bySize(size, 80.0, fullRate) }

// slowAdverts are the product's settings with adverts of a second.
func slowAdverts() predict.Settings {
	v := topology.DefaultVRRP()
	v.AdvertS = 1
	return v
}

// LBFailover breaks the pair of load balancers by every fault of a host, a process or a
// network, and compares the outages of clients with the predictions from the settings
// (SCN-1, DIS-1, REP-8, REP-9).
func LBFailover() Scenario {
	sub, slow := topology.DefaultVRRP(), slowAdverts()
	all := []failoverStep{
		{killNginx, quickSlot},
		{killHost, quickSlot},
		{stopHost, stopSlot},
		{freezeHost, quickSlot},
		{cutHost, quickSlot},
		{reloadNginx, quickSlot},
	}
	main := failoverArm("main", claimedRate, cycles, topology.Layout{VRRP: sub, QuickStores: true}, all...)
	main.Objectives = append(main.Objectives, fewStatements(1000)) // at its full rate, in both sizes
	return Scenario{
		Name:       "lb-failover",
		Title:      "When a load balancer breaks, the other answers within the time that the settings promise, and no follower loses a message",
		Source:     "SCN-1, DIS-1, REP-8, REP-9; thesis 4.2.1, 5.1.1",
		Topologies: []string{Docker},
		Limits:     dockerLimits,
		Arms: []Arm{
			main,
			// Tests the consequences of the settings, with a load that leaves the machine
			// time.
			failoverArm("calm", anyRate, once, topology.Layout{VRRP: sub, Alone: true}, all...),
			splitBrainArm(sub),
			failoverArm("1s", anyRate, cycles, topology.Layout{VRRP: slow, Alone: true},
				failoverStep{killHost, slowSlot}, failoverStep{freezeHost, staysSlot}),
			wrongPriorityArm(slow),
			failoverArm("thesis", anyRate, cycles, topology.Layout{VRRP: ThesisVRRP(), Alone: true},
				failoverStep{killNginx, staysSlot}, failoverStep{killNginxForGood, slowSlot}, failoverStep{killHost, slowSlot}),
			failoverControl(sub),
		},
	}
}

// Lengths of a cycle. quickSlot: 2 s down at least, and two until the address is home.
// stopSlot: up to 2.5 s more for a graceful stop. slowSlot, with adverts of a second: up
// to 3.1 s until the take-over and 4.5 s down at least, a second to start again, and as
// long as for the take-over until the address is home. staysSlot: the same for a host
// that needs no start, or whose address stays. A message whose connection broke is tried
// again 5 s later, which must not meet the next outage.
const (
	quickSlot = 6500 * time.Millisecond
	stopSlot  = 8500 * time.Millisecond
	slowSlot  = 13 * time.Second
	staysSlot = 9 * time.Second
)

// pairProbeEvery is the time between two reads of the servers' figures. The faults do not
// hit the servers, and ten reads a second cost more than eighty messages.
const pairProbeEvery = 500 * time.Millisecond

// wrongPriorityArm has a backup with a wrong priority. It waits almost one advert longer than
// predicted, so that checker prediction fails without a threshold of its own. About one cycle
// in ten is still within the prediction. Therefore each round has two cycles.
func wrongPriorityArm(v predict.Settings) Arm {
	freeze := failoverStep{freezeHost, staysSlot}
	a := failoverArm("wrong-priority", anyRate, cycles, topology.Layout{VRRP: v, Alone: true, PlantedBackup: 1}, freeze, freeze)
	a.Expect = judge.Violate("prediction")
	return a
}

// ThesisVRRP is the source's own setting (DIS-10): adverts of 1 s, priorities one
// apart, and a script that starts Nginx again before it yields.
func ThesisVRRP() predict.Settings {
	return predict.Settings{
		AdvertS: 1, Master: 101, Backup: 100,
		Check: predict.Check{IntervalS: 2, Fall: 1, Rise: 1, RestartThenYield: true, GraceS: 2, RestartS: 0.5},
	}
}

// dockerLimits lists what a run on containers of one machine cannot show.
var dockerLimits = []string{
	"Capacity: generator, mocks and all hosts share the same cores; ratios carry over, absolute figures do not.",
	"The network between machines: all hosts hang on one bridge of one kernel, without its delays and losses.",
	"The failure of a real disk or of power: a killed host loses its processes, the kernel and its page cache live on.",
}

// cycles is how often each fault is repeated, each time at another phase of the
// advert cycle.
func cycles(size Size) int { return bySize(size, 2, 20) }

// once is for an arm of many faults, of which size short sees each once.
func once(size Size) int { return bySize(size, 1, 20) }

// A failoverFault makes one fault of a cycle that begins at a moment, under the given
// VRRP settings.
type failoverFault func(at time.Duration, v predict.Settings) Fault

// A failoverStep is a fault and the length of its cycle, until the next may come.
type failoverStep struct {
	fault failoverFault
	slot  time.Duration
}

// failoverArm goes through its steps in so many rounds.
func failoverArm(name string, rate func(Size) float64, rounds func(Size) int, layout topology.Layout, steps ...failoverStep) Arm {
	const first = 5 * time.Second
	v := layout.VRRP
	round := time.Duration(0)
	for _, s := range steps {
		round += s.slot
	}
	length := func(size Size) time.Duration {
		return first + time.Duration(rounds(size))*round + 2*time.Second
	}
	return Arm{
		Name:  name,
		Setup: Setup{Layout: layout, OneByOne: true, ProbeEvery: pairProbeEvery},
		Load:  func(size Size) (Load, error) { return failoverLoad(rate(size), first, length(size)) },
		Faults: func(size Size) []Fault {
			var list []Fault
			at := first
			for range rounds(size) {
				for _, s := range steps {
					list = append(list, s.fault(at, v))
					at += s.slot
				}
			}
			return list
		},
		Checkers: []check.Checker{
			check.Replies{},
			check.Orders{Min: 30},
			check.Tokens{Calls: 30},
			check.AddressSingle{ToleranceS: overlap(v), RejoinS: predict.NeighbourS},
			check.Predicted{},
		},
		Objectives: failoverObjectives(v, steps...),
	}
}

// overlap is how long two load balancers may both hold the address during a hand-over: the
// host that must release it learns of the other from the next advert.
func overlap(v predict.Settings) float64 { return v.AdvertS + 0.15 }

// failoverControl is the pair without a fault.
func failoverControl(v predict.Settings) Arm {
	const length = 14 * time.Second
	return Arm{
		Name: "control", Control: true,
		Setup: Setup{Layout: topology.Layout{VRRP: v, QuickStores: true}, ProbeEvery: pairProbeEvery},
		Load:  func(size Size) (Load, error) { return failoverLoad(fullRate, length, length) },
		Checkers: []check.Checker{
			check.Replies{}, check.Orders{Min: 30}, check.Tokens{Calls: 30},
		},
		Objectives: []judge.Objective{
			{Figure: "failed_requests", Relation: "==", Limit: 0, MinN: 1000},
			{Figure: "tries_failed", Relation: "==", Limit: 0, MinN: 1000},
			{Figure: "outage_s", Relation: "==", Limit: 0, MinN: 1000},
			{Figure: "p99_due_s", Relation: "<", Limit: 0.5, MinN: 1000},
			fewStatements(1000), quickWhenSteady(1000),
		},
	}
}

// failoverLoad is a plateau, first steady and then with faults. Most messages are cheap
// texts, because the scenario measures the way to the app servers on a machine that runs
// all hosts. Every thirtieth message is an order, so that the checker of orders has enough
// of them.
func failoverLoad(rate float64, steady, length time.Duration) (Load, error) {
	ramp, err := profile.Ramp(rate/10, rate, 2*time.Second)
	if err != nil {
		return Load{}, err
	}
	plateau, err := profile.Constant(rate, length-2*time.Second)
	if err != nil {
		return Load{}, err
	}
	whole, err := profile.Sequence(ramp, plateau)
	if err != nil {
		return Load{}, err
	}
	phases := []history.Phase{{Name: "ramp", FromS: 0, ToS: 2}, {Name: "steady", FromS: 2, ToS: steady.Seconds()}}
	if length > steady {
		phases = append(phases, history.Phase{Name: "faults", FromS: steady.Seconds(), ToS: length.Seconds()})
	}
	return Load{
		Followers: 5000, Mix: workload.Mix{Text: 0.90, Query: 0.04, Order: 0.03, Event: 0.03},
		Profile: whole, Phases: phases, Drain: 30 * time.Second,
	}, nil
}

// failoverObjectives bound the outages of clients. In every arm no follower may lose a
// message. Arms with quick adverts also have a limit for the outage. The outages of other
// arms are compared with their prediction only.
func failoverObjectives(v predict.Settings, steps ...failoverStep) []judge.Objective {
	list := []judge.Objective{
		{Figure: "failed_requests", Relation: "==", Limit: 0, MinN: 1000},
		{Figure: "error_ratio", Relation: "<=", Limit: 0, MinN: 1000},
		{Figure: "orders_unfinished_end", Relation: "==", Limit: 0},
		quickWhenSteady(100),
	}
	known := map[string]bool{}
	for _, s := range steps {
		fault := s.fault(0, v)
		if known[fault.Name] {
			continue
		}
		known[fault.Name] = true
		switch fault.Name {
		case faultReload:
			list = append(list, judge.Objective{Figure: "tries_failed/" + fault.Name, Relation: "==", Limit: 0, MinN: 50})
		default:
			list = append(list, judge.Objective{Figure: "tries_unexplained/" + fault.Name, Relation: "==", Limit: 0, MinN: 1})
		}
		if limit, ok := outageLimits[fault.Name]; ok && v.AdvertS <= 0.1 {
			// By tries and by due times, because a frozen host does not fail a try but lets
			// it wait.
			list = append(list,
				judge.Objective{Figure: "outage_s/" + fault.Name, Relation: "<=", Limit: limit, MinN: 100},
				judge.Objective{Figure: "outage_due_s/" + fault.Name, Relation: "<=", Limit: limit, MinN: 1})
		}
	}
	return list
}

// outageLimits are the longest outages with adverts of 0.1 s, in seconds.
var outageLimits = map[string]float64{
	history.FaultKillNginx:  0.5,
	history.FaultKillHost:   0.6,
	history.FaultFreezeHost: 0.6,
	history.FaultCutHost:    0.6,
	history.FaultStopHost:   0.5,
}

// splitBrainArm cuts the link between the two load balancers. Then both hold the address,
// and the checker must detect it.
func splitBrainArm(v predict.Settings) Arm {
	const (
		first = 5 * time.Second
		slot  = 6500 * time.Millisecond
	)
	length := func(size Size) time.Duration { return first + time.Duration(cycles(size))*slot + time.Second }
	return Arm{
		Name:   "split-brain",
		Expect: judge.Violate("address-single"),
		Setup:  Setup{Layout: topology.Layout{VRRP: v, Alone: true}, OneByOne: true, ProbeEvery: pairProbeEvery},
		Load:   func(size Size) (Load, error) { return failoverLoad(anyRate(size), first, length(size)) },
		Faults: func(size Size) []Fault {
			var list []Fault
			for cycle := range cycles(size) {
				list = append(list, splitBrain(first+time.Duration(cycle)*slot))
			}
			return list
		},
		Checkers: []check.Checker{
			check.Replies{}, check.Orders{Min: 30}, check.Tokens{Calls: 30}, check.AddressSingle{ToleranceS: overlap(v)},
		},
		Objectives: []judge.Objective{
			{Figure: "failed_requests", Relation: "==", Limit: 0, MinN: 1000},
			{Figure: "error_ratio", Relation: "<=", Limit: 0, MinN: 1000},
		},
	}
}
