package probe

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"oalab/scenarios/history"
)

// Runner asks its probes until its context ends. Its methods are safe for
// concurrent use; Run is called once.
type Runner struct {
	base   time.Time
	sink   func(history.Sample) error
	log    *slog.Logger
	probes []Probe
	over   chan struct{} // closed when Run has returned

	mu      sync.Mutex // guards all below, and keeps calls of sink apart
	stats   map[string]*Stat
	waiters map[*waiter]struct{}
	broken  error // the first error of sink
}

// Stat is how one probe fared.
type Stat struct {
	Probe    string
	Asked    int
	Answered int
	Missed   int    // turns that passed while the last question was open
	Last     string // the last error, empty if there was none
}

// NewRunner returns a runner that dates samples from base and hands them to sink,
// one at a time. A nil log is silent.
func NewRunner(base time.Time, sink func(history.Sample) error, log *slog.Logger, probes ...Probe) (*Runner, error) {
	if sink == nil {
		return nil, errors.New("the samples of probes need somewhere to go")
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	r := &Runner{
		base: base, sink: sink, log: log, over: make(chan struct{}),
		stats: make(map[string]*Stat), waiters: make(map[*waiter]struct{}),
	}
	for _, p := range probes {
		if err := p.validate(); err != nil {
			return nil, err
		}
		if r.stats[p.Name] != nil {
			return nil, fmt.Errorf("two probes are called %s", p.Name)
		}
		r.stats[p.Name] = &Stat{Probe: p.Name}
		r.probes = append(r.probes, p.withDefaults())
	}
	return r, nil
}

// Run asks until ctx ends, which is no error. If a sink fails, Run ends at once with its
// error, because further samples could not be kept.
func (r *Runner) Run(ctx context.Context) error {
	defer close(r.over)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var all sync.WaitGroup
	for _, p := range r.probes {
		all.Go(func() {
			w := &watch{Runner: r, probe: p}
			w.loop(ctx, cancel)
		})
	}
	all.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.broken
}

// Stats tells how each probe fared so far, in the order they were given.
func (r *Runner) Stats() []Stat {
	r.mu.Lock()
	defer r.mu.Unlock()
	stats := make([]Stat, 0, len(r.probes))
	for _, p := range r.probes {
		stats = append(stats, *r.stats[p.Name])
	}
	return stats
}

// record keeps one observation. It returns false once the sink has failed.
func (r *Runner) record(p Probe, at time.Duration, missed int, readings []Reading, err error) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.stats[p.Name]
	s.Asked++
	s.Missed += missed
	if err == nil {
		s.Answered++
	} else {
		s.Last = err.Error()
	}
	for _, sample := range p.samples(at, readings, err) {
		if r.broken != nil {
			return false
		}
		if err := r.sink(sample); err != nil {
			r.broken = fmt.Errorf("keep a sample of probe %s: %w", p.Name, err)
			return false
		}
	}
	for w := range r.waiters {
		w.observe(p.Name, at, readings, err)
	}
	return true
}
