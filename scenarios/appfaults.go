package scenarios

import (
	"errors"
	"net/netip"
	"time"

	"oalab/chaos"
	"oalab/chaos/host"
	"oalab/scenarios/check"
	"oalab/scenarios/history"
	"oalab/scenarios/judge"
	"oalab/scenarios/topology"
)

// Faults of an app server that only this scenario has.
const faultCutDatabase = "cut-database"

// How Nginx treats its app servers in app-faults. The source (A 8.1) takes a server
// out for 30 s after five errors within 10 s, and gives each try 1 s; out for 3 s, a
// run sees the way back too.
const (
	appOutFor     = 3 * time.Second
	appTryTimeout = time.Second
)

// AppFaults breaks one of three app servers behind Nginx: the server dies, freezes, slows
// down, answers 503. Followers do not notice (SCN-21, DIS-7). In another arm all three are
// without their database (STO-7).
func AppFaults() Scenario {
	// Slow adverts keep the address in place: on a slow machine, a start of a container
	// delays adverts.
	layout := topology.Layout{VRRP: slowAdverts(), Apps: 3, AppPeriod: slowPeriod, AccessLog: true, QuickStores: true, TryTimeout: appTryTimeout, OutFor: appOutFor}
	return Scenario{
		Name:       "app-faults",
		Title:      "An app server dies, freezes, slows or answers 503: Nginx takes it out and lets it in again, and followers do not notice",
		Source:     "SCN-21, DIS-7, DIS-9, STO-7; thesis 3.2; architecture 8.1",
		Topologies: []string{Docker},
		Limits:     dockerLimits,
		Arms: []Arm{
			{
				Name: "main", Setup: Setup{Layout: layout, OneByOne: true},
				Load: func(size Size) (Load, error) {
					return withUpdates(failoverLoad(anyRate(size), appFirst, appFirst+time.Duration(4*appCycles(size))*appSlot+2*time.Second))
				},
				Faults: func(size Size) []Fault {
					var list []Fault
					for cycle := range appCycles(size) {
						for i, f := range []func(time.Duration) Fault{killApp, freezeApp, slowApp, cutDatabase} {
							list = append(list, f(appFirst+time.Duration(4*cycle+i)*appSlot))
						}
					}
					return list
				},
				Checkers: []check.Checker{check.Replies{}, check.Orders{Min: 30}, check.Tokens{Calls: 30}, fresh},
				Objectives: []judge.Objective{
					{Figure: "failed_requests", Relation: "==", Limit: 0, MinN: 1000},
					{Figure: "error_ratio", Relation: "<=", Limit: 0, MinN: 1000},
					{Figure: "p99_due_s", Relation: "<", Limit: 2, MinN: 1000},
					{Figure: "orders_unfinished_end", Relation: "==", Limit: 0},
					fewStatements(1000), quickWhenSteady(200),
				},
			},
			databaseAwayArm(layout),
			{
				Name: "control", Control: true, Setup: Setup{Layout: layout},
				Load: func(size Size) (Load, error) {
					return withUpdates(failoverLoad(anyRate(size), 14*time.Second, 14*time.Second))
				},
				Checkers: []check.Checker{check.Replies{}, check.Orders{Min: 20}, check.Tokens{Calls: 20}, fresh},
				Objectives: []judge.Objective{
					{Figure: "failed_requests", Relation: "==", Limit: 0, MinN: 1000},
					{Figure: "tries_failed", Relation: "==", Limit: 0, MinN: 1000},
					{Figure: "p99_due_s", Relation: "<", Limit: 0.5, MinN: 1000},
					{Figure: "staleness_max_s", Relation: "<=", Limit: freshWithinS, MinN: 300},
					fewStatements(1000), quickWhenSteady(200),
				},
			},
		},
	}
}

// The time line of app-faults: a fault for so long, and time to be let in again.
const (
	appFirst = 5 * time.Second
	appSlot  = 8500 * time.Millisecond
	appFor   = 3 * time.Second
)

func appCycles(size Size) int { return bySize(size, 1, 5) }

// brokenApp is the app server that the faults hit.
var brokenApp = topology.HostApp(2)

// onApp places a fault of the broken app server.
func onApp(name string, at time.Duration, effect judge.Effect, make func(topology.Host) chaos.Fault) Fault {
	return ofApp(brokenApp, name, at, appFor, effect, make)
}

// ofApp places a fault of an app server.
func ofApp(app chaos.Target, name string, at, length time.Duration, effect judge.Effect, make func(topology.Host) chaos.Fault) Fault {
	effect.Fault = name
	return Fault{
		Name: name, At: at, For: length, Jitter: phase, Target: app, Effect: effect,
		Needs: []topology.Need{topology.OnHost(app)},
		Make: func(s topology.System) (chaos.Fault, error) {
			h, err := topology.HostOf(s, app)
			if err != nil {
				return nil, err
			}
			return chaos.AtLeast(make(h), length), nil
		},
	}
}

// silent is the effect of an app server that no longer answers its probes in time.
var silent = judge.Effect{What: "probes of the app server without an answer", Min: 3, Count: probesOfAppFailed}

func killApp(at time.Duration) Fault {
	return killOf(brokenApp, at, appFor)
}

// killOf is the death of an app server.
func killOf(app chaos.Target, at, length time.Duration) Fault {
	return ofApp(app, "kill-server", at, length, silent, func(p topology.Host) chaos.Fault {
		return host.Kill("kill-server", app, p)
	})
}

func freezeApp(at time.Duration) Fault {
	return onApp("freeze-server", at, silent, func(p topology.Host) chaos.Fault {
		return host.Freeze("freeze-server", brokenApp, p)
	})
}

// slowCPUs is the share of a processor that a slow app server gets: 1 ms a second, which is
// less than the messages of one server need on any machine. With as much as they need, the
// server answers some in time and refuses the others with 429. Nginx does not count those
// and passes them to the platform, which asks again after 5 s.
const (
	slowCPUs   = 0.001
	slowPeriod = time.Second // the kernel's smallest quota is 1 ms a period
)

func slowApp(at time.Duration) Fault {
	return onApp("slow-server", at, silent, func(p topology.Host) chaos.Fault {
		return host.CPULimit("slow-server", brokenApp, p, slowCPUs)
	})
}

// cutDatabase cuts one app server off from the database. The server then answers 503 to
// every message for which it needs the database.
func cutDatabase(at time.Duration) Fault {
	// One look is enough, because each look waits for the database.
	effect := judge.Effect{What: "looks at the app server that found it not ready", Min: 1, Count: appNotReady}
	f := onApp(faultCutDatabase, at, effect, nil)
	f.Needs = []topology.Need{topology.OnHost(brokenApp, topology.HostMySQL)}
	f.Make = func(s topology.System) (chaos.Fault, error) {
		app, errApp := topology.HostOf(s, brokenApp)
		db, errDB := topology.HostOf(s, topology.HostMySQL)
		if err := errors.Join(errApp, errDB); err != nil {
			return nil, err
		}
		return chaos.AtLeast(host.Cut(faultCutDatabase, brokenApp, app, host.Link{Peers: []netip.Addr{db.Addr()}}), appFor), nil
	}
	return f
}

// probesOfAppFailed counts the probes of the faulty app server without an answer.
func probesOfAppFailed(a *history.Arm, w history.Window) int {
	return countSamples(a, w, func(s history.Sample) bool { return s.Error != "" && s.Name == "" })
}

// appNotReady counts the probes that found the faulty app server not ready.
func appNotReady(a *history.Arm, w history.Window) int {
	return countSamples(a, w, func(s history.Sample) bool {
		return s.Error != "" && s.Name == "" || s.Probe == w.Target+".ready" && s.Name == "status" && s.Value >= 500
	})
}

func countSamples(a *history.Arm, w history.Window, is func(history.Sample) bool) int {
	n := 0
	for _, s := range a.Samples {
		if w.MayMeet(s.AtS) && (s.Probe == w.Target+".ready" || s.Probe == w.Target+".metrics") && is(s) {
			n++
		}
	}
	return n
}
