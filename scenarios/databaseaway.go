package scenarios

import (
	"context"
	"net/netip"
	"time"

	"oalab/chaos"
	"oalab/chaos/host"
	"oalab/scenarios/check"
	"oalab/scenarios/judge"
	"oalab/scenarios/topology"
)

// The database is away for all app servers (STO-7). The fault lasts longer than a server
// may answer from copies whose age it knows. It is short enough for the third try of a
// message to come after it.
const (
	faultDatabaseAway = "database-away"
	databaseAwayFor   = 6 * time.Second
	databaseAwayLeast = 100 // texts in a window, most of them answered from memory
)

// knowing judges answers from memory: a server that could have asked the database must not
// give one.
var knowing = check.StaleAnswers{Away: []string{faultDatabaseAway}, Min: databaseAwayLeast}

// databaseAwayArm takes the database away from all app servers of app-faults at once.
// Meanwhile they answer texts from memory and mark these answers. Orders and queries wait
// for the next try of their message.
func databaseAwayArm(layout topology.Layout) Arm {
	return Arm{
		Name:  faultDatabaseAway,
		Setup: Setup{Layout: layout},
		Load: func(size Size) (Load, error) {
			return withUpdates(failoverLoad(anyRate(size), appFirst, appFirst+time.Duration(appCycles(size))*databaseAwaySlot))
		},
		Faults: func(size Size) []Fault {
			var list []Fault
			for cycle := range appCycles(size) {
				list = append(list, databaseAway(appFirst+time.Duration(cycle)*databaseAwaySlot))
			}
			return list
		},
		Checkers: []check.Checker{knowing, check.Replies{}, check.Orders{Min: 20}, check.Tokens{Calls: 20}, fresh},
		Objectives: []judge.Objective{
			{Figure: "failed_requests", Relation: "==", Limit: 0, MinN: 1000},
			{Figure: "error_ratio", Relation: "<=", Limit: 0, MinN: 1000},
			{Figure: "orders_unfinished_end", Relation: "==", Limit: 0},
			quickWhenSteady(200),
		},
	}
}

// databaseAwaySlot leaves time for the further tries of refused messages.
const databaseAwaySlot = databaseAwayFor + 9*time.Second

// databaseAway cuts the database off from all app servers. It is healed when all of them are
// ready again.
func databaseAway(at time.Duration) Fault {
	const on = topology.HostMySQL
	return Fault{
		Name: faultDatabaseAway, At: at, For: databaseAwayFor, Jitter: phase, Target: on,
		Needs: []topology.Need{topology.OnHost(on), {Power: topology.PowerHost}}, // over each app server, however many there are
		Make: func(s topology.System) (chaos.Fault, error) {
			db, err := topology.HostOf(s, on)
			if err != nil {
				return nil, err
			}
			var apps []netip.Addr
			for _, node := range s.Nodes() {
				app, err := topology.HostOf(s, chaos.Target(node.Name))
				if err != nil {
					return nil, err
				}
				apps = append(apps, app.Addr())
			}
			cut := host.Cut(faultDatabaseAway, on, db, host.Link{Peers: apps})
			ready := func(ctx context.Context) error { return allReady(ctx, s) }
			return chaos.AtLeast(host.Until(cut, "the app servers are ready", ready), databaseAwayFor), nil
		},
		Effect: judge.Effect{Fault: faultDatabaseAway, What: "tries answered from memory, and marked so", Min: databaseAwayLeast, Count: judge.TriesStale},
	}
}

// allReady is nil if every server of the system is ready.
func allReady(ctx context.Context, s topology.System) error {
	for _, node := range s.Nodes() {
		if err := s.Host(chaos.Target(node.Name)).Ready(ctx); err != nil {
			return err
		}
	}
	return nil
}

// AppMutants are the drills of app servers without their database (CHA-7), on containers.
// Checker stale-answers finds two defects: a server that refuses texts while all servers are
// without the database, and a server that answers from memory while others have it.
func AppMutants() []Scenario {
	away := databaseAway(appFirst)
	away.Effect = judge.Effect{Fault: away.Name, What: "failed tries", Min: databaseAwayLeast, Count: judge.TriesFailed}
	alone := cutDatabase(appFirst)
	alone.For = databaseAwayFor
	return []Scenario{
		appMutant("silent-without-database", away),
		appMutant("stale-unasked", alone),
	}
}

func appMutant(defect string, fault Fault) Scenario {
	main := databaseAwayArm(topology.Layout{VRRP: slowAdverts(), QuickStores: true, TryTimeout: appTryTimeout, OutFor: appOutFor})
	main.Name, main.Objectives = "main", nil
	main.Checkers = []check.Checker{knowing, check.Replies{}, check.Orders{Min: 20}}
	main.Setup.Defects = []string{defect}
	control := main
	main.Expect, main.Faults = judge.Violate("stale-answers"), func(Size) []Fault { return []Fault{fault} }
	control.Name, control.Control, control.Faults = "control", true, nil
	return Scenario{
		Name:       "mutant-" + defect,
		Title:      "App servers with the planted defect " + defect + " are found under " + fault.Name + ", and pass without it",
		Source:     "CHA-7, STO-7",
		Topologies: []string{Docker},
		Limits:     dockerLimits,
		Arms:       []Arm{main, control},
	}
}
