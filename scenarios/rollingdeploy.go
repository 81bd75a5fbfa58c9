package scenarios

import (
	"context"
	"time"

	"oalab/chaos"
	"oalab/chaos/host"
	"oalab/scenarios/check"
	"oalab/scenarios/history"
	"oalab/scenarios/judge"
	"oalab/scenarios/topology"
)

// faultDeploy is the deployment of one app server. It is an action of the system itself,
// but it counts as a fault: followers must not notice it.
const faultDeploy = "deploy"

// RollingDeploy replaces every app server under load, one after the other: out of
// Nginx's list, stopped gracefully, started, ready, back in the list (SCN-17).
func RollingDeploy() Scenario {
	const (
		apps  = 2
		first = 5 * time.Second
		slot  = 6 * time.Second
	)
	// Slow adverts keep the address in place: on a slow machine, a start of a container
	// delays adverts.
	layout := topology.Layout{VRRP: slowAdverts(), Apps: apps, AccessLog: true, QuickStores: true}
	rounds := func(size Size) int { return bySize(size, 1, 10) }
	objectives := []judge.Objective{
		{Figure: "failed_requests", Relation: "==", Limit: 0, MinN: 1000},
		{Figure: "tries_failed", Relation: "==", Limit: 0, MinN: 1000},
		{Figure: "error_ratio", Relation: "<=", Limit: 0, MinN: 1000},
		{Figure: "p99_due_s", Relation: "<", Limit: 0.7, MinN: 1000},
		{Figure: "orders_unfinished_end", Relation: "==", Limit: 0},
		fewStatements(1000), quickWhenSteady(200),
	}
	checkers := []check.Checker{check.Replies{}, check.Orders{Min: 20}, check.Tokens{Calls: 20}, fresh}
	return Scenario{
		Name:       "rolling-deploy",
		Title:      "Every app server is replaced under load, and not a single try of the platform fails",
		Source:     "SCN-17; architecture 8; login service 5",
		Topologies: []string{Docker},
		Limits:     dockerLimits,
		Arms: []Arm{
			{
				Name: "main", Setup: Setup{Layout: layout, OneByOne: true}, // as in a real deployment
				Load: func(size Size) (Load, error) {
					return withUpdates(failoverLoad(anyRate(size), first, first+time.Duration(apps*rounds(size))*slot+2*time.Second))
				},
				Faults: func(size Size) []Fault {
					var list []Fault
					for round := range rounds(size) {
						for n := 1; n <= apps; n++ {
							list = append(list, deploy(first+time.Duration(round*apps+n-1)*slot, topology.HostApp(n)))
						}
					}
					return list
				},
				Checkers: checkers, Objectives: objectives,
			},
			{
				Name: "control", Control: true, Setup: Setup{Layout: layout},
				Load: func(size Size) (Load, error) {
					return withUpdates(failoverLoad(anyRate(size), 14*time.Second, 14*time.Second))
				},
				Checkers: checkers, Objectives: objectives,
			},
		},
	}
}

// deployFor is how long an app server is down in a deployment.
const deployFor = 1500 * time.Millisecond

// deploy replaces one app server.
func deploy(at time.Duration, app chaos.Target) Fault {
	return Fault{
		Name: faultDeploy, At: at, For: deployFor, Jitter: phase, Target: app,
		Needs: []topology.Need{topology.OnProcess(app), {Power: topology.PowerBalance}},
		Make: func(s topology.System) (chaos.Fault, error) {
			lbs, err := topology.BalanceOf(s)
			if err != nil {
				return nil, err
			}
			out := func(ctx context.Context) error { return lbs.Balance(ctx, app) }
			in := func(ctx context.Context) error { return lbs.Balance(ctx) }
			return chaos.AtLeast(host.Deploy(faultDeploy, app, s.Host(app), out, in), deployFor), nil
		},
		Effect: judge.Effect{
			Fault: faultDeploy, What: "probes of a stopped app server", Min: 1,
			Count: func(a *history.Arm, w history.Window) int {
				n := 0
				for _, s := range a.Samples {
					if s.Error != "" && s.Probe == w.Target+".ready" && w.MayMeet(s.AtS) {
						n++
					}
				}
				return n
			},
		},
	}
}
