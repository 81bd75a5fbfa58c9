package runner

import (
	"context"
	"errors"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"oalab/chaos"
	"oalab/mockwechat"
	wl "oalab/mockwechat/ledger"
	"oalab/scenarios/history"
	"oalab/scenarios/load"
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
func transport(c *connections) *http.Transport {
	return &http.Transport{
		DialContext:     c.dial,
		MaxConnsPerHost: maxConns, MaxIdleConns: maxConns, MaxIdleConnsPerHost: maxConns, IdleConnTimeout: time.Minute,
	}
}

// source finds the message of an operation.
type source = func(attack string, seq uint64) (mockwechat.Message, error)

// pusher makes the platform's side of the arm's callbacks.
func pusher(sys topology.System, url string, conns http.RoundTripper, source source, record func(wl.Delivery) error) (*mockwechat.Pusher, error) {
	return sys.Platform().Pusher(sys.Account().Name, mockwechat.PusherConfig{
		CallbackURL: url, Transport: conns, Source: source, Record: record,
	})
}

// calibrate finds what this machine's generator can do at most, over the very same
// path but against a server that does nothing (REP-10).
func (x *arm) calibrate(ctx context.Context, sys topology.System) error {
	x.live.enter("calibrate")
	conns := transport(new(connections))
	defer conns.CloseIdleConnections()
	perS, err := load.Calibrate(ctx, load.Calibration{
		Transport: func(url string) (http.RoundTripper, error) {
			return pusher(sys, url, conns, workload.Cycle(x.plan), func(wl.Delivery) error { return nil })
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
	open := new(connections)
	conns := transport(open)
	defer conns.CloseIdleConnections()
	push, err := pusher(sys, sys.Account().CallbackURL, conns, workload.Source(x.arm.Name, x.plan), x.out.WriteDelivery)
	if err != nil {
		return err
	}

	var windows []chaos.Window
	var watch *watch
	base := make(chan time.Time, 1)
	faulting, stopFaults := context.WithCancel(ctx)
	defer stopFaults()
	var beside errgroup.Group
	beside.Go(func() error {
		begun, ok := <-base
		if !ok {
			return nil // the load never began
		}
		var err error
		if watch, err = x.watch(context.WithoutCancel(ctx), sys, open, begun); err != nil {
			return err
		}
		// What a step of a fault says is in its window: the run goes on.
		windows, _ = x.injector(sys).Run(faulting, begun)
		return nil
	})
	used := beginOwn()
	sum, err := load.Open{
		Common: load.Common{
			Attack: x.arm.Name, Transport: timed{next: push, live: x.live}, Record: x.out.Operations(),
			Began: func(t time.Time) {
				x.record.Base = t
				x.live.begin(t, ctx.Done())
				base <- t
			},
			Progress: func(p load.Progress) { used.look(); x.live.progress(int64(p.InFlight)) },
		},
		Profile: x.load.Profile, MaxWorkers: x.load.MaxWorkers, Grace: grace,
	}.Run(ctx)
	close(base)
	stopFaults()
	err = errors.Join(err, beside.Wait())
	x.note(sum, windows)
	used.into(&x.record.Load)
	if watch == nil {
		return err
	}
	if err == nil && ctx.Err() == nil {
		x.drain(ctx, sys, watch)
	}
	return errors.Join(err, watch.stop())
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
	t.live.finished(time.Since(start), err == nil && resp.StatusCode == http.StatusOK)
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
