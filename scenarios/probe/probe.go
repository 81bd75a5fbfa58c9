// Package probe owns periodic observation during a run: every probe is asked at
// its own interval, on one clock, and each answer and each missing answer becomes
// a sample of the history (CHA-5).
package probe

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"oalab/scenarios/history"
)

// Reading is what one probe read of one series.
type Reading struct {
	Name  string
	Value float64
	// Err says that this series could not be read although the probe was
	// answered. A value that is no number counts as an error too.
	Err error
}

// Func observes once. It returns when ctx ends. An error means no answer at all;
// a panic counts as one.
type Func func(ctx context.Context) ([]Reading, error)

// Probe is one thing to observe.
type Probe struct {
	// Name is the Probe of its samples, such as server.metrics; unique in a Runner.
	Name string
	// Every is the interval at which it is asked; one that is still busy with the
	// last question misses its turn.
	Every time.Duration
	// Timeout bounds one question; 0 means Every, but at least 250 ms. A missing
	// answer is dated when it was asked for.
	Timeout time.Duration
	Read    Func
}

// leastTimeout is the smallest default timeout: on a busy machine a good answer
// may take longer than the interval.
const leastTimeout = 250 * time.Millisecond

func (p Probe) validate() error {
	switch {
	case p.Name == "":
		return errors.New("a probe needs a name")
	case p.Read == nil:
		return fmt.Errorf("probe %s has nothing to read", p.Name)
	case p.Every <= 0 || p.Timeout < 0:
		return fmt.Errorf("probe %s: interval %v and timeout %v; the interval must be positive, the timeout not negative", p.Name, p.Every, p.Timeout)
	}
	return nil
}

func (p Probe) withDefaults() Probe {
	if p.Timeout == 0 {
		p.Timeout = max(p.Every, leastTimeout)
	}
	return p
}

// samples are the lines of one question: one for all when there was no answer.
func (p Probe) samples(at time.Duration, readings []Reading, err error) []history.Sample {
	base := history.Sample{AtS: at.Seconds(), Probe: p.Name}
	if err != nil {
		base.Error = err.Error()
		return []history.Sample{base}
	}
	samples := make([]history.Sample, 0, len(readings))
	for _, r := range readings {
		s := base
		s.Name = r.Name
		if err := r.problem(); err != nil {
			s.Error = err.Error()
		} else {
			s.Value = r.Value
		}
		samples = append(samples, s)
	}
	return samples
}

func (r Reading) problem() error {
	if r.Err == nil && (math.IsNaN(r.Value) || math.IsInf(r.Value, 0)) {
		return fmt.Errorf("reads %v, which is no number", r.Value)
	}
	return r.Err
}
