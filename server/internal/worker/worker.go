// Package worker owns the execution of jobs: it takes deliveries from the
// queues, calls the handler of their kind, and settles them by what the handler
// wishes: acknowledged, given back with a growing delay, or buried (BIZ-5).
package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"oalab/server/internal/job"
	"oalab/server/internal/queue"
	"oalab/server/internal/resilience"
)

// Handler does one attempt at a job. nil ends the job; an error made by
// job.GiveUp buries it; any other error, a panic included, is a failed attempt.
// It must return soon after ctx ends, and must bear being called twice.
type Handler func(ctx context.Context, env job.Envelope) error

// Config sizes a Worker.
type Config struct {
	// Concurrency is how many handlers of a queue run at once, by queue name.
	Concurrency map[string]int
	// MaxAttempts is after how many failed attempts a job is buried; 0 means 60.
	MaxAttempts int
	// RetryBase and RetryMax bound the wait between attempts; 0 means 200 ms and 2 s.
	RetryBase, RetryMax time.Duration
	// Seed drives the jitter of the waits.
	Seed    uint64
	Defects job.Defects
}

// The results of an attempt, as oalab_jobs_total counts them.
const (
	resultDone    = "done"
	resultRetried = "retried"
	resultDead    = "dead"
)

// settleTimeout bounds the settling of one delivery, which a stop does not cut short.
const settleTimeout = 5 * time.Second

// Worker runs the handlers. Start it once, stop it once.
type Worker struct {
	cfg      Config
	from     queue.Consumer
	handlers map[job.Kind]Handler
	log      *slog.Logger
	backoff  *resilience.Backoff

	results *prometheus.CounterVec
	flying  *prometheus.GaugeVec

	soft, hard         context.Context
	softStop, hardStop context.CancelFunc
	running            sync.WaitGroup
}

// New makes a Worker that is not yet running and registers its metrics.
func New(cfg Config, from queue.Consumer, handlers map[job.Kind]Handler, log *slog.Logger, reg prometheus.Registerer) (*Worker, error) {
	if cfg.MaxAttempts <= 0 {
		cfg.MaxAttempts = 60
	}
	if cfg.RetryBase <= 0 {
		cfg.RetryBase = 200 * time.Millisecond
	}
	if cfg.RetryMax <= 0 {
		cfg.RetryMax = 2 * time.Second
	}
	w := &Worker{
		cfg: cfg, from: from, handlers: handlers, log: log,
		backoff: resilience.NewBackoff(cfg.RetryBase, cfg.RetryMax, cfg.Seed),
		results: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "oalab_jobs_total", Help: "Attempts at jobs, by what became of them.",
		}, []string{"queue", "result"}),
		flying: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "oalab_work_in_flight", Help: "Handlers running now.",
		}, []string{"queue"}),
	}
	for name := range cfg.Concurrency {
		w.flying.WithLabelValues(name)
		for _, r := range []string{resultDone, resultRetried, resultDead} {
			w.results.WithLabelValues(name, r)
		}
	}
	if reg != nil {
		if err := errors.Join(reg.Register(w.results), reg.Register(w.flying)); err != nil {
			return nil, fmt.Errorf("register worker metrics: %w", err)
		}
	}
	w.soft, w.softStop = context.WithCancel(context.Background())
	w.hard, w.hardStop = context.WithCancel(context.Background())
	return w, nil
}

// Start begins to take deliveries and returns at once.
func (w *Worker) Start() {
	for name, n := range w.cfg.Concurrency {
		for range n {
			w.running.Go(func() { w.serve(name) })
		}
	}
}

// Stop takes no further delivery and waits for the handlers that run (soft).
// When ctx ends first, their context is cancelled (hard) and Stop waits until
// they have noticed. What they did not finish is delivered again later.
func (w *Worker) Stop(ctx context.Context) error {
	w.softStop()
	defer w.hardStop()
	done := make(chan struct{})
	go func() {
		w.running.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	w.hardStop()
	<-done
	return fmt.Errorf("stop workers: handlers were interrupted: %w", ctx.Err())
}

// serve is one place of one queue.
func (w *Worker) serve(name string) {
	for failures := 0; w.soft.Err() == nil; {
		d, err := w.from.Receive(w.soft, name)
		switch {
		case err == nil:
			failures = 0
			w.flying.WithLabelValues(name).Inc()
			w.attempt(name, d)
			w.flying.WithLabelValues(name).Dec()
		case w.soft.Err() != nil, errors.Is(err, queue.ErrClosed):
			return
		default:
			failures++
			w.log.Warn("receiving from the queue failed", "queue", name, "error", err)
			wait(w.soft, w.backoff.Delay(failures))
		}
	}
}

// attempt calls the handler once and settles the delivery.
func (w *Worker) attempt(name string, d queue.Delivery) {
	env := d.Envelope()
	if w.cfg.Defects.Has(job.DefectAckBeforeCarrier) && env.Kind == job.KindOrder {
		w.ackedFirst(name, d)
		return
	}
	err := w.try(d)
	settle, cancel := context.WithTimeout(context.WithoutCancel(w.hard), settleTimeout)
	defer cancel()
	switch {
	case err == nil:
		w.results.WithLabelValues(name, resultDone).Inc()
		err = d.Ack(settle)
	case job.IsGiveUp(err) || d.Attempt() >= w.cfg.MaxAttempts:
		w.results.WithLabelValues(name, resultDead).Inc()
		w.log.Error("job buried", "job", env.Key, "attempt", d.Attempt(), "error", err)
		err = d.Bury(settle, err.Error())
	default:
		w.results.WithLabelValues(name, resultRetried).Inc()
		w.log.Debug("job to be retried", "job", env.Key, "attempt", d.Attempt(), "error", err)
		err = d.Nack(settle, w.delay(d.Attempt(), err))
	}
	if err != nil { // not settled: it will be delivered again
		w.log.Warn("settling a job failed", "job", env.Key, "error", err)
	}
}

// try calls the handler, but for a job that has come too often without an end: a
// broker counts the attempts in which the process died, maybe of this job.
func (w *Worker) try(d queue.Delivery) error {
	if d.Attempt() > w.cfg.MaxAttempts {
		return job.GiveUp(fmt.Errorf("%d attempts had no end", d.Attempt()-1))
	}
	env := d.Envelope()
	env.Again = env.Again || d.Attempt() > 1
	return w.call(env)
}

// ackedFirst is the planted defect: the job is gone before its work is done, so
// further attempts live in this goroutine only.
func (w *Worker) ackedFirst(name string, d queue.Delivery) {
	settle, cancel := context.WithTimeout(context.WithoutCancel(w.hard), settleTimeout)
	defer cancel()
	if err := d.Ack(settle); err != nil {
		w.log.Warn("settling a job failed", "job", d.Envelope().Key, "error", err)
		return
	}
	for n := 1; n <= w.cfg.MaxAttempts && w.soft.Err() == nil; n++ {
		err := w.call(d.Envelope())
		switch {
		case err == nil:
			w.results.WithLabelValues(name, resultDone).Inc()
			return
		case job.IsGiveUp(err):
			w.results.WithLabelValues(name, resultDead).Inc()
			return
		}
		w.results.WithLabelValues(name, resultRetried).Inc()
		wait(w.soft, w.delay(n, err))
	}
}

func (w *Worker) delay(attempt int, err error) time.Duration {
	if d := job.Delay(err); d > 0 {
		return d
	}
	return w.backoff.Delay(attempt)
}

// call runs the handler and turns a panic into an error.
func (w *Worker) call(env job.Envelope) (err error) {
	h, ok := w.handlers[env.Kind]
	if !ok {
		return job.GiveUp(fmt.Errorf("no handler for jobs of kind %q", env.Kind))
	}
	defer func() {
		if r := recover(); r != nil {
			w.log.Error("handler panicked", "job", env.Key, "panic", r, "stack", string(debug.Stack()))
			err = fmt.Errorf("handler panicked: %v", r)
		}
	}()
	return h(w.hard, env)
}

// wait returns after d or when ctx ends.
func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
