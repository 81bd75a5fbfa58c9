package scenarios

import (
	"time"

	"oalab/scenarios/check"
	"oalab/scenarios/topology"
)

// MySQLFailover breaks one of two MySQL masters under the writes of the product, in
// every way, and holds what was acknowledged against what both hold in the end
// (SCN-3, DIS-3, STO-3, REP-9).
func MySQLFailover() Scenario {
	semi := topology.Masters{}
	return Scenario{
		Name:       "mysql-failover",
		Title:      "Whatever breaks a MySQL master, the other takes its tables over within the time that the settings promise, nothing acknowledged is lost, and both are equal again when it is back",
		Source:     "SCN-3, DIS-3, STO-3, REP-9; thesis 4.2.5, 5.1.3",
		Topologies: []string{Docker},
		Limits:     dockerLimits,
		Arms: []Arm{
			masterArm("main", semi, killMaster, freezeMaster, cutMaster),
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

// masterCycles is how often each fault is repeated.
func masterCycles(size Size) int {
	if size == Full {
		return 10
	}
	return 1
}

// masterArm repeats each of the faults.
func masterArm(name string, m topology.Masters, faults ...masterFault) Arm {
	return Arm{
		Name:  name,
		Setup: Setup{Layout: topology.Layout{Masters: &m, QuickStores: true}},
		Load: func(size Size) (Load, error) {
			return failoverLoad(rate(size), masterFirst, masterFirst+time.Duration(len(faults)*masterCycles(size))*masterSlot)
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
			check.Converge{Min: 1000}, check.WritesPredicted{}, check.Replies{}, check.Orders{Min: 30},
		},
		Objectives: []check.Objective{
			{Figure: "lost_acknowledged_writes", Relation: "==", Limit: 0, MinN: 1000},
			{Figure: "failed_requests", Relation: "==", Limit: 0, MinN: 1000},
			{Figure: "orders_unfinished_end", Relation: "==", Limit: 0},
		},
	}
}

// masterControl is the pair without a fault.
func masterControl(m topology.Masters) Arm {
	const length = 14 * time.Second
	return Arm{
		Name: "control", Control: true,
		Setup:    Setup{Layout: topology.Layout{Masters: &m, QuickStores: true}},
		Load:     func(size Size) (Load, error) { return failoverLoad(rate(size), length, length) },
		Checkers: []check.Checker{check.Converge{Min: 500}, check.Replies{}, check.Orders{Min: 30}},
		Objectives: []check.Objective{
			{Figure: "lost_acknowledged_writes", Relation: "==", Limit: 0, MinN: 500},
			{Figure: "failed_requests", Relation: "==", Limit: 0, MinN: 1000},
			{Figure: "tries_failed", Relation: "==", Limit: 0, MinN: 1000},
			{Figure: "p99_due_s", Relation: "<", Limit: 0.5, MinN: 1000},
		},
	}
}
