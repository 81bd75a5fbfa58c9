package scenarios

import (
	"time"

	"oalab/scenarios/check"
	"oalab/scenarios/history"
	"oalab/scenarios/predict"
	"oalab/scenarios/topology"
)

// MySQLFailover breaks one of two MySQL masters under the writes of the product, in
// every way, and holds what was acknowledged against what both hold in the end
// (SCN-3, DIS-3, STO-3, REP-9).
func MySQLFailover() Scenario {
	semi := topology.Masters{}
	async := topology.Masters{Async: true}
	unfenced := topology.Masters{NoFence: true}
	return Scenario{
		Name:       "mysql-failover",
		Title:      "Whatever breaks a MySQL master, the other takes its tables over within the time that the settings promise, nothing acknowledged is lost, and both are equal again when it is back",
		Source:     "SCN-3, DIS-3, STO-3, REP-9; thesis 4.2.5, 5.1.3",
		Topologies: []string{Docker},
		Limits:     dockerLimits,
		Arms: []Arm{
			masterArm("main", semi, killMaster, freezeMaster, cutMaster),
			masterArm("semisync-cut-kill", semi, cutKill(400*time.Millisecond)),
			losing(masterArm("semisync-fallback", semi, cutKill(3*time.Second))),
			losing(masterArm("async-cut-kill", async, cutKill(400*time.Millisecond))),
			apart(masterArm("fenced", semi, partitionMaster), check.Pass),
			apart(masterArm("no-fencing", unfenced, partitionMaster), check.Violate("converge", "orders")),
			apart(masterArm("split-brain", semi, splitMasters), check.Violate("converge", "orders")),
			apart(masterArm("two-homes", semi, twoHomes), check.Violate("converge", "orders")),
			predicted(apart(masterArm("thesis", thesisMasters(), killMasterLong, splitMasters), check.Violate("converge", "orders"))),
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

// masterLayout is what all arms run on. While nobody can write, all app servers answer
// 503; Nginx must not keep them out for longer than that.
func masterLayout(m topology.Masters) topology.Layout {
	return topology.Layout{Masters: &m, QuickStores: true, OutFor: time.Second}
}

// losing makes an arm one that loses acknowledged writes, as predicted: what the
// partner never got is gone with the master, and so may be orders.
func losing(a Arm) Arm {
	a.Expect = check.Violate("converge", "orders")
	a.Objectives = []check.Objective{{Figure: "lost_acknowledged_writes", Relation: ">", Limit: 0, MinN: 500}}
	return a
}

// apart makes an arm one of masters that live on without each other.
func apart(a Arm, expect check.Expectation) Arm {
	a.Expect = expect
	a.Checkers = []check.Checker{check.Converge{Min: 500}, check.Replies{}, check.Orders{Min: 20}}
	a.Objectives = nil
	return a
}

// predicted also holds an arm against its prediction.
func predicted(a Arm) Arm {
	a.Checkers = append(a.Checkers, check.WritesPredicted{})
	return a
}

// thesisMasters are set as the source has them (DIS-10): asynchronous, the same numbers
// on both, adverts of 1 s, priorities one apart, nothing that fences. Its script that
// restarts a service is left out: a database that is killed takes its host along.
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
			check.Objective{Figure: "lost_acknowledged_writes", Relation: "==", Limit: 0, MinN: 500},
			check.Objective{Figure: "failed_requests", Relation: "==", Limit: 0, MinN: 1000},
			check.Objective{Figure: "orders_unfinished_end", Relation: "==", Limit: 0},
			fewStatements(1000),
		),
	}
}

// outageObjectives bound the outage of each fault by its prediction and half a second.
func outageObjectives(l topology.Layout, faults ...masterFault) []check.Objective {
	var list []check.Objective
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
				list = append(list, check.Objective{Figure: "outage_s/" + fault.Name, Relation: "<=", Limit: p.HighS + 0.5, MinN: 1})
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
		Objectives: []check.Objective{
			{Figure: "lost_acknowledged_writes", Relation: "==", Limit: 0, MinN: 500},
			{Figure: "failed_requests", Relation: "==", Limit: 0, MinN: 1000},
			{Figure: "tries_failed", Relation: "==", Limit: 0, MinN: 1000},
			{Figure: "p99_due_s", Relation: "<", Limit: 0.5, MinN: 1000},
			fewStatements(1000),
		},
	}
}
