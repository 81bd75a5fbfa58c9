package runner

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"sync/atomic"
	"time"

	"oalab/chaos"
	"oalab/mockwechat"
	"oalab/scenarios"
	"oalab/scenarios/history"
	"oalab/scenarios/load"
	"oalab/scenarios/load/profile"
	"oalab/scenarios/machine"
	"oalab/scenarios/predict"
	"oalab/scenarios/topology"
	"oalab/scenarios/workload"
)

// arm is one arm in progress.
type arm struct {
	run    *run
	arm    scenarios.Arm
	load   scenarios.Load
	faults []scenarios.Fault   // with the seed's phase in At
	plan   []history.PlannedOp // with the reserve
	// offered is the load's profile with the reserve, due how many operations of plan are
	// due without it.
	offered profile.Profile
	due     int
	lasted  time.Duration // of a load that was ended in its reserve
	pop     workload.Population
	out     *history.ArmWriter
	record  history.ArmRecord
	live    *live
	started atomic.Int64      // operations
	crowd   *workload.Crowd   // of a load of logins, once it is offered
	party   *workload.Party   // of a load of red packets
	readers *workload.Readers // of a load of token reads
	keep    bool              // the system outlives a process that is killed
}

// newArm fixes everything that the seed decides: operations, followers, due times and fault
// times. Arms of one run share the seed. Otherwise they could not be compared.
func newArm(r *run, a scenarios.Arm, index int) (*arm, error) {
	a.Setup = a.SetupFor(r.o.Size)
	shape, err := a.Load(r.o.Size)
	if err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	pop := workload.Population{Seed: r.o.Seed, Size: shape.Followers}
	x := &arm{run: r, arm: a, load: shape, pop: pop}
	if x.offered, err = a.WithReserve(shape); err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	if x.plan, err = planned(r.o.Seed, &x.load, x.offered, pop); err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	if x.due = len(x.plan); shape.Profile != nil && len(shape.Steps) == 0 {
		x.due = min(x.due, int(profile.Count(shape.Profile)))
	}
	if a.Faults != nil {
		x.faults = placed(a.Faults(r.o.Size), r.o.Seed)
	}
	if x.out, err = r.folder.Arm(a.Name, index == 0); err != nil {
		return nil, err
	}
	x.live = newLive(x)
	return x, nil
}

// planned makes the operations of a load with its reserve, and settles how many may be in
// flight.
func planned(seed uint64, shape *scenarios.Load, offered profile.Profile, pop workload.Population) ([]history.PlannedOp, error) {
	workers := func(span time.Duration) {
		if shape.MaxWorkers == 0 {
			shape.MaxWorkers = load.WorkersFor(offered, span)
		}
	}
	switch {
	case len(shape.Steps) > 0:
		count := 0
		for _, s := range shape.Steps {
			count += s.Requests
			shape.MaxWorkers = max(shape.MaxWorkers, s.Clients)
		}
		return workload.PlanClosed(seed, shape.Mix, pop, uint64(count))
	case shape.Logins != nil:
		workers(load.OperationSpan)
		return workload.PlanLogins(seed, *shape.Logins, pop, offered)
	case shape.TokenReads != nil:
		workers(tokenReadSpan)
		return workload.PlanTokenReads(seed, *shape.TokenReads, offered)
	case shape.Packets != nil:
		workers(load.OperationSpan)
		return workload.PlanPackets(seed, *shape.Packets, pop, offered)
	case shape.Page != "":
		workers(workload.GetLimit)
		return workload.Gets(offered)
	}
	workers(load.OperationSpan)
	return workload.Plan(seed, shape.Mix, pop, offered)
}

// placed moves each fault by its share of the jitter, as the seed says.
func placed(faults []scenarios.Fault, seed uint64) []scenarios.Fault {
	rng := rand.New(rand.NewPCG(seed, 'f'))
	out := make([]scenarios.Fault, len(faults))
	for i, f := range faults {
		if f.Jitter > 0 {
			f.At += time.Duration(rng.Int64N(int64(f.Jitter)))
		}
		out[i] = f
	}
	return out
}

// planned is the part of the arm that the plan's hash covers. It leaves out the reserve:
// the reserve follows from the plan, and the machine decides how much of it is used.
func (x *arm) planned() history.PlannedArm {
	p := history.PlannedArm{Arm: x.arm.Name, Ops: x.plan[:x.due]}
	for _, f := range x.faults {
		p.Faults = append(p.Faults, history.PlannedFault{
			Name: f.Name, Target: string(f.Target), FromS: f.At.Seconds(), ToS: (f.At + f.For).Seconds(),
		})
	}
	return p
}

// carryOut brings the system up, loads and breaks it, waits for it to drain, and
// leaves the evidence in the run folder.
func (x *arm) carryOut(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, x.out.Close()) }()
	if err := x.out.WritePlan(x.plan[:x.due]); err != nil {
		return err
	}
	ceiling, err := x.calibrate(ctx)
	if err != nil {
		return err
	}
	sys, err := x.start(ctx)
	if err != nil {
		return err
	}
	stopped := false
	stop := func() error {
		if stopped {
			return nil
		}
		stopped = true
		sctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), chaos.Patient(ctx, stopTimeout))
		defer cancel()
		return sys.Stop(sctx)
	}
	defer func() { err = errors.Join(err, stop()) }()

	x.record = history.ArmRecord{
		Arm: x.arm.Name, Phases: x.load.Phases, DayS: x.load.Day.Seconds(), Scaling: x.arm.Setup.Layout.Scaler,
		Load: history.Load{CeilingPerS: ceiling}, Pace: x.pace(),
	}
	if x.record.Nodes, err = nodes(sys); err != nil {
		return err
	}
	if x.record.Predictions, err = x.predictions(); err != nil {
		return err
	}
	if err := x.before(ctx, sys); err != nil {
		return err
	}
	if err := errors.Join(x.offer(ctx, sys), x.keepVisits(), x.keepCalls(), x.keepReads()); err != nil {
		return err
	}
	x.record.Interrupted = ctx.Err() != nil
	x.after(ctx, sys)
	if err := stop(); err != nil {
		x.problem("stop the system: %v", err)
	}
	return x.out.WriteRecord(x.record)
}

// pace is that of the run, with the rates of this arm.
func (x *arm) pace() history.Pace {
	p := x.run.pace
	p.ClaimedRate, p.UsedRate = 0, 0
	if x.load.Profile != nil && len(x.load.Steps) == 0 {
		p.UsedRate = x.load.Profile.Peak()
		p.ClaimedRate = p.UsedRate / machine.Share(p.Rung)
	}
	return p
}

// nodes are the servers by name and address.
func nodes(sys topology.System) ([]history.Node, error) {
	var list []history.Node
	for _, n := range sys.Nodes() {
		u, err := url.Parse(n.URL)
		if err != nil {
			return nil, fmt.Errorf("address of server %s: %w", n.Name, err)
		}
		list = append(list, history.Node{Name: n.Name, Addr: u.Host})
	}
	return list, nil
}

// predictions are computed from the settings: the outage of each fault for which it can be
// computed, and of the return that follows it (REP-9).
func (x *arm) predictions() ([]history.Prediction, error) {
	var list []history.Prediction
	known := map[string]bool{}
	layout := x.arm.Setup.Layout.OnMachine(x.run.pace.SpeedFactor)
	add := func(fault string, cause predict.Cause) error {
		if known[fault] {
			return nil
		}
		known[fault] = true
		p, err := predict.Outage(fault, cause, layout.VRRP)
		if err == nil {
			list = append(list, p)
		}
		return err
	}
	for _, f := range x.faults {
		if f.Predict != nil && !known[f.Name] {
			known[f.Name] = true
			p, err := f.Predict(layout)
			if err != nil {
				return nil, err
			}
			list = append(list, p...)
		}
		if f.Cause == "" {
			continue
		}
		if err := errors.Join(add(f.Name, f.Cause), add(wayBack(f.Name))); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// wayBack is the return that follows a fault, and its cause.
func wayBack(fault string) (string, predict.Cause) {
	back := history.WayBack(fault)
	cause, _ := predict.CauseOf(back)
	return back, cause
}

func (x *arm) problem(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	x.record.Problems = append(x.record.Problems, text)
	x.run.o.Logger.Warn("problem in the run", "arm", x.arm.Name, "problem", text)
}

// start brings the system up in the arm's setup.
func (x *arm) start(ctx context.Context) (topology.System, error) {
	ctx, cancel := context.WithTimeout(ctx, chaos.Patient(ctx, startTimeout(x.run.o.Topology)))
	defer cancel()
	x.live.enter("start")
	acct := account(x.run.o.Seed)
	acct.Followers = mockwechat.Followers{List: x.pop.OpenIDs()}
	acct.TokenLifetime = x.arm.Setup.TokenLifetime
	sys, err := topology.Start(ctx, x.run.o.Topology, topology.Spec{
		Oaserver:       x.run.o.Tools.Oaserver,
		Oalab:          x.run.o.Tools.Oalab,
		LogDir:         x.out.LogDir(),
		WeChatLedger:   x.out.WeChatLedger(),
		CarrierLedger:  x.out.CarrierLedger(),
		DatabaseLedger: x.out.DatabaseLedger(),
		Seed:           x.run.o.Seed,
		Account:        acct,
		SeedFile:       x.pop.WriteSeed,
		Defects:        x.arm.Setup.Defects,
		CarrierNoDedup: x.arm.Setup.CarrierNoDedup,
		TokenAPI:       x.arm.Setup.TokenAPI,
		Layout:         x.arm.Setup.Layout,
		Servers:        x.arm.Setup.Servers,
		LoginServers:   x.arm.Setup.LoginServers,
		Packets:        x.arm.Setup.Packets,
		Control:        x.control(),
		Keep:           x.keep,
		Progress:       x.live.enter,
		Logger:         x.run.o.Logger,
	})
	if err != nil {
		return nil, err
	}
	if rules := x.arm.Setup.CarrierRules; len(rules) > 0 {
		if err := sys.CarrierRules().Fault("baseline", scenarios.TargetCarrier, rules...).Inject(ctx); err != nil {
			return nil, errors.Join(fmt.Errorf("set the carrier's everyday behaviour: %w", err), sys.Stop(ctx))
		}
	}
	return sys, nil
}
