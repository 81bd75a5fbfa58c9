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

// Config sizes a Worker.
type Config struct {
	// MaxAttempts is after how many failed attempts a job is buried; at least 1.
	MaxAttempts int
	// RetryBase and RetryMax bound the wait between attempts; RetryBase is above 0, and
	// RetryMax not below it.
	RetryBase, RetryMax time.Duration
	// Seed drives the jitter of the waits.
	Seed uint64
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
	cfg     Config
	from    queue.Consumer
	types   map[string]job.Type // by the name of their queue
	log     *slog.Logger
	backoff *resilience.Backoff

	results *prometheus.CounterVec
	flying  *prometheus.GaugeVec

	soft, hard         context.Context
	softStop, hardStop context.CancelFunc
	running            sync.WaitGroup
}

// New makes a Worker for the types that is not yet running, and registers its metrics.
func New(cfg Config, from queue.Consumer, types job.Catalogue, log *slog.Logger, reg prometheus.Registerer) (*Worker, error) {
	if err := types.Validate(); err != nil {
		return nil, fmt.Errorf("worker: %w", err)
	}
	if cfg.MaxAttempts < 1 || cfg.RetryBase <= 0 || cfg.RetryMax < cfg.RetryBase {
		return nil, fmt.Errorf("worker: MaxAttempts %d, RetryBase %v and RetryMax %v must be above 0, RetryMax not below RetryBase",
			cfg.MaxAttempts, cfg.RetryBase, cfg.RetryMax)
	}
	w := &Worker{
		cfg: cfg, from: from, types: make(map[string]job.Type, len(types)), log: log,
		backoff: resilience.NewBackoff(cfg.RetryBase, cfg.RetryMax, cfg.Seed),
		results: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "oalab_jobs_total", Help: "Attempts at jobs, by what became of them.",
		}, []string{"queue", "result"}),
		flying: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "oalab_work_in_flight", Help: "Handlers running now.",
		}, []string{"queue"}),
	}
	for _, t := range types {
		w.types[t.Queue] = t
		w.flying.WithLabelValues(t.Queue)
		for _, r := range []string{resultDone, resultRetried, resultDead} {
			w.results.WithLabelValues(t.Queue, r)
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
	for name, t := range w.types {
		for range t.Places {
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
	t := w.types[name]
	err := w.try(t, d)
	ended := err // what became of a job whose attempts have ended
	last := err != nil && !job.IsPostponed(err) && (job.IsGiveUp(err) || d.Attempt() >= w.cfg.MaxAttempts)
	if last {
		ended = w.end(t, env, err)
	}
	settle, cancel := context.WithTimeout(context.WithoutCancel(w.hard), settleTimeout)
	defer cancel()
	switch {
	case err == nil:
		w.results.WithLabelValues(name, resultDone).Inc()
		err = d.Ack(settle)
	case last && ended == nil:
		w.results.WithLabelValues(name, resultDead).Inc()
		w.log.Warn("job ended without success", "job", env.Key, "attempt", d.Attempt(), "error", err)
		err = d.Ack(settle)
	case last && job.IsGiveUp(ended):
		w.results.WithLabelValues(name, resultDead).Inc()
		w.log.Error("job buried", "job", env.Key, "attempt", d.Attempt(), "error", err)
		err = d.Bury(settle, err.Error())
	case last || job.IsPostponed(err):
		w.results.WithLabelValues(name, resultRetried).Inc()
		w.log.Debug("job postponed", "job", env.Key, "attempt", d.Attempt(), "error", ended)
		err = d.Postpone(settle, w.delay(d.Attempt(), ended))
	default:
		w.results.WithLabelValues(name, resultRetried).Inc()
		w.log.Debug("job to be retried", "job", env.Key, "attempt", d.Attempt(), "error", err)
		err = d.Nack(settle, w.delay(d.Attempt(), err))
	}
	if err != nil { // not settled: it will be delivered again
		w.log.Warn("settling a job failed", "job", env.Key, "error", err)
	}
}

// end asks what is to become of a job whose attempts have ended.
func (w *Worker) end(t job.Type, env job.Envelope, cause error) error {
	if t.End == nil || env.Kind != t.Kind {
		return job.GiveUp(cause)
	}
	return w.guard(env, func() error { return t.End(w.hard, env, cause) })
}

// try calls the handler, but for a job that has come too often without an end: a
// broker counts the attempts in which the process died, maybe of this job.
func (w *Worker) try(t job.Type, d queue.Delivery) error {
	if d.Attempt() > w.cfg.MaxAttempts {
		return job.GiveUp(fmt.Errorf("%d attempts had no end", d.Attempt()-1))
	}
	env := d.Envelope()
	env.Again = env.Again || d.Attempt() > 1
	return w.call(t, env)
}

func (w *Worker) delay(attempt int, err error) time.Duration {
	if d := job.Delay(err); d > 0 {
		return d
	}
	return w.backoff.Delay(attempt)
}

// call runs the handler.
func (w *Worker) call(t job.Type, env job.Envelope) error {
	if t.Handle == nil || env.Kind != t.Kind {
		return job.GiveUp(fmt.Errorf("no handler for jobs of kind %q in the queue %s", env.Kind, t.Queue))
	}
	return w.guard(env, func() error { return t.Handle(w.hard, env) })
}

// guard turns a panic into an error.
func (w *Worker) guard(env job.Envelope, do func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			w.log.Error("handler panicked", "job", env.Key, "panic", r, "stack", string(debug.Stack()))
			err = fmt.Errorf("handler panicked: %v", r)
		}
	}()
	return do()
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
