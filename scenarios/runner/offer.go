package runner

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"oalab/chaos"
	"oalab/mockwechat"
	wl "oalab/mockwechat/ledger"
	"oalab/scenarios/history"
	"oalab/scenarios/load"
	"oalab/scenarios/probe"
	"oalab/scenarios/topology"
	"oalab/scenarios/workload"
)

// Bounds of the load's connections and tries.
const (
	// maxConns bounds the connections to the server. It must exceed the callbacks
	// that wait inside the server at any time, or the generator would queue.
	maxConns = 1024
	// grace is how long arrivals that are late may still be sent.
	grace = 5 * time.Second
)

// transport connects the platform to the server: connections are few and kept
// alive, so that a frozen server does not cause a storm of sockets.
func transport() *http.Transport {
	return &http.Transport{
		MaxConnsPerHost: maxConns, MaxIdleConns: maxConns, MaxIdleConnsPerHost: maxConns, IdleConnTimeout: time.Minute,
	}
}

// pusher makes the platform's side of the arm's callbacks.
func (x *arm) pusher(sys topology.System, url string, conns http.RoundTripper, record func(wl.Delivery) error) (*mockwechat.Pusher, error) {
	return sys.Platform().Pusher(sys.Account().Name, mockwechat.PusherConfig{
		CallbackURL: url, Transport: conns, Source: workload.Source(x.plan, sys.Account()), Record: record,
	})
}

// calibrate finds what this machine's generator can do at most, over the very same
// path but against a server that does nothing (REP-10).
func (x *arm) calibrate(ctx context.Context, sys topology.System) error {
	x.live.enter("calibrate")
	conns := transport()
	defer conns.CloseIdleConnections()
	perS, err := load.Calibrate(ctx, load.Calibration{
		Transport: func(url string) (http.RoundTripper, error) {
			return x.pusher(sys, url, conns, func(wl.Delivery) error { return nil })
		},
	})
	x.record.Load.CeilingPerS = perS
	return err
}

// offer calibrates, runs load, faults and probes on one clock, and waits for the
// system to drain.
func (x *arm) offer(ctx context.Context, sys topology.System) error {
	if err := x.calibrate(ctx, sys); err != nil {
		if ctx.Err() != nil {
			return nil // interrupted before anything was offered
		}
		return err
	}
	conns := transport()
	defer conns.CloseIdleConnections()
	push, err := x.pusher(sys, sys.Account().CallbackURL, conns, x.out.WriteDelivery)
	if err != nil {
		return err
	}

	base := make(chan time.Time, 1)
	probes := x.probes(sys)
	probing, stopProbing := context.WithCancel(context.WithoutCancel(ctx))
	defer stopProbing()
	faulting, stopFaults := context.WithCancel(ctx)
	defer stopFaults()

	var sum load.Summary
	var windows []chaos.Window
	g, gctx := errgroup.WithContext(ctx)
	var background errgroup.Group
	background.Go(func() error { return probes.Run(probing) })
	g.Go(func() error {
		begun, ok := <-base
		if !ok {
			return nil
		}
		// What a fault's step says is in its window: the run goes on.
		windows, _ = x.injector(sys).Run(faulting, begun)
		return nil
	})
	g.Go(func() error {
		defer close(base)
		defer stopFaults()
		var err error
		sum, err = load.Open{
			Common: load.Common{
				Attack: x.arm.Name, Transport: timed{next: push, live: x.live}, Record: x.out.Operations(),
				Began: func(t time.Time) {
					x.record.Base = t
					x.live.begin(t)
					probes.Begin(t)
					base <- t
				},
				Progress: func(p load.Progress) { x.live.show(int64(p.InFlight)) },
			},
			Profile: x.load.Profile, MaxWorkers: x.load.MaxWorkers, Grace: grace,
		}.Run(gctx)
		return err
	})
	err = g.Wait()
	x.note(sum, windows)
	if err == nil && ctx.Err() == nil {
		x.drain(ctx, probes)
	}
	stopProbing()
	if perr := background.Wait(); perr != nil && err == nil {
		err = perr
	}
	return err
}

// timed shows each operation to the live line.
type timed struct {
	next http.RoundTripper
	live *live
}

// RoundTrip carries the operation out.
func (t timed) RoundTrip(r *http.Request) (*http.Response, error) {
	start := time.Now()
	resp, err := t.next.RoundTrip(r)
	t.live.done(time.Since(start), err == nil && resp.StatusCode == http.StatusOK)
	return resp, err
}

// injector holds the arm's faults against the running system.
func (x *arm) injector(sys topology.System) *chaos.Injector {
	schedule := make(chaos.Schedule, 0, len(x.faults))
	for _, f := range x.faults {
		schedule = append(schedule, chaos.Entry{Fault: f.Make(sys), At: f.At, For: f.For})
	}
	return chaos.NewInjector(schedule, chaos.Options{
		StepTimeout: stepTimeout, OnActive: x.live.faultActive, OnWindow: x.live.faultOver, Log: x.run.o.Logger,
	})
}

// note records what load and faults came to.
func (x *arm) note(sum load.Summary, windows []chaos.Window) {
	x.record.Load = history.Load{
		Model: "open", Scheduled: sum.Scheduled, Started: sum.Started, MaxWorkers: x.load.MaxWorkers,
		DurationS: x.load.Profile.Length().Seconds(), PeakPerS: x.load.Profile.Peak(),
		CeilingPerS: x.record.Load.CeilingPerS, CPUS: sum.CPU.Seconds(),
	}
	if sum.Cut && !sum.Interrupted {
		x.problem("operations had to be cut off after the load")
	}
	for _, w := range windows {
		h := history.Window{
			Fault: w.Fault, Arm: x.arm.Name, Target: string(w.Target),
			PlannedFromS: w.PlannedFrom.Seconds(), PlannedToS: w.PlannedTo.Seconds(),
			FromS: w.From.Seconds(), ToS: w.To.Seconds(), HealedS: w.Healed.Seconds(),
		}
		if w.Err != nil {
			h.Error = w.Err.Error()
		}
		x.record.Windows = append(x.record.Windows, h)
	}
}

// drain waits until nothing is queued, in the outbox or in work any more.
func (x *arm) drain(ctx context.Context, probes *probe.Runner) {
	x.live.enter("drain")
	start := time.Now()
	ctx, cancel := context.WithTimeout(ctx, x.load.Drain)
	defer cancel()
	_ = probes
	_ = ctx
	x.record.DrainedS = start.Sub(x.record.Base).Seconds()
}
