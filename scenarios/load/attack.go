// Package load owns the generators. The open model offers arrivals by a schedule and does
// not wait for the system. In the closed model clients wait for their answers. The package
// has its own send loop, because vegeta's has either an unbounded number of workers or
// coordinated omission. Results have vegeta's type and encoding. The http.RoundTripper that
// carries an operation out decides what the operation is, its tries and its limits
// (PERF-5).
package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
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
	// at any number of workers. Required.
	Transport http.RoundTripper
	// URL is what requests are addressed to; "" leaves it to the transport.
	URL string
	// Method is the requests' method; "" means POST.
	Method string
	// Record takes the results as one gob stream, at the latest with the next Progress;
	// nil keeps none. A slow writer slows the generator rather than losing a result.
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

// Summary describes a finished load. The outcome of the operations is judged from their
// records, not from here.
type Summary struct {
	Base        time.Time     // moment from which due times count; zero: the load never began
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

// attack is one run of a load.
type attack struct {
	Common
	arrivals arrivals
	workers  int // started at once
	// limit ends the arrivals, counted from the start; 0: the arrivals end by themselves.
	limit time.Duration
	// lateBy says whether an operation started late; nil: there is no schedule.
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
	if c.Method == "" {
		c.Method = http.MethodPost
	}
	return nil
}

// run offers the arrivals until they end, the limit passes or ctx ends, waits for the
// operations in flight within their bound, and records every one of them.
func (a *attack) run(ctx context.Context) (Summary, error) {
	opsCtx, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	sender, err := newSender(opsCtx, &a.Common)
	if err != nil {
		return Summary{}, err
	}
	cpu := processCPU()
	base := time.Now()
	r := &recorder{attack: a, base: base}
	if a.Began != nil {
		a.Began(base)
	}
	results := crew(a.arrivals, sender, base, a.workers)

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

	interrupt, arrivalsEnd := ctx.Done(), a.arrivals.ended()
	failed := false
	giveUp := func() { // what cannot be recorded need not be offered
		if r.err != nil && !failed {
			failed = true
			interrupt, arrivalsEnd, limit = nil, nil, nil
			a.arrivals.halt()
			cutWithin(a.CutAfterInterrupt)
		}
	}
	for open := true; open; {
		select {
		case res, ok := <-results:
			// One goroutine, this one, owns every count.
			for open = ok; ok; res, ok = more(results) {
				r.take(res)
			}
			giveUp()
		case <-interrupt:
			interrupt, arrivalsEnd, limit = nil, nil, nil
			r.sum.Interrupted = true
			a.arrivals.halt()
			cutWithin(a.CutAfterInterrupt)
		case <-limit:
			limit, arrivalsEnd = nil, nil
			a.arrivals.halt()
			cutWithin(a.CutAfter)
		case <-arrivalsEnd:
			arrivalsEnd, limit = nil, nil
			cutWithin(a.CutAfter)
		case <-bound:
			bound = nil
			r.sum.Cut = true
			cut()
		case <-ticker.C:
			r.flush()
			giveUp()
			r.progress()
		}
	}
	r.flush()
	r.progress()
	r.sum.Base = base
	if c := processCPU(); c > 0 {
		r.sum.CPU = c - cpu
	}
	if r.err != nil {
		return r.sum, fmt.Errorf("record operations of %s: %w", a.Attack, r.err)
	}
	return r.sum, nil
}

// more takes a result that is there already.
func more(results <-chan *vegeta.Result) (*vegeta.Result, bool) {
	select {
	case res, ok := <-results:
		return res, ok
	default:
		return nil, false
	}
}
