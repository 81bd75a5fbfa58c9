package scenarios

import (
	"time"

	"oalab/scenarios/check"
	"oalab/scenarios/history"
	"oalab/scenarios/judge"
	"oalab/scenarios/predict"
	"oalab/scenarios/topology"
)

// MySQLFailover breaks one of two MySQL masters under the writes of the product, in
// every way, and holds what was acknowledged against what both hold in the end
// (SCN-3, DIS-3, STO-3, REP-9).
func MySQLFailover() Scenario {
	semi := topology.Masters{}
	async := topology.Masters{Async: true}
	quick := topology.Masters{AckTimeout: quickAck}
	unfenced := topology.Masters{AckTimeout: quickAck, NoFence: true}
	return Scenario{
		Name:       "mysql-failover",
		Title:      "When a MySQL master breaks, the other takes its tables over within the time that the settings promise, nothing acknowledged is lost, and both are equal again when it is back",
		Source:     "SCN-3, DIS-3, STO-3, REP-9; thesis 4.2.5, 5.1.3",
		Topologies: []string{Docker},
		Limits:     dockerLimits,
		Arms: []Arm{
			masterArm("main", semi, killMaster, freezeMaster, cutMaster),
			masterArm("semisync-cut-kill", semi, cutKill(400*time.Millisecond)),
			losing(masterArm("semisync-fallback", quick, cutKill(3*time.Second))),
			losing(masterArm("async-cut-kill", async, cutKill(400*time.Millisecond))),
			apart(masterArm("fenced", semi, partitionMaster), judge.Pass),
			apart(masterArm("guard-held", semi, holdGuard), judge.Pass),
			apart(masterArm("no-fencing", unfenced, partitionMaster), judge.Violate("converge", "orders")),
			apart(masterArm("split-brain", semi, splitMasters), judge.Violate("converge", "orders")),
			apart(masterArm("two-homes", quick, twoHomes), judge.Violate("converge", "orders")),
			loneArm(semi),
			predicted(apart(masterArm("thesis", thesisMasters(), killMasterLong, splitMasters), judge.Violate("converge", "orders"))),
			masterControl(semi),
		},
	}
}

// The time line of an arm: steady, then a fault every slot, which must be healed before
// the next.
const (
	masterFirst = 5 * time.Second
	masterSlot  = 15 * time.Second
)

// masterRate is the arrival rate, in messages per second: beside it the canaries write a
// hundred rows a second.
func masterRate(size Size) float64 { return bySize(size, 80.0, 200.0) }

// masterCycles is how often each fault is repeated.
func masterCycles(size Size) int { return bySize(size, 1, 10) }

// masterLayout is the layout of all arms. While no master accepts writes, all app servers
// answer 503. Nginx must not keep them out for longer than that.
func masterLayout(m topology.Masters) topology.Layout {
	return topology.Layout{Masters: &m, QuickStores: true, OutFor: time.Second}
}

// losing marks an arm that loses acknowledged writes, as predicted. A write that the
// partner never got is lost with the master. Orders may be lost with it.
func losing(a Arm) Arm {
	a.Expect = judge.Violate("converge", "orders")
	a.Objectives = []judge.Objective{{Figure: "lost_acknowledged_writes", Relation: ">", Limit: 0, MinN: 500}}
	return a
}

// apart marks an arm whose masters both go on without each other.
func apart(a Arm, expect judge.Expectation) Arm {
	a.Expect = expect
	a.Checkers = []check.Checker{check.Converge{Min: 500}, check.Replies{}, check.Orders{Min: 20}}
	a.Objectives = nil
	return a
}

// predicted adds the checker that compares an arm with its prediction.
func predicted(a Arm) Arm {
	a.Checkers = append(a.Checkers, check.WritesPredicted{})
	return a
}

// thesisMasters has the settings of the source (DIS-10): asynchronous replication, the same
// numbers on both masters, adverts of 1 s, priorities one apart, no fencing. The source's
// script that restarts a service is left out, because a killed database ends its whole
// host.
func thesisMasters() topology.Masters {
	v := ThesisVRRP()
	v.Check = predict.Check{}
	return topology.Masters{Async: true, SameOffset: true, NoFence: true, VRRP: v}
}

// masterArm repeats each of the faults.
func masterArm(name string, m topology.Masters, faults ...masterFault) Arm {
	return Arm{
		Name:  name,
		Setup: Setup{Layout: masterLayout(m), OneByOne: true},
		Load: func(size Size) (Load, error) {
			return failoverLoad(masterRate(size), masterFirst, masterFirst+time.Duration(len(faults)*masterCycles(size))*masterSlot)
		},
		Faults: func(size Size) []Fault {
			var list []Fault
			for cycle := range masterCycles(size) {
				for i, f := range faults {
					list = append(list, f(masterFirst+time.Duration(cycle*len(faults)+i)*masterSlot))
				}
			}
			return list
		},
		Checkers: []check.Checker{
			check.Converge{Min: 500}, check.WritesPredicted{}, check.Replies{}, check.Orders{Min: 20},
		},
		Objectives: append(outageObjectives(masterLayout(m), faults...),
			judge.Objective{Figure: "lost_acknowledged_writes", Relation: "==", Limit: 0, MinN: 500},
			judge.Objective{Figure: "failed_requests", Relation: "==", Limit: 0, MinN: 1000},
			judge.Objective{Figure: "orders_unfinished_end", Relation: "==", Limit: 0},
			fewStatements(1000), quickWhenSteady(200),
		),
	}
}

// outageObjectives bound the outage of each fault by its prediction and half a second.
func outageObjectives(l topology.Layout, faults ...masterFault) []judge.Objective {
	var list []judge.Objective
	for _, f := range faults {
		fault := f(0)
		if fault.Predict == nil {
			continue
		}
		predictions, err := fault.Predict(l)
		if err != nil {
			continue // the run ends with it before the load
		}
		for _, p := range predictions {
			if p.Probe == history.ProbeCanary {
				list = append(list, judge.Objective{Figure: "outage_s/" + fault.Name, Relation: "<=", Limit: p.HighS + 0.5, MinN: 1})
			}
		}
	}
	return list
}

// masterControl is the pair without a fault.
func masterControl(m topology.Masters) Arm {
	const length = 14 * time.Second
	return Arm{
		Name: "control", Control: true,
		Setup:    Setup{Layout: masterLayout(m)},
		Load:     func(size Size) (Load, error) { return failoverLoad(masterRate(size), length, length) },
		Checkers: []check.Checker{check.Converge{Min: 500}, check.Replies{}, check.Orders{Min: 30}},
		Objectives: []judge.Objective{
			{Figure: "lost_acknowledged_writes", Relation: "==", Limit: 0, MinN: 500},
			{Figure: "failed_requests", Relation: "==", Limit: 0, MinN: 1000},
			{Figure: "tries_failed", Relation: "==", Limit: 0, MinN: 1000},
			{Figure: "p99_due_s", Relation: "<", Limit: 0.5, MinN: 1000},
			fewStatements(1000), quickWhenSteady(200),
		},
	}
}
