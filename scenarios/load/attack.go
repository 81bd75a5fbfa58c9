// Package load owns the generators: the open model, which offers arrivals by a
// schedule whatever the system does, and the closed one, in which clients wait for
// their answers. Vegeta is pacer, sender and encoder in both, and nothing more:
// what an operation is, its tries and its limits, is the business of the
// http.RoundTripper that carries it out (PERF-5).
package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// Defaults of the bounds. DefaultCutAfter outlasts the three tries of an operation.
const (
	DefaultGrace             = time.Second
	DefaultCutAfter          = 20 * time.Second
	DefaultCutAfterInterrupt = 5 * time.Second
	DefaultProgressEvery     = time.Second
)

// defaultURL is what an operation is addressed to when the transport knows better:
// a name that can never be resolved.
const defaultURL = "http://operation.invalid/"

// Common is what both generators need.
type Common struct {
	// Attack names the attack and so the arm; every result carries it, and every
	// request in X-Vegeta-Attack beside its X-Vegeta-Seq. Required.
	Attack string
	// Transport carries out one operation a request and must return when the
	// request's context ends. How many connections it holds is its own affair: few,
	// whatever the number of workers. Required.
	Transport http.RoundTripper
	// URL is what requests are addressed to; "" leaves it to the transport.
	URL string
	// Record takes the results as one gob stream, as they come; nil keeps none. A
	// slow writer slows the generator rather than losing a result.
	Record io.Writer
	// Began is called once with the moment from which due times count, before the
	// first operation starts; it must be quick. Nil: not called.
	Began func(base time.Time)
	// Progress is called each ProgressEvery (0: DefaultProgressEvery) and once at
	// the end, always by the goroutine of Run; it must be quick. Nil: not called.
	Progress      func(Progress)
	ProgressEvery time.Duration
	// CutAfter is how long operations may stay in flight after the last arrival, and
	// CutAfterInterrupt after the context of Run has ended; then they are cut off,
	// and recorded as failed. 0 means the default.
	CutAfter          time.Duration
	CutAfterInterrupt time.Duration
}

// Progress is where a load stands. Its counts never fall.
type Progress struct {
	Elapsed   time.Duration // since Run began
	Due       int           // arrivals that should have started by now
	Started   int
	Ended     int
	Failed    int // of Ended: transport errors and status codes outside of 200–399
	Late      int // of Ended: started late, see pacing.LateAfterS
	InFlight  int
	Scheduled int // in the whole load; 0 when it has no count
}

// Summary is what a finished load was. What the operations mean is judged from
// their records, not from here.
type Summary struct {
	Base        time.Time     // moment from which due times count; zero: nothing was ever started
	Duration    time.Duration // from base to the end of the last operation
	Scheduled   int
	Started     int
	Dropped     int // scheduled and never started
	Late        int
	Failed      int
	Cut         bool          // operations were cut off because they outlived their bound
	Interrupted bool          // the context ended before the load did
	CPU         time.Duration // of this process during the load; 0 where the system does not tell
}

// attack is one run of vegeta. Its Attacker is made afresh, because one that has
// stopped never starts again.
type attack struct {
	Common
	workers int
	pacer   *pacer
	// limit ends the arrivals, counted from the start; 0: the pacer alone does.
	limit time.Duration
	// lateBy says how late an operation started; nil: there is no schedule.
	lateBy func(seq uint64, start time.Duration) bool
	each   func(*vegeta.Result) // nil: not called
}

func (c *Common) validate() error {
	switch {
	case c.Attack == "":
		return errors.New("load: the attack needs a name")
	case c.Transport == nil:
		return errors.New("load: a transport is needed that carries the operations")
	case c.CutAfter < 0 || c.CutAfterInterrupt < 0 || c.ProgressEvery < 0:
		return errors.New("load: a bound is negative")
	}
	orElse := func(d *time.Duration, fallback time.Duration) {
		if *d == 0 {
			*d = fallback
		}
	}
	orElse(&c.CutAfter, DefaultCutAfter)
	orElse(&c.CutAfterInterrupt, DefaultCutAfterInterrupt)
	orElse(&c.ProgressEvery, DefaultProgressEvery)
	if c.URL == "" {
		c.URL = defaultURL
	}
	return nil
}

// carrier gives operations the context by which they can be cut, and counts them.
type carrier struct {
	next    http.RoundTripper
	ctx     context.Context
	started atomic.Int64
}

func (c *carrier) RoundTrip(r *http.Request) (*http.Response, error) {
	c.started.Add(1)
	return c.next.RoundTrip(r.WithContext(c.ctx))
}

// run attacks until the pacer ends it, the limit passes or ctx ends, waits for the
// operations in flight within their bound, and records every one of them.
func (a *attack) run(ctx context.Context) (Summary, error) {
	opsCtx, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	var (
		ops      = &carrier{next: a.Transport, ctx: opsCtx}
		client   = &http.Client{Transport: ops}
		attacker = vegeta.NewAttacker(vegeta.Client(client), vegeta.Redirects(vegeta.NoFollow), vegeta.Timeout(0),
			vegeta.MaxBody(0), vegeta.Workers(uint64(a.workers)), vegeta.MaxWorkers(uint64(a.workers)))
		target = vegeta.NewStaticTargeter(vegeta.Target{Method: http.MethodPost, URL: a.URL})
		cpu    = processCPU()
		began  = time.Now()
		r      = &recorder{attack: a, ops: ops, began: began}
	)
	a.pacer.began = a.Began
	defer attacker.Stop()
	// One goroutine, this one, owns every count; vegeta's own end with the channel.
	results := attacker.Attack(target, a.pacer, 0, a.Attack)
	stop := func() {
		a.pacer.halt()
		attacker.Stop() // also frees a pacer that waits for a worker
	}

	var limit, bound <-chan time.Time
	if a.limit > 0 {
		t := time.NewTimer(a.limit)
		defer t.Stop()
		limit = t.C
	}
	boundTimer := time.NewTimer(time.Hour)
	boundTimer.Stop()
	defer boundTimer.Stop()
	cutWithin := func(d time.Duration) {
		boundTimer.Reset(d)
		bound = boundTimer.C
	}
	ticker := time.NewTicker(a.ProgressEvery)
	defer ticker.Stop()

	interrupt, arrivalsEnd := ctx.Done(), a.pacer.ended
	failed := false
	for open := true; open; {
		select {
		case res, ok := <-results:
			if open = ok; !ok {
				break
			}
			if err := r.take(res); err != nil && !failed {
				failed = true // what cannot be recorded need not be offered
				interrupt, arrivalsEnd, limit = nil, nil, nil
				stop()
				cutWithin(a.CutAfterInterrupt)
			}
		case <-interrupt:
			interrupt, arrivalsEnd, limit = nil, nil, nil
			r.sum.Interrupted = true
			stop()
			cutWithin(a.CutAfterInterrupt)
		case <-limit:
			limit, arrivalsEnd = nil, nil
			stop()
			cutWithin(a.CutAfter)
		case <-arrivalsEnd:
			arrivalsEnd, limit = nil, nil
			cutWithin(a.CutAfter)
		case <-bound:
			bound = nil
			r.sum.Cut = true
			cut()
		case <-ticker.C:
			r.progress()
		}
	}
	r.progress()
	r.sum.Base = a.pacer.base
	if c := processCPU(); c > 0 {
		r.sum.CPU = c - cpu
	}
	if r.err != nil {
		return r.sum, fmt.Errorf("record operations of %s: %w", a.Attack, r.err)
	}
	return r.sum, nil
}
