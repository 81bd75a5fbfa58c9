package runner

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"sync/atomic"
	"time"

	"oalab/chaos"
	"oalab/scenarios"
	"oalab/scenarios/history"
	"oalab/scenarios/load"
	"oalab/scenarios/probe"
	"oalab/scenarios/topology"
	"oalab/scenarios/workload"
)

const (
	// settle is the pause between two steps. In it, replies under way arrive, and a limited
	// host makes up for processor time that it has used ahead of its share.
	settle = 200 * time.Millisecond
	// idleFor is how long the system is watched without load before its limits are chosen.
	idleFor = time.Second
)

// steps carries out a closed load in steps.
type steps struct {
	x     *arm
	sys   topology.System
	conns *http.Transport

	direct, balanced http.RoundTripper
	way              atomic.Pointer[http.RoundTripper] // one of the two

	nodes  int // behind the load balancer now
	began  time.Time
	seq    uint64
	meter  probe.Func
	before map[string]float64 // the kernel's counters when the step began
	idleS  float64
}

// stepped makes the generator of a closed load.
func (x *arm) stepped(sys topology.System, conns *http.Transport) (generate, error) {
	source := workload.Source(x.arm.Name, x.plan)
	s := &steps{x: x, sys: sys, conns: conns, nodes: len(sys.Nodes())}
	var err error
	if s.balanced, err = pusher(sys, sys.Account().CallbackURL, conns, source, x.out.WriteDelivery); err != nil {
		return nil, err
	}
	if s.direct, err = pusher(sys, sys.Nodes()[0].URL+"/wechat/"+sys.Account().Name, conns, source, x.out.WriteDelivery); err != nil {
		return nil, err
	}
	list := make([]load.Step, len(x.load.Steps))
	for i, step := range x.load.Steps {
		list[i] = load.Step{Clients: step.Clients, Requests: step.Requests, Most: step.Most}
	}
	return func(ctx context.Context, c load.Common) (load.Summary, error) {
		c.Transport = timed{next: s, arm: x}
		sum, err := load.Stepped{Common: c, Steps: list, Between: s.between, Over: s.over}.Run(ctx)
		return sum, err
	}, nil
}

// RoundTrip sends an operation the way of the present step.
func (s *steps) RoundTrip(r *http.Request) (*http.Response, error) {
	return (*s.way.Load()).RoundTrip(r)
}

// between ends a step and prepares the next.
func (s *steps) between(ctx context.Context, next int) error {
	x := s.x
	if x.arm.Setup.CPUAim > 0 && next < 2 {
		if err := s.calibrate(ctx, next); err != nil {
			return err
		}
	}
	step := x.load.Steps[next]
	if err := s.balance(ctx, step.Nodes); err != nil {
		return err
	}
	if err := wait(ctx, settle); err != nil {
		return err
	}
	x.record.Steps = append(x.record.Steps, history.Step{
		Nodes: step.Nodes, Clients: step.Clients, Requests: step.Requests, FirstSeq: s.seq,
		Calibrates: x.arm.Setup.CPUAim > 0 && next == 0,
	})
	s.began = time.Now()
	s.x.live.enter(stepName(x.record.Steps[next]))
	return nil
}

// balance puts so many app servers behind the load balancer and chooses the way. The
// connections go: a load balancer that was set anew still serves the old ones as before.
func (s *steps) balance(ctx context.Context, nodes int) error {
	s.conns.CloseIdleConnections()
	if nodes == 0 {
		s.way.Store(&s.direct)
		return nil
	}
	s.way.Store(&s.balanced)
	if nodes == s.nodes {
		return nil
	}
	lbs, err := topology.BalanceOf(s.sys)
	if err != nil {
		return err
	}
	if nodes > len(s.sys.Nodes()) {
		return fmt.Errorf("a step wants %d app servers behind a load balancer; this topology has %d", nodes, len(s.sys.Nodes()))
	}
	var without []chaos.Target
	for _, n := range s.sys.Nodes()[nodes:] {
		without = append(without, chaos.Target(n.Name))
	}
	s.nodes = nodes
	return lbs.Balance(ctx, without...)
}

// over records a finished step as a phase, and the highest rate of all steps.
func (s *steps) over(_, requests int) {
	record := &s.x.record
	last := &record.Steps[len(record.Steps)-1]
	last.Requests = requests
	s.seq += uint64(requests)
	now, step := time.Now(), *last
	record.Phases = append(record.Phases, history.Phase{
		Name: stepName(step), FromS: s.began.Sub(record.Base).Seconds(), ToS: now.Sub(record.Base).Seconds(),
	})
	if !step.Calibrates {
		record.Load.PeakPerS = max(record.Load.PeakPerS, float64(step.Requests)/now.Sub(s.began).Seconds())
	}
	s.began = time.Time{}
}

// stepName is the phase of a step.
func stepName(s history.Step) string {
	switch {
	case s.Calibrates:
		return "calibrate"
	case s.Nodes == 0:
		return fmt.Sprintf("single, %d clients", s.Clients)
	}
	return fmt.Sprintf("%d nodes, %d clients", s.Nodes, s.Clients)
}

// calibrate measures the system without load before the first step. Before the second step
// it chooses and sets the limits from the cost of the first.
func (s *steps) calibrate(ctx context.Context, next int) error {
	if next == 0 {
		counters, err := topology.CountersOf(s.sys)
		if err != nil {
			return fmt.Errorf("choose CPU limits: %w", err)
		}
		if s.meter, err = counters.Meter(ctx); err != nil {
			return fmt.Errorf("choose CPU limits: %w", err)
		}
		if s.before, err = s.counters(ctx); err != nil {
			return err
		}
		if err := wait(ctx, idleFor); err != nil {
			return err
		}
		used, err := s.since(ctx)
		s.idleS = used(history.MachineHost, history.CounterBusy) / idleFor.Seconds()
		return err
	}
	used, err := s.since(ctx)
	if err != nil {
		return err
	}
	limit := scenarios.ChooseLimit(scenarios.Usage{
		Messages: s.x.load.Steps[0].Requests, Apps: len(s.sys.Nodes()), Cores: runtime.NumCPU(), IdleS: s.idleS,
		AppS: s.apps(used), MachineS: used(history.MachineHost, history.CounterBusy), TimeS: used(history.MachineHost, history.CounterTime),
	}, s.x.arm.Setup.CPUAim)
	limit.PeriodS = s.x.arm.Setup.Layout.AppPeriod.Seconds()
	s.x.record.CPULimit = &limit
	for _, n := range s.sys.Nodes() {
		app, err := topology.HostOf(s.sys, chaos.Target(n.Name))
		if err != nil {
			return err
		}
		if err := app.LimitCPU(ctx, limit.CPUs); err != nil {
			return err
		}
	}
	return nil
}

// apps is the processor time of all app servers.
func (s *steps) apps(used func(host, counter string) float64) (sum float64) {
	for _, n := range s.sys.Nodes() {
		sum += used(n.Name, history.CounterCPU)
	}
	return sum
}

// counters reads the kernel's counters.
func (s *steps) counters(ctx context.Context) (map[string]float64, error) {
	readings, err := s.meter(ctx)
	if err != nil {
		return nil, fmt.Errorf("choose CPU limits: %w", err)
	}
	values := map[string]float64{}
	for _, r := range readings {
		if r.Err != nil {
			return nil, fmt.Errorf("choose CPU limits: %s: %w", r.Name, r.Err)
		}
		values[r.Name] = r.Value
	}
	return values, nil
}

// since returns the counts since the last call, or since before was set.
func (s *steps) since(ctx context.Context) (func(host, counter string) float64, error) {
	before := s.before
	now, err := s.counters(ctx)
	s.before = now
	return func(host, counter string) float64 {
		name := host + "." + counter
		return now[name] - before[name]
	}, err
}

// wait lets some time pass.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
