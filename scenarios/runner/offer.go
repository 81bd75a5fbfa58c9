package runner

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"oalab/chaos"
	"oalab/mockwechat"
	wl "oalab/mockwechat/ledger"
	"oalab/scenarios/history"
	"oalab/scenarios/load"
	"oalab/scenarios/topology"
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

// calibrate measures the highest rate of this machine's generator, over the same path but
// against a server that does nothing (REP-10). It takes all of the machine. Therefore it
// comes before the start of the system. Otherwise hosts that cannot run for a second would
// declare each other dead.
func (x *arm) calibrate(ctx context.Context) (perS float64, err error) {
	x.live.enter("calibrate")
	return x.run.o.Ceiling.find(ctx, x.kind(), func(ctx context.Context) (float64, error) {
		conns := transport(new(connections))
		defer conns.CloseIdleConnections()
		return load.Calibrate(ctx, load.Calibration{
			Transport: func(url string) (http.RoundTripper, error) { return x.null(conns, url) },
		})
	})
}

// offer runs load, faults and probes on one clock, and waits for the system to drain.
func (x *arm) offer(ctx context.Context, sys topology.System) error {
	open := new(connections)
	conns := transport(open)
	defer conns.CloseIdleConnections()
	generate, err := x.generator(ctx, sys, conns)
	if err != nil {
		return err
	}

	injector, err := x.injector(sys)
	if err != nil {
		return err
	}

	loading, stopLoading := context.WithCancelCause(ctx)
	defer stopLoading(nil)
	var windows []chaos.Window
	var lasted time.Duration // of a load that was ended in its reserve
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
		// The window of a fault holds the errors of its steps, so the run goes on.
		windows, _ = injector.Run(faulting, begun)
		if x.reserved() && x.awaitPlanned(faulting, begun) == nil {
			lasted = time.Since(begun)
			stopLoading(errEnough)
		}
		return nil
	})
	defer x.collectRarely()()
	used := beginOwn()
	sum, err := generate(loading, load.Common{
		Attack: x.arm.Name, Record: x.out.Operations(),
		Began: func(t time.Time) {
			x.record.Base = t
			x.live.begin(t, ctx.Done())
			base <- t
		},
		CutAfter: chaos.Patient(ctx, load.DefaultCutAfter), CutAfterInterrupt: x.cutAfter(ctx),
		Progress: func(p load.Progress) { used.look(); x.live.progress(int64(p.InFlight)) },
	})
	close(base)
	stopFaults()
	err = errors.Join(err, beside.Wait())
	if lasted > 0 && ctx.Err() == nil {
		sum.Interrupted = false
		err = errors.Join(err, x.cutPlan(&sum, lasted))
	}
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

// generate offers the load of an arm.
type generate = func(context.Context, load.Common) (load.Summary, error)

// generator makes the generator that the arm's load wants.
func (x *arm) generator(ctx context.Context, sys topology.System, conns *http.Transport) (generate, error) {
	if len(x.load.Steps) > 0 {
		return x.stepped(sys, conns)
	}
	carry, target, err := x.carrier(ctx, sys, conns)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, c load.Common) (load.Summary, error) {
		c.Transport, c.URL = timed{next: carry, arm: x}, target
		return load.Open{Common: c, Profile: x.offered, MaxWorkers: x.load.MaxWorkers, Grace: chaos.Patient(ctx, grace)}.Run(ctx)
	}, nil
}

// timed shows each operation to the live line.
type timed struct {
	next http.RoundTripper
	arm  *arm
}

// RoundTrip carries the operation out.
func (t timed) RoundTrip(r *http.Request) (*http.Response, error) {
	t.arm.started.Add(1)
	start := time.Now()
	resp, err := t.next.RoundTrip(r)
	t.arm.live.finished(time.Since(start), err == nil && resp.StatusCode == http.StatusOK)
	return resp, err
}

// injector makes the arm's faults for the running system.
func (x *arm) injector(sys topology.System) (*chaos.Injector, error) {
	schedule := make(chaos.Schedule, 0, len(x.faults))
	for _, f := range x.faults {
		fault, err := f.Make(sys)
		if err != nil {
			return nil, fmt.Errorf("make fault %s: %w", f.Name, err)
		}
		schedule = append(schedule, chaos.Entry{Fault: fault, At: f.At, For: f.For})
	}
	return chaos.NewInjector(schedule, chaos.Options{
		StepTimeout: stepTimeout, RecoverTimeout: healTimeout, Serial: x.arm.Setup.OneByOne, Settle: settleAfterLate,
		OnActive: x.live.faultActive, OnWindow: x.live.faultOver, Log: x.run.o.Logger,
	}), nil
}

// note records the outcome of load and faults.
func (x *arm) note(sum load.Summary, windows []chaos.Window) {
	x.record.Load = history.Load{
		Model: "open", Page: x.page(), Scheduled: sum.Scheduled, Started: sum.Started, MaxWorkers: x.load.MaxWorkers,
		CeilingPerS: x.record.Load.CeilingPerS, PeakPerS: x.record.Load.PeakPerS, CPUS: sum.CPU.Seconds(),
	}
	if p := x.load.Profile; p != nil {
		x.record.Load.DurationS, x.record.Load.PeakPerS = max(p.Length(), x.lasted).Seconds(), p.Peak()
	} else {
		x.record.Load.Model, x.record.Load.DurationS = "closed", sum.Duration.Seconds()
	}
	if sum.Cut && !sum.Interrupted {
		x.problem("operations had to be cut off after the load")
	}
	for _, w := range windows {
		h := history.Window{
			Fault: w.Fault, Arm: x.arm.Name, Target: string(w.Target),
			PlannedFromS: w.PlannedFrom.Seconds(), PlannedToS: w.PlannedTo.Seconds(),
			BegunS: w.Begun.Seconds(), FromS: w.From.Seconds(), ToS: w.To.Seconds(), HealedS: w.Healed.Seconds(),
		}
		if w.Err != nil {
			h.Error = w.Err.Error()
		}
		x.record.Windows = append(x.record.Windows, h)
	}
}
